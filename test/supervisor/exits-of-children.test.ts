import { expect, test } from 'vitest';
import { createFamily } from '../helpers/supervisor-fixture.js';
import { createWorld } from '../helpers/test-runtime.js';

test('the exits of its own children are no unhandled messages of a supervisor that stops', async () => {
  const world = createWorld();
  const family = createFamily(world);
  const sup = await world.Supervisor.start({ children: [family.worker('a'), family.worker('b')] });
  await world.Supervisor.stop(sup);
  expect(world.told('process_exited').map(({ unhandled }) => unhandled)).toEqual([0, 0, 0]);
});
