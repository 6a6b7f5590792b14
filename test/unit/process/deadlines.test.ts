import { fc, test as property } from '@fast-check/vitest';
import { beforeEach, describe, expect, test } from 'vitest';
import { Deadline, Deadlines } from '../../../src/process/deadlines.js';
import { CountingClock } from '../../helpers/world.js';

class Wait extends Deadline {
  settled = false;
  expiredAt: number | undefined;
  readonly #clock: CountingClock;

  constructor(ms: number, clock: CountingClock) {
    super(ms);
    this.#clock = clock;
  }

  expire(): void {
    this.settled = true;
    this.expiredAt = this.#clock.monotonic();
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
    const wait = new Wait(ms, clock);
    deadlines.add(wait);
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
    deadlines.remove(wait);
    deadlines.endTurn();
    expect(clock.pending).toBe(0);
    clock.advance(1000);
    expect(wait.expiredAt).toBeUndefined();
  });

  test('share one timer per duration', () => {
    for (let i = 0; i < 100; i += 1) add(5000);
    for (let i = 0; i < 100; i += 1) add(100);
    deadlines.endTurn();
    expect(clock.pending).toBe(2);
  });

  test('leave no timer when the last of them is removed', () => {
    const waits = [add(100), add(100), add(100)];
    deadlines.endTurn();
    for (const wait of [waits[1], waits[0], waits[2]]) if (wait !== undefined) deadlines.remove(wait);
    expect(clock.pending).toBe(0);
  });

  test('may be removed twice, and before they are counted', () => {
    const wait = add(100);
    deadlines.remove(wait);
    deadlines.endTurn();
    deadlines.remove(wait);
    deadlines.remove(wait);
    expect(clock.pending).toBe(0);
  });

  test('of Infinity never come', () => {
    add(Number.POSITIVE_INFINITY);
    deadlines.endTurn();
    expect(clock.pending).toBe(0);
  });

  test('that come later expire later, though they share a timer', () => {
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
      const wait = new Wait(ms, simulated);
      queue.add(wait);
      queue.endTurn();
      const startedAt = simulated.monotonic();
      if (removedAfter !== null) {
        simulated.setTimeout(() => {
          if (wait.settled) return;
          wait.settled = true;
          queue.remove(wait);
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
