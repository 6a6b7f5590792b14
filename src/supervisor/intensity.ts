/**
 * The restart limit of a supervisor. If it would have to restart children more than `maxRestarts` times within
 * `withinMs`, it gives up.
 */
export interface RestartIntensity {
  readonly maxRestarts: number;
  /** The length of the time window, ms. */
  readonly withinMs: number;
  /**
   * The waits before restarts. They keep a child that cannot start from exceeding `maxRestarts` at once. Default: no
   * waits.
   */
  readonly backoff?: RestartBackoff | undefined;
}

/**
 * Exponential waits before restarts. The first restart within `withinMs` does not wait. The second waits `minMs`, and
 * each further one `factor` times as long as the one before, up to `maxMs`.
 */
export interface RestartBackoff {
  /** The wait before the second restart, ms. */
  readonly minMs: number;
  /** The longest wait, ms. */
  readonly maxMs: number;
  /** The growth of the wait per restart, at least 1. Default 2. */
  readonly factor?: number | undefined;
}

/**
 * Returns the wait before a restart, ms. `restarts` is the number of restarts within the window, including this one.
 */
export function restartDelayMs(restarts: number, backoff: RestartBackoff | undefined): number {
  if (backoff === undefined || restarts <= 1) return 0;
  const { minMs, maxMs, factor = 2 } = backoff;
  return Math.min(maxMs, minMs * factor ** (restarts - 2));
}

/** With fewer expired entries than this, copying the entries that remain to the front is not worthwhile. */
const MIN_COMPACTED = 64;

/** Counts the restarts within the time window. Recording a restart takes amortized constant time. */
export class RestartWindow {
  readonly #intensity: RestartIntensity;
  /** Times of restarts, ms of the monotonic clock, oldest first. Those before index `#first` have left the window. */
  #moments: number[] = [];
  #first = 0;

  constructor(intensity: RestartIntensity) {
    this.#intensity = intensity;
  }

  /** The number of restarts in the window at the last `record` or `countAt`. */
  get size(): number {
    return this.#moments.length - this.#first;
  }

  /** Returns the number of restarts in the window at `now`, ms of the monotonic clock. */
  countAt(now: number): number {
    this.#forgetOld(now);
    return this.size;
  }

  /** How long ago the restarts in the window were at `now`, ms, longest first. */
  agesAt(now: number): readonly number[] {
    this.#forgetOld(now);
    return this.#moments.slice(this.#first).map((at) => now - at);
  }

  /** Records a restart at `now`, ms of the monotonic clock. Returns false if the limit is exceeded. */
  record(now: number): boolean {
    this.#forgetOld(now);
    this.#moments.push(now);
    return this.size <= this.#intensity.maxRestarts;
  }

  #forgetOld(now: number): void {
    const { withinMs } = this.#intensity;
    while (this.size > 0 && now - (this.#moments[this.#first] ?? now) > withinMs) this.#first += 1;
    if (this.#first >= MIN_COMPACTED && 2 * this.#first >= this.#moments.length) {
      this.#moments = this.#moments.slice(this.#first);
      this.#first = 0;
    }
  }
}
