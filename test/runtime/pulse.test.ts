import { beforeEach, describe, expect, test } from 'vitest';
import { Pulse, type Work } from '../../src/process/pulse.js';
import { CountingClock } from '../helpers/test-runtime.js';

describe('the pulse', () => {
  let clock = new CountingClock();
  let pending = true;
  /** How long a flush takes. */
  let takesMs = 0;
  let spentMs = 0;
  /** When all was told, and when a portion was that was not the last. */
  let flushes: number[] = [];
  let portions: number[] = [];
  /** How many portions there are to tell. */
  let size = 1;
  let pulse: Pulse;

  beforeEach(() => {
    clock = new CountingClock();
    pending = true;
    takesMs = 0;
    spentMs = 0;
    flushes = [];
    portions = [];
    size = 1;
    let left = 0;
    const flush = (): void => {
      flushes.push(clock.monotonic());
      spentMs += takesMs;
      pending = false;
    };
    const work: Work = {
      isPending: () => pending,
      begin: () => {
        left = size;
      },
      portion() {
        left -= 1;
        if (left > 0) portions.push(clock.monotonic());
        else flush();
        return left === 0;
      },
      flush,
    };
    pulse = new Pulse({ clock, intervalMs: 50, budget: 0.02, spentMs: () => spentMs, work });
  });

  /** A turn in which something happens. */
  const turn = (): void => {
    pending = true;
    pulse.endTurn();
  };

  /** So long a time, with a turn each 10 ms. */
  const busy = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      turn();
    }
  };

  test('tells at the end of the first turn, and of one after a pause', () => {
    turn();
    clock.advance(1000);
    turn();
    expect(flushes).toEqual([0, 1000]);
    expect(clock.pending).toBe(0);
  });

  test('tells what happens in between when the interval is over, once', () => {
    turn();
    clock.advance(10);
    turn();
    clock.advance(10);
    turn();
    clock.advance(100);
    expect(flushes).toEqual([0, 50]);
  });

  test('has nothing pending while nothing happens', () => {
    turn();
    clock.advance(10);
    pulse.endTurn();
    expect(clock.pending).toBe(0);
    turn();
    expect(clock.pending).toBe(1);
    clock.advance(1000);
    expect(clock.pending).toBe(0);
  });

  test('tells at once when somebody reads, and then has nothing pending', () => {
    turn();
    clock.advance(10);
    turn();
    pulse.flush();
    expect(flushes).toEqual([0, 10]);
    expect(clock.pending).toBe(0);
  });

  test('tells much in portions, one in a turn of the event loop, and then has nothing pending', () => {
    size = 3;
    turn();
    expect(portions).toEqual([0]);
    expect(clock.pending).toBe(1);
    turn();
    expect(portions).toEqual([0]);
    clock.advance(0);
    expect([portions, flushes]).toEqual([[0, 0], [0]]);
    expect(clock.pending).toBe(0);
  });

  test('counts the interval from the last portion', () => {
    size = 2;
    turn();
    clock.advance(20);
    turn();
    clock.advance(100);
    expect(portions).toEqual([0, 50]);
    expect(flushes).toEqual([0, 50]);
  });

  test('tells at once what is left of the portions when somebody reads', () => {
    size = 3;
    turn();
    pulse.flush();
    expect([portions, flushes]).toEqual([[0], [0]]);
    expect(clock.pending).toBe(0);
  });

  describe('asked to say when all is told', () => {
    let ready: number[] = [];
    const ask = (): void => pulse.whenSettled(() => ready.push(clock.monotonic()));

    beforeEach(() => {
      ready = [];
    });

    test('says so at once while there is nothing to tell', () => {
      pending = false;
      ask();
      expect([ready, flushes, clock.pending]).toEqual([[0], [], 0]);
    });

    test('does not wait for the interval', () => {
      turn();
      clock.advance(10);
      turn();
      ask();
      expect([ready, flushes, clock.pending]).toEqual([[10], [0, 10], 0]);
    });

    test('says so after the last portion, and begins anew when portions are under way', () => {
      size = 3;
      turn();
      ask();
      ask();
      expect([ready, portions]).toEqual([[], [0]]);
      clock.advance(0);
      expect([ready, portions, flushes]).toEqual([[0, 0], [0, 0, 0], [0]]);
      expect(clock.pending).toBe(0);
    });

    test('says so when somebody else reads meanwhile', () => {
      size = 3;
      ask();
      pulse.flush();
      expect([ready, portions, flushes]).toEqual([[0], [0], [0]]);
    });
  });

  test('slows down, to a second at most, while observing costs more than its budget', () => {
    takesMs = 10;
    const intervals: number[] = [];
    for (let second = 0; second < 8; second += 1) {
      busy(1100);
      intervals.push(pulse.intervalMs);
    }
    expect(intervals).toEqual([100, 200, 400, 800, 800, 800, 800, 800]);
    takesMs = 1000;
    busy(10_000);
    expect(pulse.intervalMs).toBe(1000);
  });

  test('comes back to its own pace when observing costs less than half of its budget', () => {
    takesMs = 1000;
    busy(10_000);
    takesMs = 0;
    busy(20_000);
    expect(pulse.intervalMs).toBe(50);
  });

  test('keeps an interval that is longer than a second anyway', () => {
    const slow = new Pulse({
      clock,
      intervalMs: 5000,
      budget: 0.02,
      spentMs: () => spentMs,
      work: {
        isPending: () => true,
        begin: () => undefined,
        portion() {
          spentMs += 5000;
          return true;
        },
        flush: () => undefined,
      },
    });
    for (let i = 0; i < 5; i += 1) {
      clock.advance(5000);
      slow.endTurn();
    }
    expect(slow.intervalMs).toBe(5000);
  });
});
