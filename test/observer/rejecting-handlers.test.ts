import { expect, test } from 'vitest';
import { counter } from '../helpers/servers.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

test('an async handler of the observer that rejects is reported, and ends no process', async () => {
  const runtime = createTestRuntime();
  const { GenServer, Observer } = runtime;
  const late = new Error('too late to be thrown');
  const reject = (): unknown => Promise.reject(late);
  Observer.subscribe(reject);
  GenServer.onLifecycleEvent(reject);
  const stop = Observer.startPolling(1000, reject);
  await GenServer.start(counter);
  await runtime.advance(10);
  stop();
  expect(runtime.errors).toEqual([late, late, late]);
});
