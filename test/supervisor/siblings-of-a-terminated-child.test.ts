import { expect, test } from 'vitest';
import { boom, gate } from '../helpers/servers.js';
import { alive, childOf, createFamily } from '../helpers/supervisor-fixture.js';
import { createWorld } from '../helpers/test-runtime.js';

test('siblings that went down with a child come back when that child, failing to restart, is terminated by hand', async () => {
  const world = createWorld();
  const { GenServer, Supervisor } = world;
  const family = createFamily(world);
  const worker = family.worker('a');
  const failing = gate();
  let starts = 0;
  const sup = await Supervisor.start({
    strategy: 'rest_for_one',
    children: [
      {
        ...worker,
        start() {
          starts += 1;
          return starts === 1 ? worker.start() : failing.opened.then(() => Promise.reject(boom));
        },
      },
      family.worker('b'),
    ],
  });
  GenServer.cast(childOf(world, sup, 'a'), 'boom');
  await world.settle();
  // The request is in the mailbox before the second attempt.
  const terminated = Supervisor.terminateChild(sup, 'a');
  failing.open();
  await terminated;
  await world.settle();
  expect(starts).toBe(2);
  expect(alive(world, sup)).toEqual(['b']);
});
