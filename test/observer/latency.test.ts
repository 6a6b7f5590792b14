import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/clock.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import { latencyOf } from '../../streams/latency.js';
import { turn } from '../helpers/event-loop.js';
import { boom, counter, gate } from '../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

let runtime: TestRuntime = createTestRuntime();

beforeEach(() => {
  runtime = createTestRuntime();
});

/** Works for as many ms as it is asked to; `slow` only comes back then, `held` holds the event loop meanwhile. */
const worker = (name?: string) => {
  const { GenServer, clock } = runtime;
  const wait = (ms: number): Promise<null> => new Promise((resolve) => clock.setTimeout(() => resolve(null), ms));
  return GenServer.start<null, { type: 'held'; ms: number }, { type: 'held' | 'slow'; ms: number }, null>(
    {
      init: () => null,
      handleCall({ ms }) {
        clock.advance(ms);
        return [null, null];
      },
      handleCast({ type, ms }) {
        if (type === 'slow') return wait(ms);
        clock.advance(ms);
        return null;
      },
    },
    name === undefined ? {} : { name },
  );
};

describe('latency', () => {
  const rowOf = (ref: { id: string }) => runtime.Observer.getServerStats().find(({ id }) => id === ref.id);

  test('is absent of a process that has handled nothing, also from its JSON', async () => {
    const ref = await runtime.GenServer.start(counter);
    expect(rowOf(ref)?.latency).toBeUndefined();
    expect(Object.keys(JSON.parse(JSON.stringify(rowOf(ref))))).not.toContain('latency');
    expect(latencyOf(runtime.Observer.getSnapshot())).toBeUndefined();
  });

  test('is the time in the mailbox and the time in the handler, what that awaited included, in ms', async () => {
    const { GenServer } = runtime;
    const ref = await worker();
    GenServer.cast(ref, { type: 'slow', ms: 8 });
    GenServer.cast(ref, { type: 'slow', ms: 8 });
    await runtime.advance(8);
    await runtime.advance(8);
    expect(rowOf(ref)?.latency).toEqual({
      windowMs: 60_000,
      wait: { p50: 0, p99: 8, max: 8 },
      // The middle of the bucket of 8 ms.
      handle: { p50: 7.9355, p99: 8, max: 8 },
    });
  });

  test('is measured of calls, casts and infos that are handled, and not of a request to stop', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    GenServer.cast(ref, 'inc');
    GenServer.info(ref, 'info');
    await GenServer.call(ref, 'get');
    await GenServer.stop(ref);
    const samples = runtime.eventsOf('messages_handled').flatMap((event) => event.samples ?? []);
    expect(samples).toHaveLength(9);
  });

  test('stands in the row as JSON, and in the same row is the same object', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    await GenServer.call(ref, 'get');
    const row = rowOf(ref);
    expect(row?.latency).toBe(row?.latency);
    expect(JSON.parse(JSON.stringify(row))).toMatchObject({ latency: { wait: { p50: 0 }, handle: { max: 0 } } });
  });

  test('of a snapshot stays as it was, whatever is handled later', async () => {
    const { GenServer } = runtime;
    const ref = await worker();
    await GenServer.call(ref, { type: 'held', ms: 1 });
    const before = rowOf(ref);
    await GenServer.call(ref, { type: 'held', ms: 40 });
    expect(before?.latency?.handle.max).toBe(1);
    expect(rowOf(ref)?.latency?.handle.max).toBe(40);
  });

  test('of a node is that of all its messages, wherever they were handled', async () => {
    const { GenServer, Observer } = runtime;
    const [often, once] = [await worker(), await worker()];
    for (let i = 0; i < 9; i += 1) await GenServer.call(often, { type: 'held', ms: 0 });
    await GenServer.call(once, { type: 'held', ms: 10 });
    expect(latencyOf(Observer.getSnapshot())?.handle).toMatchObject({ p50: 0, max: 10 });
  });

  test('of a flood is estimated, and counts stay exact', async () => {
    const { GenServer, Observer } = runtime;
    const ref = await GenServer.start(counter);
    for (let i = 0; i < 50_000; i += 1) GenServer.cast(ref, 'inc');
    await GenServer.call(ref, 'get');
    expect(Observer.getSnapshot().totalMessages).toBe(50_001);
    const samples = runtime.eventsOf('messages_handled').flatMap((event) => event.samples ?? []);
    expect(samples.length).toBeLessThan((3 * 50_000) / 64);
    const weights = samples.filter((_value, at) => at % 3 === 2).reduce((sum, weight) => sum + weight, 0);
    expect(Math.abs(weights - 50_000)).toBeLessThan(1000);
  });
});

