import type { Clock, Timer } from '../../clock.js';
import type { Connection } from './transport.js';

/** A simulated Node.js process. Its clock fires no timers while the process is frozen, or after it was killed. */
export class SimulatedProcess {
  /** The address on which the process listens or last listened, as text. Empty until the process first listens. */
  address = '';
  /** Accepts connections; `undefined` while the process does not listen. */
  accept: ((connection: Connection) => void) | undefined;
  isKilled = false;
  /** The clock of this process. It has the time of `#inner`. */
  readonly clock: Clock;
  /** The timers that are pending in `#inner`. */
  readonly #timers = new Set<Timer>();
  readonly #inner: Clock;
  /** The callbacks of the timers that came due while the process was frozen, in order. */
  readonly #held = new Map<Timer, () => void>();
  #isFrozen = false;

  constructor(inner: Clock) {
    this.#inner = inner;
    this.clock = {
      now: () => inner.now(),
      monotonic: () => inner.monotonic(),
      setTimeout: (callback, ms) => this.#setTimeout(callback, ms),
      clearTimeout: (timer) => this.#clearTimeout(timer),
    };
  }

  kill(): void {
    this.isKilled = true;
    this.accept = undefined;
    this.#held.clear();
    for (const timer of this.#timers) this.#inner.clearTimeout(timer);
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const [timer, callback] of this.#held) {
      this.#held.delete(timer);
      callback();
    }
  }

  #setTimeout(callback: () => void, ms: number): Timer {
    const timer = this.#inner.setTimeout(() => {
      this.#timers.delete(timer);
      if (this.isKilled) return;
      if (this.#isFrozen) this.#held.set(timer, callback);
      else callback();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #clearTimeout(timer: Timer): void {
    this.#held.delete(timer);
    this.#timers.delete(timer);
    this.#inner.clearTimeout(timer);
  }
}
