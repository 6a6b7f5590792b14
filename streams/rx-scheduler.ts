import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';

/** A source of time and timers, such as a `Clock` of noex. */
export interface Timers<Timer> {
  /** Wall-clock time, ms since the epoch. */
  now(): number;
  /** The time of a monotonic clock, which never goes back, ms. */
  monotonic(): number;
  setTimeout(callback: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
}

/**
 * Makes an RxJS scheduler that uses these timers. Repeated work does not drift: each delay counts from the time at
 * which the work was due, not from the time at which it ran. `now()` starts at the wall-clock time of this call and
 * then advances with the monotonic clock. Operators that measure time with `now()`, such as `debounceTime`, are
 * therefore not affected when the wall clock is set.
 */
export function schedulerOf<Timer>(timers: Timers<Timer>): SchedulerLike {
  const origin = timers.now() - timers.monotonic();
  return {
    now: () => origin + timers.monotonic(),
    schedule<State>(work: (this: SchedulerAction<State>, state?: State) => void, delay = 0, state?: State) {
      return new TimerAction(timers, work).schedule(state, delay);
    },
  };
}

class TimerAction<State, Timer> extends Subscription implements SchedulerAction<State> {
  readonly #timers: Timers<Timer>;
  readonly #work: (this: SchedulerAction<State>, state?: State) => void;
  #due: number;
  #pending: Timer | undefined;

  constructor(timers: Timers<Timer>, work: (this: SchedulerAction<State>, state?: State) => void) {
    super();
    this.#timers = timers;
    this.#work = work;
    this.#due = timers.monotonic();
    this.add(() => {
      if (this.#pending !== undefined) this.#timers.clearTimeout(this.#pending);
    });
  }

  schedule(state?: State, delay = 0): Subscription {
    if (this.closed) return this;
    if (this.#pending !== undefined) this.#timers.clearTimeout(this.#pending);
    const now = this.#timers.monotonic();
    this.#due += delay;
    // If the due time has passed already, because the event loop was blocked, the delay counts from now. Otherwise,
    // missed work would run in a burst.
    if (this.#due < now) this.#due = now + delay;
    this.#pending = this.#timers.setTimeout(() => {
      this.#pending = undefined;
      this.#work.call(this, state);
    }, this.#due - now);
    return this;
  }
}