describe('a handler that holds the event loop', () => {
  test('for fifty ms is reported, with its name and what it was handling, and counted', async () => {
    const { GenServer, Observer } = runtime;
    const ref = await worker('hog');
    await GenServer.call(ref, { type: 'held', ms: 49 });
    expect(runtime.eventsOf('loop_blocked')).toEqual([]);
    expect(Observer.getServerStats()[0]).not.toHaveProperty('loopBlocks');
    await GenServer.call(ref, { type: 'held', ms: 50 });
    GenServer.cast(ref, { type: 'held', ms: 80 });
    await runtime.settle();
    expect(runtime.eventsOf('loop_blocked')).toMatchObject([
      { id: ref.id, name: 'hog', messageType: 'held', ms: 50 },
      { id: ref.id, name: 'hog', messageType: 'held', ms: 80 },
    ]);
    expect(Observer.getServerStats()).toMatchObject([{ loopBlocks: 2 }]);
  });

  test('is reported before the crash when it crashes, too', async () => {
    const { GenServer, clock } = runtime;
    const ref = await GenServer.start({
      ...counter,
      handleCast() {
        clock.advance(60);
        throw boom;
      },
    });
    GenServer.cast(ref, 'inc');
    await runtime.settle();
    expect(runtime.eventsOf('loop_blocked')).toMatchObject([{ id: ref.id, messageType: 'string', ms: 60 }]);
    expect(runtime.events.map(({ type }) => type).filter((type) => /blocked|crashed/.test(type))).toEqual([
      'loop_blocked',
      'process_crashed',
    ]);
  });

  test('is another one than a handler that waits', async () => {
    const { GenServer } = runtime;
    const ref = await worker();
    GenServer.cast(ref, { type: 'slow', ms: 1000 });
    await runtime.advance(1000);
    expect(runtime.eventsOf('loop_blocked')).toEqual([]);
  });

  test('may be given more time by the runtime', async () => {
    const clock = new SimulatedClock();
    const { GenServer, Observer } = createRuntime({ clock, loopBlockedMs: 100 });
    const ref = await GenServer.start({
      ...counter,
      handleCall(_message, ms: number) {
        clock.advance(ms);
        return [ms, ms + 1];
      },
      init: () => 99,
    });
    await GenServer.call(ref, 'get');
    expect(Observer.getServerStats()[0]?.loopBlocks).toBeUndefined();
    await GenServer.call(ref, 'get');
    expect(Observer.getServerStats()[0]?.loopBlocks).toBe(1);
  });

  test('in a flood is reported, with the process', async () => {
    // The machine's own clock: how long a portion of many messages took shows only there.
    const { GenServer, Observer } = createRuntime({ loopBlockedMs: 5 });
    const blocked: unknown[] = [];
    Observer.events$.subscribe((event) => event.type === 'loop_blocked' && blocked.push(event));
    const ref = await GenServer.start({
      ...counter,
      handleCast(_message, count) {
        const begun = performance.now();
        while (count === 1000 && performance.now() - begun < 20);
        return count + 1;
      },
    });
    for (let i = 0; i < 2000; i += 1) GenServer.cast(ref, 'inc');
    await GenServer.call(ref, 'get');
    await turn();
    expect(blocked).toContainEqual(expect.objectContaining({ id: ref.id }));
  });
});

