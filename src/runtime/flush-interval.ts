/** The longest interval between two flushes, ms, however much observing costs. */
const MAX_INTERVAL_MS = 1000;
/** How long the cost is measured before the interval changes, ms. */
const REVIEW_MS = 1000;

interface FlushIntervalOptions {
  /** The shortest interval between two flushes, ms. */
  readonly minMs: number;
  /** The share of one core that observing may take. */
  readonly budget: number;
  /** The time that observing has taken so far, ms. */
  spentMs(): number;
}

/** The interval between flushes: it doubles while observing costs more than its budget, and halves below half of it. */
export class FlushInterval {
  readonly #options: FlushIntervalOptions;
  #ms: number;
  #reviewedAt: number;
  #spentAtReview = 0;

  /** @param now ms, monotonic */
  constructor(options: FlushIntervalOptions, now: number) {
    this.#options = options;
    this.#ms = options.minMs;
    this.#reviewedAt = now;
  }

  get ms(): number {
    return this.#ms;
  }

  /** @param now ms, monotonic */
  review(now: number): void {
    const elapsed = now - this.#reviewedAt;
    if (elapsed < REVIEW_MS) return;
    const { budget, minMs, spentMs } = this.#options;
    const spent = spentMs();
    const share = (spent - this.#spentAtReview) / elapsed;
    this.#reviewedAt = now;
    this.#spentAtReview = spent;
    if (share > budget) this.#ms = Math.min(2 * this.#ms, Math.max(minMs, MAX_INTERVAL_MS));
    else if (share < budget / 2) this.#ms = Math.max(this.#ms / 2, minMs);
  }
}
