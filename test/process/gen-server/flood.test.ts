import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { createRuntime } from '../../../src/runtime/runtime.js';
import { counter, gate } from '../../helpers/servers.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

describe('a server flooded by itself', () => {
  /** Sends itself a message per message until it is asked to end. */
  const flood = (GenServer: ReturnType<typeof createTestRuntime>['GenServer'], handle: () => void | Promise<void>) => {
    const handled = { count: 0, ended: false };
    const started = GenServer.start<null, never, 'again', never>({
      init(self) {
        GenServer.cast(self, 'again');
        GenServer.cast(self, 'again');
        return null;
      },
      handleCall: () => {
        throw new Error('not called');
      },
      handleCast() {
        handled.count += 1;
        if (!handled.ended) started.then((ref) => GenServer.cast(ref, 'again')).catch(() => {});
        const result = handle();
        return result === undefined ? null : result.then(() => null);
      },
    });
    return { handled, started };
  };

  test.each([
    ['sync', () => {}],
    ['async', () => Promise.resolve()],
  ])('with %s handlers lets timers fire', async (_how, handle) => {
    const { GenServer, shutdown } = createRuntime();
    const { handled, started } = flood(GenServer, handle);
    await started;
    const fired = gate();
    systemClock.setTimeout(() => fired.open(), 1);
    await fired.opened;
    expect(handled.count).toBeGreaterThan(0);
    handled.ended = true;
    await shutdown();
  });

  test('lets another process handle its messages', async () => {
    const { GenServer } = createTestRuntime();
    const { handled, started } = flood(GenServer, () => {});
    const other = await GenServer.start(counter);
    for (let i = 0; i < 100; i += 1) GenServer.cast(other, 'inc');
    expect(await GenServer.call(other, 'get')).toBe(100);
    handled.ended = true;
    await GenServer.stop(await started);
  });
});

describe('a hundred thousand messages', () => {
  const burst = async (count: number) => {
    const runtime = createTestRuntime();
    const ref = await runtime.GenServer.start(counter);
    await runtime.settle();
    const before = runtime.events.length;
    for (let i = 0; i < count; i += 1) runtime.GenServer.cast(ref, 'inc');
    const total = await runtime.GenServer.call(ref, 'get');
    await runtime.settle();
    return { total, events: runtime.events.slice(before) };
  };

  test('are all handled, and cost an event per turn of the event loop that they took, not one each', async () => {
    const { total, events } = await burst(100_000);
    expect(total).toBe(100_000);
    const handled = events.reduce(
      (sum, event) => sum + (event.type === 'messages_handled' ? event.calls + event.casts : 0),
      0,
    );
    expect(handled).toBe(100_001);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['messages_handled']));
    // A portion of 64 messages is the least that a turn may do.
    expect(events.length).toBeLessThan(100_001 / 64);
  });

  test('cost exactly one event where one turn is enough for all', async () => {
    const { events } = await burst(10);
    expect(events).toMatchObject([{ calls: 1, casts: 10, infos: 0, queueSize: 0 }]);
  });
});
