import type { Clock, Timer } from '../clock.js';

/** The pending timers of one process. */
export class TimerSet {
  readonly #clock: Clock;
  readonly #pending = new Set<Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(action: () => void, ms: number): Timer {
    const timer = this.#clock.setTimeout(() => {
      this.#pending.delete(timer);
      action();
    }, ms);
    this.#pending.add(timer);
    return timer;
  }

  /** Cancels a timer. Returns whether it was still pending. */
  clear(timer: Timer): boolean {
    if (!this.#pending.delete(timer)) return false;
    this.#clock.clearTimeout(timer);
    return true;
  }

  clearAll(): void {
    for (const timer of this.#pending) this.#clock.clearTimeout(timer);
    this.#pending.clear();
  }
}
