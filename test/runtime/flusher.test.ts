import { beforeEach, describe, expect, test } from 'vitest';
import { Flusher } from '../../src/runtime/flusher.js';
import type { EventBatch } from '../../streams/local-model.js';
import { CountingClock } from '../helpers/test-runtime.js';

const BATCH_SIZE = 500;

describe('a flusher', () => {
  let clock = new CountingClock();
  /** Processes with counters to report, and events emitted so far. */
  let dirty = 0;
  let events = 0;
  /** How long a batch takes. */
  let takesMs = 0;
  let spentMs = 0;
  let batches: (EventBatch & { readonly at: number })[] = [];
  /** What a listener of a reported event does. */
  let onReport = (): void => undefined;
  let flusher: Flusher;

  const createFlusher = (intervalMs = 50): Flusher => {
    const created = new Flusher({
      clock,
      intervalMs,
      budget: 0.02,
      spentMs: () => spentMs,
      dirtyCount: () => dirty,
      report(most) {
        const count = Math.min(most, dirty);
        dirty -= count;
        events += count;
        onReport();
      },
      eventCount: () => events,
      run(work) {
        const result = work();
        spentMs += takesMs;
        return result;
      },
    });
    created.onFlushed((batch) => batches.push({ ...batch, at: clock.monotonic() }));
    return created;
  };

  beforeEach(() => {
    clock = new CountingClock();
    dirty = 0;
    events = 0;
    takesMs = 0;
    spentMs = 0;
    batches = [];
    onReport = () => undefined;
    flusher = createFlusher();
  });

  /** A turn in which `count` processes do something. */
  const turn = (count = 1): void => {
    dirty += count;
    flusher.requestFlush();
  };

  /** `ms` of simulated time with a turn each 10 ms. */
  const busy = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      turn();
    }
  };

  /** Runs the batches of the flush under way one by one, `meanwhile` between two. Returns how many there were. */
  const finish = (meanwhile = (): void => undefined): number => {
    const before = batches.length;
    while (batches.at(-1)?.isLast === false) {
      meanwhile();
      clock.advance(0);
    }
    return batches.length - before;
  };

  const flushes = (): readonly number[] => batches.filter(({ isLast }) => isLast).map(({ at }) => at);
  const partial = (): readonly number[] => batches.filter(({ isLast }) => !isLast).map(({ at }) => at);
  const folded = (): number => batches.reduce((sum, batch) => sum + batch.events, 0);

  describe('on request', () => {
    test('flushes at the end of the first turn, and of one after a pause', () => {
      turn();
      clock.advance(1000);
      turn();
      expect(flushes()).toEqual([0, 1000]);
      expect(clock.pending).toBe(0);
    });

    test('flushes the turns of one interval together when the interval is over', () => {
      turn();
      clock.advance(10);
      turn();
      clock.advance(10);
      turn();
      clock.advance(100);
      expect(flushes()).toEqual([0, 50]);
    });

    test('has no timer pending while nothing happens', () => {
      turn();
      clock.advance(10);
      flusher.requestFlush();
      expect(clock.pending).toBe(0);
      turn();
      expect(clock.pending).toBe(1);
      clock.advance(1000);
      expect(clock.pending).toBe(0);
    });

    test('reports 500 processes in a batch, one batch in a turn of the event loop', () => {
      turn(3 * BATCH_SIZE);
      expect(batches).toEqual([{ events: BATCH_SIZE, isLast: false, at: 0 }]);
      expect(clock.pending).toBe(1);
      turn(0);
      expect(batches).toHaveLength(1);
      expect(finish()).toBe(2);
      expect(batches.at(-1)).toEqual({ events: BATCH_SIZE, isLast: true, at: 0 });
      expect(clock.pending).toBe(0);
    });

    test('reports and folds a few processes and events in one batch', () => {
      events = 150;
      turn(300);
      expect(batches).toEqual([{ events: 450, isLast: true, at: 0 }]);
      expect(flusher.isPending).toBe(false);
    });

    test('folds many events in batches of a sixteenth of what waits, of 500 at least', () => {
      events = 20_000;
      turn(0);
      finish();
      expect(batches[0]).toMatchObject({ events: 1250, isLast: false });
      expect(Math.min(...batches.slice(0, -1).map((batch) => batch.events))).toBe(BATCH_SIZE);
      expect([folded(), flushes().length]).toEqual([20_000, 1]);
    });

    test('leaves what happens between its batches to the next flush', () => {
      turn(1000);
      finish(() => {
        dirty += 700;
        events += 30;
      });
      // Events emitted before the last report of this flush come before that report, and are folded with it.
      expect([folded(), dirty]).toEqual([1030, 700]);
      expect(flusher.isPending).toBe(true);
    });

    test('keeps the number of waiting events bounded when they come faster than a batch folds them', () => {
      events = 500;
      let most = 0;
      for (let flush = 0; flush < 50; flush += 1) {
        turn(0);
        finish(() => {
          events += 2000;
          most = Math.max(most, events - folded());
        });
        events += 2000;
        clock.advance(50);
      }
      expect(most).toBeLessThanOrEqual(16 * 2000 + 2000);
    });

    test('counts the interval from the last batch', () => {
      turn(2 * BATCH_SIZE);
      clock.advance(20);
      turn(2 * BATCH_SIZE);
      clock.advance(100);
      expect(partial()).toEqual([0, 50]);
      expect(flushes()).toEqual([0, 50]);
    });

    test('says while it reports that new events come from itself', () => {
      const reporting: boolean[] = [];
      onReport = () => reporting.push(flusher.isReporting);
      turn();
      expect([reporting, flusher.isReporting]).toEqual([[true], false]);
    });
  });

  describe('for a synchronous reader', () => {
    test('flushes at once, and then has no timer pending', () => {
      turn();
      clock.advance(10);
      turn();
      flusher.flushNow();
      expect(flushes()).toEqual([0, 10]);
      expect(clock.pending).toBe(0);
    });

    test('flushes at once what is left between two batches', () => {
      turn(1400);
      events += 7;
      flusher.flushNow();
      expect(batches).toEqual([
        { events: BATCH_SIZE, isLast: false, at: 0 },
        { events: 907, isLast: true, at: 0 },
      ]);
      expect([flusher.isPending, clock.pending, folded()]).toEqual([false, 0, 1407]);
    });

    test('flushes everything for a listener that reads at the first event', () => {
      onReport = () => {
        onReport = () => undefined;
        flusher.flushNow();
      };
      turn(1400);
      finish();
      expect([folded(), dirty]).toEqual([1400, 0]);
    });
  });

  describe('for a reader that can wait', () => {
    let ready: number[] = [];
    const ask = (): void => flusher.flushSoon(() => ready.push(clock.monotonic()));

    beforeEach(() => {
      ready = [];
    });

    test('calls back at once when nothing is pending', () => {
      ask();
      expect([ready, flushes(), clock.pending]).toEqual([[0], [], 0]);
    });

    test('does not wait for the interval', () => {
      turn();
      clock.advance(10);
      turn();
      ask();
      expect([ready, flushes(), clock.pending]).toEqual([[10], [0, 10], 0]);
    });

    test('calls back after the last batch, and covers what was pending when it was asked', () => {
      turn(2 * BATCH_SIZE);
      dirty += BATCH_SIZE;
      ask();
      ask();
      expect([ready, batches.length]).toEqual([[], 1]);
      clock.advance(0);
      expect([ready, folded(), flushes()]).toEqual([[0, 0], 3 * BATCH_SIZE, [0]]);
      expect(clock.pending).toBe(0);
    });

    test('calls back when a synchronous read flushes meanwhile', () => {
      dirty = 3 * BATCH_SIZE;
      ask();
      flusher.flushNow();
      expect([ready, partial(), flushes()]).toEqual([[0], [0], [0]]);
    });
  });

  test('lets a reader that can wait do so until the end of an interval that was lengthened', () => {
    takesMs = 10;
    turn();
    expect(flusher.intervalMs).toBe(500);
    const called: number[] = [];
    clock.advance(100);
    dirty += 1;
    flusher.flushSoon(() => called.push(clock.monotonic()));
    expect(called).toEqual([]);
    clock.advance(400);
    expect(called).toEqual([500]);
  });

  describe('its interval', () => {
    test('is as long as a flush at its cost may take by the budget, and at most a second', () => {
      takesMs = 10;
      busy(1100);
      expect(flusher.intervalMs).toBe(10 / 0.02);
      takesMs = 1000;
      busy(10_000);
      expect(flusher.intervalMs).toBe(1000);
    });

    test('counts what reads cost between two flushes', () => {
      takesMs = 2;
      busy(1100);
      expect(flusher.intervalMs).toBe(100);
      turn();
      flusher.flushNow();
      clock.advance(1000);
      turn();
      expect(flusher.intervalMs).toBe(200);
    });

    test('returns to the configured one with the first flush that costs little', () => {
      takesMs = 1000;
      busy(10_000);
      takesMs = 0;
      busy(2000);
      expect(flusher.intervalMs).toBe(50);
    });

    test('stays as configured when that is longer than a second', () => {
      const slow = createFlusher(5000);
      takesMs = 5000;
      for (let i = 0; i < 5; i += 1) {
        clock.advance(5000);
        dirty += 1;
        slow.requestFlush();
      }
      expect(slow.intervalMs).toBe(5000);
    });
  });
});
