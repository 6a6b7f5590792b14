import { afterEach, expect, test, vi } from 'vitest';
import { SimulatedClock } from '../../src/clock.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import { counter, never } from '../helpers/servers.js';

afterEach(() => {
  vi.useRealTimers();
});

test('a runtime keeps working while a test fakes the timers of the platform, and afterwards', async () => {
  const { GenServer, Observer, shutdown } = createRuntime();
  const ref = await GenServer.start(counter);
  vi.useFakeTimers({ toFake: [...FAKED] });
  GenServer.cast(ref, 'inc');
  expect(await GenServer.call(ref, 'get')).toBe(1);
  vi.useRealTimers();
  for (let i = 0; i < 1000; i += 1) GenServer.cast(ref, 'inc');
  expect(await GenServer.call(ref, 'get')).toBe(1001);
  expect(Observer.getServerStats()).toMatchObject([{ messageCount: 1003 }]);
  await shutdown();
});

test('the time-out of a call passes in real time while the timers of the platform are faked', async () => {
  vi.useFakeTimers({ toFake: [...FAKED] });
  const { GenServer, shutdown } = createRuntime();
  const ref = await GenServer.start({ ...counter, handleCall: () => never });
  await expect(GenServer.call(ref, 'get', { timeout: 5 })).rejects.toMatchObject({ name: 'CallTimeoutError' });
  GenServer.kill(ref);
  await shutdown();
});

test('a runtime on a simulated clock has fake time: nothing passes until the test says so', async () => {
  const clock = new SimulatedClock();
  const { GenServer } = createRuntime({ clock });
  const ref = await GenServer.start(counter);
  GenServer.sendAfter(ref, 'inc', 60_000);
  clock.advance(59_999);
  expect(await GenServer.call(ref, 'get')).toBe(0);
  clock.advance(1);
  expect(await GenServer.call(ref, 'get')).toBe(1);
});

const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'performance',
  'Date',
  'queueMicrotask',
] as const;
