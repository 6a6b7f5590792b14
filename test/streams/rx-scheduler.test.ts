import { debounceTime, interval, type SchedulerAction, Subject, take, timeInterval, timer } from 'rxjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { schedulerOf } from '../../streams/rx-scheduler.js';
import { CountingClock } from '../helpers/test-runtime.js';

describe('an Rx scheduler on a clock', () => {
  let clock = new CountingClock();
  let scheduler = schedulerOf(clock);

  beforeEach(() => {
    clock = new CountingClock();
    scheduler = schedulerOf(clock);
  });

  test('has the time of the clock', () => {
    clock.advance(42);
    expect(scheduler.now()).toBe(clock.now());
  });

  test('does not let operators that measure time notice when the clock is set', () => {
    const heard: number[] = [];
    const source$ = new Subject<number>();
    source$.pipe(debounceTime(100, scheduler), timeInterval(scheduler)).subscribe(({ interval: ms }) => heard.push(ms));
    source$.next(1);
    clock.advance(60);
    source$.next(2);
    clock.stepWallClock(-3_600_000);
    clock.advance(200);
    source$.next(3);
    clock.stepWallClock(3_600_000);
    clock.advance(100);
    expect(heard).toEqual([160, 200]);
  });

  test('runs timers of Rx', () => {
    const at: number[] = [];
    timer(100, 50, scheduler)
      .pipe(take(3))
      .subscribe(() => at.push(clock.monotonic()));
    clock.advance(1000);
    expect(at).toEqual([100, 150, 200]);
    expect(clock.pending).toBe(0);
  });

  test('keeps its pace when a tick comes a little late', () => {
    const late = new CountingClock();
    const lateness = 7;
    const at: number[] = [];
    interval(
      100,
      schedulerOf({
        now: () => late.now(),
        monotonic: () => late.monotonic(),
        setTimeout: (callback, ms) => late.setTimeout(callback, ms + lateness),
        clearTimeout: (pending) => late.clearTimeout(pending),
      }),
    ).subscribe(() => at.push(late.monotonic()));
    late.advance(1000);
    expect(at.map((moment, index) => moment - (index + 1) * 100)).toEqual(at.map(() => lateness));
  });

  test('does not make up for ticks that were missed while the event loop was blocked', () => {
    const blocked = new CountingClock();
    let skew = 0;
    const at: number[] = [];
    interval(
      100,
      schedulerOf({
        now: () => blocked.now() + skew,
        monotonic: () => blocked.monotonic() + skew,
        setTimeout: (callback, ms) => blocked.setTimeout(callback, ms),
        clearTimeout: (pending) => blocked.clearTimeout(pending),
      }),
    ).subscribe(() => at.push(blocked.monotonic() + skew));
    blocked.advance(100);
    skew = 950;
    blocked.advance(300);
    expect(at).toEqual([100, 1150, 1250, 1350]);
  });

  test('clears the timer of a subscriber that unsubscribes', () => {
    const subscription = interval(100, scheduler).subscribe();
    expect(clock.pending).toBe(1);
    subscription.unsubscribe();
    expect(clock.pending).toBe(0);
  });

  test('runs work with its state, which may schedule itself again', () => {
    const seen: (number | undefined)[] = [];
    scheduler.schedule(
      function again(this: SchedulerAction<number>, state?: number) {
        seen.push(state);
        if (state !== undefined && state < 3) this.schedule(state + 1, 10);
      },
      10,
      1,
    );
    clock.advance(100);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('has one run pending per action: the newest', () => {
    const seen: (string | undefined)[] = [];
    let action: SchedulerAction<string> | undefined;
    scheduler.schedule(
      function begin(this: SchedulerAction<string>, state?: string) {
        seen.push(state);
        if (action !== undefined) return;
        action = this;
        this.schedule('earlier', 10);
        this.schedule('later', 20);
      },
      0,
      'first',
    );
    clock.advance(100);
    expect(seen).toEqual(['first', 'later']);
  });
});
