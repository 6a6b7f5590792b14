import { expect, test } from 'vitest';
import { counter, never } from '../helpers/servers.js';
import { createWorld } from '../helpers/test-runtime.js';

test('a process that hangs is stopped all the same: it is killed after five seconds', async () => {
  const world = createWorld();
  const { GenServer, Observer } = world;
  const ref = await GenServer.start({ ...counter, handleCast: () => never });
  GenServer.cast(ref, 'inc');
  let result: unknown;
  void Observer.stopProcess(ref.id).then((stopped) => {
    result = stopped;
  });
  await world.pass(4999);
  expect(result).toBeUndefined();
  await world.pass(1);
  expect(result).toEqual({ success: true });
  expect(world.told('process_exited')).toMatchObject([{ id: ref.id, reason: 'killed' }]);
  expect(world.clock.pending).toBe(0);
});
