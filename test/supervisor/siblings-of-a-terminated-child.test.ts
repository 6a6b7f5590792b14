import { expect, test } from 'vitest';
import { boom, gate } from '../helpers/servers.js';
import { alive, childOf, createSupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

test('siblings that went down with a child come back when that child, failing to restart, is terminated by hand', async () => {
  const runtime = createTestRuntime();
  const { GenServer, Supervisor } = runtime;
  const fixture = createSupervisorFixture(runtime);
  const worker = fixture.worker('a');
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
      fixture.worker('b'),
    ],
  });
  GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
  await runtime.settle();
  // The request is in the mailbox before the second attempt.
  const terminated = Supervisor.terminateChild(sup, 'a');
  failing.open();
  await terminated;
  await runtime.settle();
  expect(starts).toBe(2);
  expect(alive(runtime, sup)).toEqual(['b']);
});