describe('a runtime without a reader', () => {
  const handled = () => runtime.eventsOf('messages_handled').length;

  test('flushes at the end of the turn, and then not again within the interval', async () => {
    const { GenServer, clock } = runtime;
    const ref = await GenServer.start(counter);
    await turn();
    clock.advance(100);
    GenServer.cast(ref, 'inc');
    await turn();
    expect(handled()).toBe(1);
    GenServer.cast(ref, 'inc');
    await turn();
    GenServer.cast(ref, 'inc');
    await turn();
    expect(handled()).toBe(1);
    clock.advance(49);
    expect(handled()).toBe(1);
    clock.advance(1);
    expect(handled()).toBe(2);
    expect(runtime.eventsOf('messages_handled').at(-1)).toMatchObject({ casts: 2 });
    await turn();
    expect(clock.pending).toBe(0);
  });

  test('gets starts and ends at once all the same', async () => {
    const { GenServer } = runtime;
    for (let i = 0; i < 3; i += 1) {
      const ref = await GenServer.start(counter);
      await turn();
      expect(runtime.events.at(-1)).toMatchObject({ type: 'process_started', id: ref.id });
      await GenServer.stop(ref);
      expect(runtime.events.at(-1)).toMatchObject({ type: 'process_exited', id: ref.id });
    }
  });

  test('gives calls that are not answered their time-outs as ever', async () => {
    const { GenServer, clock } = runtime;
    const door = gate();
    const ref = await GenServer.start({ ...counter, handleCall: (_message, n) => door.opened.then(() => [n, n]) });
    await turn();
    const timedOut = expect(GenServer.call(ref, 'get', { timeout: 10 })).rejects.toMatchObject({
      name: 'CallTimeoutError',
    });
    await turn();
    clock.advance(10);
    await timedOut;
  });

  test('may have another interval', async () => {
    const clock = new SimulatedClock();
    const { GenServer, Observer } = createRuntime({ clock, flushIntervalMs: 500 });
    let reported = 0;
    Observer.events$.subscribe(({ type }) => {
      if (type === 'messages_handled') reported += 1;
    });
    const ref = await GenServer.start(counter);
    await turn();
    GenServer.cast(ref, 'inc');
    await turn();
    clock.advance(499);
    expect(reported).toBe(0);
    clock.advance(1);
    expect(reported).toBe(1);
    expect(Observer.getSnapshot().vitals).toMatchObject({ flushIntervalMs: 500 });
  });
});

describe('what observing costs', () => {
  test('is part of the vitals of the node', async () => {
    const { GenServer, Observer, clock } = runtime;
    expect(Observer.cost()).toEqual({ msPerSecond: 0, eventsPerSecond: 0, bytesPerSecond: 0 });
    // A slow subscriber.
    Observer.snapshot$.subscribe(() => clock.advance(10));
    const ref = await GenServer.start(counter);
    await GenServer.call(ref, 'get');
    await runtime.advance(2000);
    expect(Observer.cost().msPerSecond).toBeGreaterThan(0);
    expect(Observer.cost().eventsPerSecond).toBeGreaterThan(1);
    const { vitals } = Observer.getSnapshot();
    expect(vitals?.observer).toEqual(Observer.cost());
    // Ten ms of a flush are the budget of half a second.
    expect(vitals).toMatchObject({ flushIntervalMs: 500, cpu: expect.any(Number), uptimeMs: expect.any(Number) });
    expect(JSON.parse(JSON.stringify(vitals))).toEqual(vitals);
  });

  test('makes flushes rarer when it is more than its budget, and the vitals say so', async () => {
    const clock = new SimulatedClock();
    const { GenServer, Observer } = createRuntime({ clock, budget: 0.01 });
    const ref = await GenServer.start(counter);
    Observer.snapshot$.subscribe(() => clock.advance(5));
    for (let i = 0; i < 300; i += 1) {
      GenServer.cast(ref, 'inc');
      await turn();
      clock.advance(25);
    }
    expect(Observer.getSnapshot().vitals?.flushIntervalMs).toBeGreaterThanOrEqual(400);
  });
});

describe('createRuntime', () => {
  test.each([
    ['flushIntervalMs', 0],
    ['flushIntervalMs', Number.POSITIVE_INFINITY],
    ['budget', -1],
    ['budget', Number.NaN],
    ['loopBlockedMs', 0],
  ])('takes no %s of %s', (field, value) => {
    expect(() => createRuntime({ [field]: value })).toThrow(
      expect.objectContaining({ name: 'InvalidArgumentError', field }),
    );
  });

  test('without observer measures no message', async () => {
    const clock = new (class extends SimulatedClock {
      looks = 0;
      override monotonic(): number {
        this.looks += 1;
        return super.monotonic();
      }
    })();
    const { GenServer } = createRuntime({ clock, observer: false });
    const ref = await GenServer.start(counter);
    await turn();
    const before = clock.looks;
    for (let i = 0; i < 1000; i += 1) GenServer.cast(ref, 'inc');
    await GenServer.call(ref, 'get', { timeout: Number.POSITIVE_INFINITY });
    expect(clock.looks - before).toBeLessThan(10);
  });
});
