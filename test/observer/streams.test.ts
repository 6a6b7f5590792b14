import { beforeEach, describe, expect, test } from 'vitest';
import type { StatsUpdate } from '../../src/observer/observer.js';
import type { ProcessRef } from '../../src/process/process-refs.js';
import type { MessageTraced, RuntimeEvent } from '../../streams/events.js';
import type { ObserverSnapshot } from '../../streams/snapshot.js';
import { boom, counter, gate } from '../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

describe('the streams of the Observer:', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  describe('events$', () => {
    test('has every fact in order, without gaps, from the moment of subscription', async () => {
      const { GenServer, Observer } = runtime;
      await GenServer.start(counter);
      const late: RuntimeEvent[] = [];
      const subscription = Observer.events$.subscribe((event) => late.push(event));
      const ref = await GenServer.start(counter, { name: 'n' });
      await GenServer.call(ref, 'get');
      await GenServer.stop(ref);
      subscription.unsubscribe();
      await GenServer.start(counter);
      expect(late.map(({ type }) => type)).toEqual([
        'process_spawned',
        'name_registered',
        'process_started',
        'process_stopping',
        'messages_handled',
        'name_unregistered',
        'process_exited',
      ]);
      expect(runtime.events.map(({ seq }) => seq)).toEqual(runtime.events.map((_event, index) => index + 1));
      expect(late).toEqual(runtime.events.slice(2, 9));
    });

    test('has plain data only', async () => {
      const { GenServer } = runtime;
      const ref = await GenServer.start(counter);
      GenServer.cast(ref, 'boom');
      await runtime.settle();
      expect(structuredClone(runtime.events)).toEqual(runtime.events);
      expect(JSON.parse(JSON.stringify(runtime.events))).toEqual(runtime.events);
    });
  });

  describe('snapshot$', () => {
    test('has the newest at once, also for one who comes late, then each newer', async () => {
      const { GenServer, Observer } = runtime;
      const first: ObserverSnapshot[] = [];
      const second: ObserverSnapshot[] = [];
      Observer.snapshot$.subscribe((snapshot) => first.push(snapshot));
      expect(first).toMatchObject([{ processCount: 0 }]);
      const ref = await GenServer.start(counter);
      Observer.snapshot$.subscribe((snapshot) => second.push(snapshot));
      expect(second).toMatchObject([{ processCount: 1 }]);
      GenServer.cast(ref, 'inc');
      await runtime.settle();
      expect(second.at(-1)).toMatchObject({ totalMessages: 1 });
      expect(second.at(-1)).toBe(first.at(-1));
      const versions = first.map(({ version }) => version);
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    });

    test('has one for all that happens in a turn', async () => {
      const { GenServer, Observer } = runtime;
      const ref = await GenServer.start(counter);
      await runtime.settle();
      const seen: ObserverSnapshot[] = [];
      Observer.snapshot$.subscribe((snapshot) => seen.push(snapshot));
      for (let i = 0; i < 20; i += 1) GenServer.cast(ref, 'inc');
      await runtime.settle();
      expect(seen.map(({ totalMessages }) => totalMessages)).toEqual([0, 20]);
    });

    test('says nothing while nothing happens', async () => {
      const { GenServer, Observer } = runtime;
      await GenServer.start(counter);
      let seen = 0;
      Observer.snapshot$.subscribe(() => {
        seen += 1;
      });
      await runtime.advance(10_000);
      expect(seen).toBe(1);
    });

    test('keeps the rows that did not change', async () => {
      const { GenServer, Observer } = runtime;
      const [idle, busy] = [await GenServer.start(counter), await GenServer.start(counter)];
      const seen: ObserverSnapshot[] = [];
      Observer.snapshot$.subscribe((snapshot) => seen.push(snapshot));
      await GenServer.call(busy, 'get');
      await runtime.settle();
      const rows = seen.map(({ servers }) => servers.find(({ id }) => id === idle.id));
      expect(new Set(rows).size).toBe(1);
      expect(seen.length).toBeGreaterThan(1);
    });

    test('shows newest last, also when a listener makes something happen', async () => {
      const { GenServer, Observer } = runtime;
      const counts: number[][] = [[], []];
      let reacted = false;
      Observer.snapshot$.subscribe(({ processCount }) => {
        counts[0]?.push(processCount);
        if (processCount === 0 || reacted) return;
        reacted = true;
        void GenServer.start(counter);
        Observer.getSnapshot();
      });
      Observer.snapshot$.subscribe(({ processCount }) => counts[1]?.push(processCount));
      await GenServer.start(counter);
      await runtime.settle();
      for (const seen of counts) {
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        expect(seen.at(-1)).toBe(2);
      }
    });
  });

  describe('startPolling', () => {
    test('calls its handler before it returns and then every interval, until stopped', async () => {
      const { GenServer, Observer, clock } = runtime;
      await GenServer.start(counter);
      const updates: [number, StatsUpdate][] = [];
      const begun = clock.monotonic();
      const stop = Observer.startPolling(500, (update) => updates.push([clock.monotonic() - begun, update]));
      expect(updates).toHaveLength(1);
      await GenServer.start(counter);
      await runtime.advance(1000);
      expect(updates.map(([at, { type, servers }]) => [at, type, servers.length])).toEqual([
        [0, 'stats_update', 1],
        [500, 'stats_update', 2],
        [1000, 'stats_update', 2],
      ]);
      stop();
      stop();
      await runtime.advance(1000);
      expect(updates).toHaveLength(3);
      expect(clock.pending).toBe(0);
    });

    test('goes on when its handler throws, and affects no other subscriber', async () => {
      const { Observer, clock, errors } = runtime;
      let heard = 0;
      Observer.startPolling(100, () => {
        throw boom;
      });
      Observer.startPolling(100, () => {
        heard += 1;
      });
      clock.advance(200);
      expect(heard).toBe(3);
      expect(errors).toEqual([boom, boom, boom]);
    });

    test('gives each caller an interval of its own', () => {
      const { Observer, clock } = runtime;
      const heard = { slow: 0, fast: 0 };
      Observer.startPolling(300, () => {
        heard.slow += 1;
      });
      Observer.startPolling(100, () => {
        heard.fast += 1;
      });
      clock.advance(600);
      expect(heard).toEqual({ slow: 3, fast: 7 });
    });

    test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('takes no interval of %s', (ms) => {
      expect(() => runtime.Observer.startPolling(ms, () => {})).toThrow(
        expect.objectContaining({ name: 'InvalidArgumentError', field: 'ms' }),
      );
    });
  });

  describe('trace$', () => {
    const traced = (): Promise<{ ref: ProcessRef; seen: MessageTraced[]; stop(): void; ended(): boolean }> =>
      runtime.GenServer.start(counter).then((ref) => {
        const seen: MessageTraced[] = [];
        let ended = false;
        const subscription = runtime.Observer.trace$(ref).subscribe({
          next: (event) => seen.push(event),
          complete: () => {
            ended = true;
          },
        });
        return { ref, seen, stop: () => subscription.unsubscribe(), ended: () => ended };
      });

    test('has one event per message, with its kind, its type and what became of it, and ends with the process', async () => {
      const { GenServer } = runtime;
      const { ref, seen, ended } = await traced();
      GenServer.cast(ref, 'inc');
      GenServer.info(ref, { type: 'tick', secret: 'no' });
      await GenServer.call(ref, 'get');
      expect(ended()).toBe(false);
      GenServer.cast(ref, 'boom');
      await runtime.settle();
      expect(seen.map(({ id, kind, messageType, outcome }) => [id, kind, messageType, outcome])).toEqual([
        [ref.id, 'cast', 'string', 'ok'],
        [ref.id, 'info', 'tick', 'ok'],
        [ref.id, 'call', 'string', 'ok'],
        [ref.id, 'cast', 'string', 'crashed'],
      ]);
      expect(ended()).toBe(true);
    });

    test('measures how long a message waited and how long its handler took, what that awaited included', async () => {
      const { GenServer, Observer } = runtime;
      const doors = [gate(), gate()];
      const ref = await GenServer.start<number, never, 'next', never>({
        init: () => 0,
        handleCall: () => {
          throw boom;
        },
        handleCast: (_next, index) => (doors[index]?.opened ?? Promise.resolve()).then(() => index + 1),
      });
      const seen: MessageTraced[] = [];
      Observer.trace$(ref).subscribe((event) => seen.push(event));
      GenServer.cast(ref, 'next');
      await runtime.advance(30);
      GenServer.cast(ref, 'next');
      await runtime.advance(70);
      doors[0]?.open();
      await runtime.advance(5);
      doors[1]?.open();
      await runtime.settle();
      expect(seen).toMatchObject([
        { waitMs: 0, handleMs: 100 },
        { waitMs: 70, handleMs: 5 },
      ]);
    });

    test('counts the wait of messages that came before it from its beginning', async () => {
      const { GenServer, Observer } = runtime;
      const door = gate();
      const ref = await GenServer.start({
        ...counter,
        handleCast: (_message, count) => door.opened.then(() => count + 1),
      });
      GenServer.cast(ref, 'inc');
      GenServer.cast(ref, 'inc');
      await runtime.advance(1000);
      const seen: MessageTraced[] = [];
      Observer.trace$(ref).subscribe((event) => seen.push(event));
      await runtime.advance(20);
      door.open();
      await runtime.settle();
      expect(seen).toMatchObject([{ waitMs: 20, handleMs: 0 }]);
    });

    test('costs no event without a subscriber, and goes on while there is one', async () => {
      const { GenServer, Observer } = runtime;
      const { ref, seen, stop } = await traced();
      const second: MessageTraced[] = [];
      const other = Observer.trace$(ref).subscribe((event) => second.push(event));
      await GenServer.call(ref, 'get');
      stop();
      await GenServer.call(ref, 'get');
      other.unsubscribe();
      await GenServer.call(ref, 'get');
      await runtime.settle();
      expect([seen.length, second.length, runtime.eventsOf('message').length]).toEqual([1, 2, 2]);
    });

    test('of one that does not run is an error', async () => {
      const errors: unknown[] = [];
      runtime.Observer.trace$('p99').subscribe({ error: (error) => errors.push(error) });
      expect(errors).toMatchObject([{ name: 'ServerNotRunningError', processId: 'p99' }]);
    });

    test('changes neither the order of messages nor the snapshot', async () => {
      const { GenServer, Observer } = runtime;
      const { ref } = await traced();
      for (let i = 0; i < 10; i += 1) GenServer.cast(ref, 'inc');
      expect(await GenServer.call(ref, 'get')).toBe(10);
      expect(Observer.getSnapshot().totalMessages).toBe(11);
    });

    test('hurts neither process nor runtime with a message that throws when it is looked at', async () => {
      const { GenServer } = runtime;
      const { ref, seen } = await traced();
      GenServer.info(ref, {
        get type(): string {
          throw boom;
        },
      });
      expect(await GenServer.call(ref, 'get')).toBe(0);
      expect(seen).toHaveLength(2);
    });
  });
});
