import { beforeEach, describe, expect, test } from 'vitest';
import { type Runnable, Scheduler } from '../../../src/process/scheduler.js';
import { turn } from '../../helpers/turns.js';

/** So many units of work, each of which takes so long on the fake clock. */
class Job implements Runnable {
  nextReady: Runnable | undefined;
  done = 0;
  left: number;
  readonly #unit: () => void;

  constructor(units: number, unit: () => void) {
    this.left = units;
    this.#unit = unit;
  }

  get runnable(): boolean {
    return this.left > 0;
  }

  run(limit: number): number {
    const units = Math.min(limit, this.left);
    for (let i = 0; i < units; i += 1) {
      this.left -= 1;
      this.done += 1;
      this.#unit();
    }
    return units;
  }
}

const microtasks = (): Promise<void> => Promise.resolve();

describe('the scheduler', () => {
  let now = 0;
  let scheduler = new Scheduler(() => now);
  const taking = (ms: number) => (): void => {
    now += ms;
  };

  beforeEach(() => {
    now = 0;
    scheduler = new Scheduler(() => now);
  });

  test('begins work soon, in a microtask, and not within the call that made it', async () => {
    const job = new Job(3, taking(0));
    scheduler.ready(job);
    expect(job.done).toBe(0);
    await microtasks();
    expect(job.done).toBe(3);
  });

  test('gives the event loop its turn when the budget is spent, and goes on in the next', async () => {
    const job = new Job(1000, taking(1));
    scheduler.ready(job);
    await microtasks();
    const first = job.done;
    expect(first).toBeGreaterThanOrEqual(5);
    expect(first).toBeLessThanOrEqual(10);
    await turn();
    expect(job.done - first).toBeGreaterThanOrEqual(5);
    expect(job.done - first).toBeLessThanOrEqual(10);
  });

  test('takes no more in a turn when more work comes in after the budget is spent', async () => {
    const flooded = new Job(1000, taking(1));
    scheduler.ready(flooded);
    await microtasks();
    const before = flooded.done;
    const late = new Job(1, taking(1));
    scheduler.ready(late);
    await microtasks();
    expect([flooded.done, late.done]).toEqual([before, 0]);
    await turn();
    expect(late.done).toBe(1);
  });

  test('looks at the clock seldom while work is fast', async () => {
    let looks = 0;
    const counted = new Scheduler(() => {
      looks += 1;
      return now;
    });
    const job = new Job(6400, taking(0));
    counted.ready(job);
    await microtasks();
    expect(job.done).toBe(6400);
    expect(looks).toBeLessThan(150);
  });

  test('lets two that are flooded take turns', async () => {
    const order: string[] = [];
    const a = new Job(2000, () => order.push('a'));
    const b = new Job(2000, () => order.push('b'));
    scheduler.ready(a);
    scheduler.ready(b);
    await microtasks();
    let lead = 0;
    for (const who of order) {
      lead += who === 'a' ? 1 : -1;
      expect(Math.abs(lead)).toBeLessThanOrEqual(64);
    }
    expect(order).toHaveLength(4000);
  });

  test('does not let one that refills itself keep another waiting', async () => {
    const flooded = new Job(1, () => {
      flooded.left = 1;
      now += 0.01;
    });
    const other = new Job(1, taking(0));
    scheduler.ready(flooded);
    scheduler.ready(other);
    await microtasks();
    expect(other.done).toBe(1);
    flooded.left = 0;
  });

  test('comes to its end with one that has no more work when its turn comes', async () => {
    const idle = new Job(0, taking(0));
    const busy = new Job(1, taking(0));
    scheduler.ready(idle);
    scheduler.ready(busy);
    await microtasks();
    expect(busy.done).toBe(1);
  });

  test('tells the end of each turn in which something happened, in order, and of no other', async () => {
    const told: string[] = [];
    scheduler.onEndOfTurn(() => told.push('first'));
    scheduler.onEndOfTurn(() => told.push('second'));
    scheduler.touch();
    scheduler.touch();
    expect(told).toEqual([]);
    await turn();
    expect(told).toEqual(['first', 'second']);
    await turn();
    expect(told).toHaveLength(2);
  });

  test('tells the end of the turn after the work of that turn', async () => {
    const job = new Job(2, taking(0));
    const doneByThen: number[] = [];
    scheduler.onEndOfTurn(() => doneByThen.push(job.done));
    scheduler.ready(job);
    await turn();
    expect(doneByThen[0]).toBe(2);
  });
});
