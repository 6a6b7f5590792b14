import { skip } from 'rxjs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import type { GenServerRef } from '../../src/process/process-refs.js';
import { emptyModel, evolve } from '../../streams/node-model.js';
import { turn, until } from '../helpers/event-loop.js';
import { rowsOf, serverAsData } from '../helpers/events.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

/** Those of a burst, and those before them. */
const BURST = 1200;

describe('when 1,200 processes have counts to flush, the Observer', () => {
  let runtime: TestRuntime = createTestRuntime();
  /** The messages counted in each snapshot, and how many events had been emitted by then. */
  let shown: (readonly [messages: number, facts: number])[] = [];
  /** Has each of them handle a message, of which none has been flushed yet. */
  let burst = async (): Promise<void> => {};
  const facts = (): number => runtime.eventsOf('messages_handled').length - 1;

  beforeEach(async () => {
    runtime = createTestRuntime();
    const { GenServer, Observer } = runtime;
    let handled = 0;
    const counting: GenServerBehavior<number, never, 'inc', never> = {
      init: () => 0,
      handleCall: (never, count) => [never, count],
      handleCast(_inc, count) {
        handled += 1;
        return count + 1;
      },
    };
    const refs: GenServerRef<number, never, 'inc', never>[] = [];
    for (let i = 0; i < BURST; i += 1) refs.push(await GenServer.start(counting));
    await runtime.settle();
    shown = [];
    Observer.snapshot$.pipe(skip(2)).subscribe(({ totalMessages }) => shown.push([totalMessages, facts()]));
    // One flush at the end of its turn: for the next, the interval has to pass.
    GenServer.cast(await GenServer.start(counting), 'inc');
    await turn();
    expect(facts()).toBe(0);
    burst = async () => {
      const before = [facts(), handled];
      for (const ref of refs) GenServer.cast(ref, 'inc');
      await until(() => handled === (before[1] ?? 0) + BURST);
      await turn();
      expect(facts()).toBe(before[0]);
    };
    await burst();
  });

  /** What a timer sees that comes between the first portion and the second. */
  const between = <Seen>(look: () => Seen): Seen | undefined => {
    let seen: Seen | undefined;
    runtime.clock.setTimeout(() => {
      seen = look();
    }, 50);
    runtime.clock.advance(50);
    return seen;
  };

  test('flushes 500 at a time, lets timers run between, and shows one snapshot', () => {
    expect(between(() => [facts(), shown.length])).toEqual([500, 0]);
    expect(shown).toEqual([[BURST + 1, BURST]]);
    expect(runtime.clock.pending).toBe(0);
  });

  test('is never behind for a read in the middle, which leaves nothing pending', () => {
    const { Observer, clock } = runtime;
    expect(between(() => [Observer.getSnapshot().totalMessages, facts(), clock.pending])).toEqual([
      BURST + 1,
      BURST,
      0,
    ]);
    expect(shown).toEqual([[BURST + 1, BURST]]);
  });

  test('is never behind for a listener that reads at the first event', () => {
    const { Observer, clock } = runtime;
    const read: number[] = [];
    const subscription = Observer.events$.subscribe(() => {
      subscription.unsubscribe();
      read.push(Observer.getSnapshot().totalMessages);
    });
    clock.advance(50);
    expect(read).toEqual([BURST + 1]);
    expect(shown.map(([messages]) => messages)).toEqual([BURST + 1]);
    expect(facts()).toBe(BURST);
  });

  test('shows what the recorded events add up to, also of those that come in the middle', () => {
    const { Observer, clock, GenServer } = runtime;
    between(() => void GenServer.stop(runtime.refOf('p1')));
    const live = Observer.getSnapshot();
    const replayed = runtime.events.reduce(
      evolve,
      emptyModel(() => clock.monotonic()),
    );
    expect(rowsOf(replayed).servers).toEqual(live.servers.map(serverAsData));
    expect(live.version).toBe(replayed.version);
  });

  test('polls at once, and from then on when all is flushed, in batches', async () => {
    const { Observer, clock } = runtime;
    const polled: (readonly [at: number, messages: number, facts: number])[] = [];
    const stop = Observer.startPolling(10, ({ servers }) =>
      polled.push([clock.monotonic(), servers.reduce((sum, { messageCount }) => sum + messageCount, 0), facts()]),
    );
    await burst();
    let seen: readonly number[] = [];
    clock.setTimeout(() => {
      seen = [facts(), polled.length];
    }, 10);
    clock.advance(20);
    stop();
    expect(seen).toEqual([BURST + 500, 1]);
    expect(polled).toEqual([
      [0, BURST + 1, BURST],
      [10, 2 * BURST + 1, 2 * BURST],
      [20, 2 * BURST + 1, 2 * BURST],
    ]);
    expect(clock.pending).toBe(0);
  });
});
