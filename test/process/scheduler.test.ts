import { beforeEach, describe, expect, test } from 'vitest';
import { AsyncContext } from '../../src/async-context.js';
import { systemClock } from '../../src/clock.js';
import { MessageTiming } from '../../src/process/message-timing.js';
import { Sampler } from '../../src/process/sampler.js';
import { type Runnable, Scheduler } from '../../src/process/scheduler.js';
import { turn } from '../helpers/event-loop.js';

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

  readonly held: number[] = [];

  blockedLoop(ms: number): void {
    this.held.push(ms);
  }

  watched = 0;

  run(limit: number, isWatched: boolean): number {
    const units = Math.min(limit, this.left);
    if (isWatched) this.watched += units;
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
  const create = (): Scheduler =>
    new Scheduler({ context: new AsyncContext(), preciseNow: () => now, loopBlockedMs: 50 });
  let scheduler = create();
  const taking = (ms: number) => (): void => {
    now += ms;
  };

  beforeEach(() => {
    now = 0;
    scheduler = create();
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
    const counted = new Scheduler({
      context: new AsyncContext(),
      preciseNow() {
        looks += 1;
        return now;
      },
      loopBlockedMs: 50,
    });
    const job = new Job(6400, taking(0));
    counted.ready(job);
    await microtasks();
    expect(job.done).toBe(6400);
    expect(looks).toBeLessThan(150);
  });

  describe('when work holds the event loop', () => {
    /** So many units, of which one takes 60 ms. */
    const hog = (units: number, slow: number): Job => {
      const job: Job = new Job(units, () => {
        now += job.done === slow ? 60 : 0.01;
      });
      return job;
    };

    /** Until it looks at the clock only once in 64 units. */
    const warmUp = async (): Promise<void> => {
      scheduler.ready(new Job(200, taking(0)));
      await microtasks();
    };

    test('names the process, and for how long, when no other ran since the check before', async () => {
      await warmUp();
      const job = hog(400, 200);
      scheduler.ready(job);
      await turn();
      await turn();
      expect(job.held).toHaveLength(1);
      expect(job.held[0]).toBeGreaterThanOrEqual(60);
      expect(job.held[0]).toBeLessThan(61);
    });

    test('names no process when it could have been several, and then times each unit, so that the next is known', async () => {
      await warmUp();
      const jobs = Array.from({ length: 150 }, (_, at) => hog(1, at === 100 ? 1 : 2));
      for (const job of jobs) scheduler.ready(job);
      await turn();
      await turn();
      expect(jobs.flatMap(({ held }) => held)).toEqual([]);
      const next = new Job(10, taking(0));
      scheduler.ready(next);
      await turn();
      expect(next.watched).toBeGreaterThan(5);
    });

    test('notices it in a turn too short for a look, and has each unit of the next ones timed', async () => {
      await warmUp();
      for (const job of [hog(3, 1), hog(3, 2)]) scheduler.ready(job);
      await turn();
      const next = [new Job(100, taking(0)), new Job(100, taking(0))] as const;
      for (const job of next) {
        scheduler.ready(job);
        await turn();
      }
      expect(next.map(({ watched }) => watched)).toEqual([100, 100]);
    });

    test('does not take the work of others for it', async () => {
      await warmUp();
      const job = new Job(100, taking(0));
      scheduler.ready(job);
      now += 1000;
      await turn();
      expect(job.held).toEqual([]);
    });

    test('does not count what listeners do', async () => {
      await warmUp();
      const clock = { ...systemClock, monotonic: () => now };
      const timing = new MessageTiming(
        {
          clock,
          scheduler,
          sampler: new Sampler(true),
          loopBlockedMs: 50,
          nameOf: () => undefined,
          // A subscriber who takes 60 ms, once.
          emit: () => {
            if (job.done === 200) now += 60;
          },
        },
        'p1',
      );
      timing.trace();
      const job: Job = new Job(400, () => timing.completed('message', 'cast', now, 0, 'ok'));
      scheduler.ready(job);
      await turn();
      await turn();
      expect(job.done).toBe(400);
      expect(job.held).toEqual([]);
    });

    test('does not take for it what happens at the end of a turn', async () => {
      let isFirst = true;
      scheduler.onEndOfTurn(() => {
        if (!isFirst) return;
        isFirst = false;
        scheduler.touch();
        now += 60;
      });
      const job = new Job(20, taking(1));
      scheduler.ready(job);
      await turn();
      await turn();
      await turn();
      expect(job.done).toBeGreaterThan(6);
      expect(job.held).toEqual([]);
    });

    test('detects it whatever was emitted between two turns', async () => {
      await warmUp();
      await turn();
      scheduler.markExplained(1000);
      scheduler.ready(hog(3, 1));
      await turn();
      const next = new Job(10, taking(0));
      scheduler.ready(next);
      await turn();
      expect(next.watched).toBe(10);
    });

    test('does not report again what is known', async () => {
      await warmUp();
      const job: Job = new Job(400, () => {
        if (job.done !== 200) return;
        now += 60;
        scheduler.markExplained(60);
      });
      scheduler.ready(job);
      await turn();
      await turn();
      expect(job.held).toEqual([]);
    });
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

  test('announces the end of each turn in which something happened, in order, and of no other', async () => {
    const reported: string[] = [];
    scheduler.onEndOfTurn(() => reported.push('first'));
    scheduler.onEndOfTurn(() => reported.push('second'));
    scheduler.touch();
    scheduler.touch();
    expect(reported).toEqual([]);
    await turn();
    expect(reported).toEqual(['first', 'second']);
    await turn();
    expect(reported).toHaveLength(2);
  });

  test('announces the end of the turn after the work of that turn', async () => {
    const job = new Job(2, taking(0));
    const doneByThen: number[] = [];
    scheduler.onEndOfTurn(() => doneByThen.push(job.done));
    scheduler.ready(job);
    await turn();
    expect(doneByThen[0]).toBe(2);
  });
});
