import { beforeEach, describe, expect, test } from 'vitest';
import { latencyOf } from '../../streams/latency.js';
import { topOf } from '../../streams/top-n.js';
import { turn } from '../helpers/event-loop.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

let runtime: TestRuntime = createTestRuntime();

beforeEach(() => {
  runtime = createTestRuntime();
});

/** Blocks the event loop for as many ms as each message says. */
const worker = () =>
  runtime.GenServer.start<null, number, number, null>({
    init: () => null,
    handleCall(ms) {
      runtime.clock.advance(ms);
      return [null, null];
    },
    handleCast: () => null,
  });

describe('latency of the last minute', () => {
  const row = () => runtime.Observer.getServerStats()[0];

  test('has nothing left of a slow start after 75 s of fast messages', async () => {
    const { GenServer, Observer, clock } = runtime;
    const ref = await worker();
    for (let i = 0; i < 10; i += 1) await GenServer.call(ref, 30);
    expect(row()?.latency?.handle).toMatchObject({ max: 30 });
    for (let second = 0; second < 75; second += 1) {
      await GenServer.call(ref, 0);
      await turn();
      clock.advance(1000);
    }
    expect(row()?.latency).toMatchObject({ windowMs: 60_000, handle: { p50: 0, p99: 0, max: 0 } });
    expect(latencyOf(Observer.getSnapshot())).toEqual(row()?.latency);
  });

  test('shows twenty slow messages in p99 at once, however many fast ones there were', async () => {
    const { GenServer, clock } = runtime;
    const ref = await worker();
    for (let minute = 0; minute < 10; minute += 1) {
      for (let i = 0; i < 500; i += 1) await GenServer.call(ref, 0);
      await turn();
      clock.advance(60_000);
    }
    for (let i = 0; i < 20; i += 1) await GenServer.call(ref, 40);
    expect(row()?.latency?.handle.p99).toBe(40);
  });

  test('ends without an event and without a new version', async () => {
    const { GenServer, Observer, clock } = runtime;
    const ref = await worker();
    await GenServer.call(ref, 30);
    const { version, servers } = Observer.getSnapshot();
    const events = runtime.events.length;
    clock.advance(70_000);
    const later = Observer.getSnapshot();
    expect(later.servers[0]?.latency).toBeUndefined();
    expect(JSON.parse(JSON.stringify(later.servers[0]))).not.toHaveProperty('latency');
    expect(latencyOf(later)).toBeUndefined();
    expect(topOf(later, 1, 'handle_p99')).toEqual([]);
    expect(later.servers[0]).toBe(servers[0]);
    expect(later.version).toBe(version);
    expect(runtime.events).toHaveLength(events);
  });
});
