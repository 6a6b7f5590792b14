/** The interval grows up to this time to keep the budget, ms. A longer configured minimum stays as it is. */
const MAX_INTERVAL_MS = 1000;

interface FlushIntervalOptions {
  /** The minimum interval between two flushes, ms. */
  readonly minMs: number;
  /** The share of one core that observing may take. */
  readonly budget: number;
  /** The time that observing has taken so far, ms. */
  spentMs(): number;
}

/**
 * Computes the interval between flushes from the time that observing took since the previous review. That time, divided
 * by the next interval, does not exceed the budget, unless the interval reaches its maximum. Nothing is averaged, so
 * the interval follows a change of load at once.
 */
export class FlushInterval {
  readonly #options: FlushIntervalOptions;
  #ms: number;
  #spentBefore = 0;

  constructor(options: FlushIntervalOptions) {
    this.#options = options;
    this.#ms = options.minMs;
  }

  /** The current interval, ms. */
  get ms(): number {
    return this.#ms;
  }

  /** Whether the interval is longer than configured, to keep observing within its budget. */
  get isLengthened(): boolean {
    return this.#ms > this.#options.minMs;
  }

  /** Computes the next interval. Must be called after each flush in batches. */
  review(): void {
    const { budget, minMs, spentMs } = this.#options;
    const spent = spentMs();
    const needed = Math.round((spent - this.#spentBefore) / budget);
    this.#spentBefore = spent;
    this.#ms = Math.max(minMs, Math.min(needed, MAX_INTERVAL_MS));
  }
}
