import { fc, test as property } from '@fast-check/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { Deadline, Deadlines } from '../../src/process/deadlines.js';
import { CountingClock } from '../helpers/test-runtime.js';

class Wait extends Deadline {
  settled = false;
  expiredAt: number | undefined;
  tookMs: number | undefined;
  onExpired: () => void = () => undefined;
  readonly #clock: CountingClock;

  constructor(clock: CountingClock) {
    super();
    this.#clock = clock;
  }

  settle(): void {
    this.settled = true;
    this.removeDeadline();
  }

  expire(timeoutMs: number): void {
    this.settle();
    this.expiredAt = this.#clock.monotonic();
    this.tookMs = timeoutMs;
    this.onExpired();
  }
}

describe('deadlines', () => {
  let clock = new CountingClock();
  let deadlines = new Deadlines(clock);

  beforeEach(() => {
    clock = new CountingClock();
    deadlines = new Deadlines(clock);
  });

  const add = (ms: number): Wait => {
    const wait = new Wait(clock);
    deadlines.add(wait, ms);
    return wait;
  };

  test('are counted from the end of their turn', () => {
    const wait = add(100);
    clock.advance(30);
    deadlines.endTurn();
    clock.advance(99);
    expect(wait.expiredAt).toBeUndefined();
    clock.advance(1);
    expect(wait.expiredAt).toBe(130);
  });

  test('cost no timer when they are settled within their turn', () => {
    const wait = add(100);
    wait.settle();
    deadlines.endTurn();
    expect(clock.pending).toBe(0);
    clock.advance(1000);
    expect(wait.expiredAt).toBeUndefined();
  });

  test('share one timer per turn and duration', () => {
    for (let i = 0; i < 100; i += 1) add(5000);
    for (let i = 0; i < 100; i += 1) add(100);
    deadlines.endTurn();
    expect(clock.pending).toBe(2);
  });

  test('leave no timer when the last of them is removed', () => {
    const waits = [add(100), add(100), add(100)];
    deadlines.endTurn();
    for (const at of [1, 0, 2]) waits[at]?.settle();
    expect(clock.pending).toBe(0);
  });

  test('may be removed twice, and before they are counted', () => {
    const wait = add(100);
    wait.settle();
    deadlines.endTurn();
    wait.settle();
    wait.settle();
    expect(clock.pending).toBe(0);
  });

  test('of Infinity never come', () => {
    add(Number.POSITIVE_INFINITY);
    deadlines.endTurn();
    expect(clock.pending).toBe(0);
  });

  test('have how long they were', () => {
    const wait = add(100);
    deadlines.endTurn();
    clock.advance(100);
    expect(wait.tookMs).toBe(100);
  });

  test('do not come when the one before them settles what they were for', () => {
    const [first, second, third] = [add(100), add(100), add(100)];
    first.onExpired = () => second.settle();
    deadlines.endTurn();
    clock.advance(100);
    expect([first, second, third].map(({ expiredAt }) => expiredAt)).toEqual([100, undefined, 100]);
    expect(clock.pending).toBe(0);
  });

  test('added while others expire have their own time', () => {
    const late: Wait[] = [];
    add(100).onExpired = () => late.push(add(100));
    deadlines.endTurn();
    clock.advance(100);
    deadlines.endTurn();
    clock.advance(99);
    expect(late.map(({ expiredAt }) => expiredAt)).toEqual([undefined]);
    clock.advance(1);
    expect(late.map(({ expiredAt }) => expiredAt)).toEqual([200]);
  });

  test('that come later expire later', () => {
    const first = add(100);
    deadlines.endTurn();
    clock.advance(60);
    const second = add(100);
    deadlines.endTurn();
    clock.advance(40);
    expect([first.expiredAt, second.expiredAt]).toEqual([100, undefined]);
    clock.advance(60);
    expect(second.expiredAt).toBe(160);
    expect(clock.pending).toBe(0);
  });

  const plan = fc.array(
    fc.record({ ms: fc.constantFrom(10, 20, 50), pause: fc.nat(30), removedAfter: fc.option(fc.nat(60)) }),
    { maxLength: 30 },
  );

  property.prop([plan])('expire at their time, give or take a millisecond, unless removed before', (steps) => {
    const simulated = new CountingClock();
    const queue = new Deadlines(simulated);
    const waits = steps.map(({ ms, pause, removedAfter }) => {
      const wait = new Wait(simulated);
      queue.add(wait, ms);
      queue.endTurn();
      const startedAt = simulated.monotonic();
      if (removedAfter !== null) {
        simulated.setTimeout(() => {
          if (!wait.settled) wait.settle();
        }, removedAfter);
      }
      simulated.advance(pause);
      return { wait, startedAt, ms, removedAfter };
    });
    simulated.advance(200);
    for (const { wait, startedAt, ms, removedAfter } of waits) {
      if (removedAfter !== null && removedAfter < ms - 1) {
        expect(wait.expiredAt).toBeUndefined();
      } else if (removedAfter === null || removedAfter > ms) {
        expect(wait.expiredAt).toBeGreaterThanOrEqual(startedAt + ms - 1);
        expect(wait.expiredAt).toBeLessThanOrEqual(startedAt + ms);
      }
      expect(wait.settled).toBe(true);
    }
    expect(simulated.pending).toBe(0);
  });
});
