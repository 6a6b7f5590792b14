import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';

/** A source of time and timers. */
export interface Timers<Timer> {
  /** ms since the epoch */
  now(): number;
  /** ms, never goes back */
  monotonic(): number;
  setTimeout(callback: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
}

/**
 * An Rx scheduler on these timers. Repeated work keeps its pace: each delay counts from the moment the work was due, not
 * from when it ran. Its `now` is the wall clock as of this call, and from there on moves with the monotonic clock, so that
 * operators that measure time by it, as `debounceTime` and `timeInterval` do, do not notice when the clock is set.
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
    // Late by more than a whole delay, as the event loop was blocked: continue from here instead of catching up in a burst.
    if (this.#due < now) this.#due = now + delay;
    this.#pending = this.#timers.setTimeout(() => {
      this.#pending = undefined;
      this.#work.call(this, state);
    }, this.#due - now);
    return this;
  }
}
