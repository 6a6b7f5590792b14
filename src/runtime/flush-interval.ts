/** The longest interval between two flushes, ms, however much observing costs. */
const MAX_INTERVAL_MS = 1000;

interface FlushIntervalOptions {
  /** The shortest interval between two flushes, ms. */
  readonly minMs: number;
  /** The share of one core that observing may take. */
  readonly budget: number;
  /** The time that observing has taken so far, ms. */
  spentMs(): number;
}

/**
 * The interval between flushes: so long that what observing has cost since the flush before is at most its budget. It follows
 * at once when the load changes.
 */
export class FlushInterval {
  readonly #options: FlushIntervalOptions;
  #ms: number;
  #spentBefore = 0;

  constructor(options: FlushIntervalOptions) {
    this.#options = options;
    this.#ms = options.minMs;
  }

  get ms(): number {
    return this.#ms;
  }

  /** Whether it is longer than configured, because observing would cost more than its budget. */
  get isLengthened(): boolean {
    return this.#ms > this.#options.minMs;
  }

  /** To be called after each flush. */
  review(): void {
    const { budget, minMs, spentMs } = this.#options;
    const spent = spentMs();
    const needed = Math.round((spent - this.#spentBefore) / budget);
    this.#spentBefore = spent;
    this.#ms = Math.max(minMs, Math.min(needed, MAX_INTERVAL_MS));
  }
}
