import { expect, test } from 'vitest';
import { counter, never } from '../helpers/servers.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

test('a process that hangs is stopped all the same: it is killed after five seconds', async () => {
  const runtime = createTestRuntime();
  const { GenServer, Observer } = runtime;
  const ref = await GenServer.start({ ...counter, handleCast: () => never });
  GenServer.cast(ref, 'inc');
  let result: unknown;
  void Observer.stopProcess(ref.id).then((stopped) => {
    result = stopped;
  });
  await runtime.advance(4999);
  expect(result).toBeUndefined();
  await runtime.advance(1);
  expect(result).toEqual({ success: true });
  expect(runtime.eventsOf('process_exited')).toMatchObject([{ id: ref.id, reason: 'killed' }]);
  expect(runtime.clock.pending).toBe(0);
});
