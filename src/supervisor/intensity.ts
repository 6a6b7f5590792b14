/** The restarts that a supervisor tolerates: with more than `maxRestarts` within `withinMs`, it gives up. */
export interface RestartIntensity {
  readonly maxRestarts: number;
  /** ms */
  readonly withinMs: number;
  /** Waits before restarts, so that a child that cannot start does not use up the intensity at once. Default: no waits. */
  readonly backoff?: RestartBackoff | undefined;
}

/** The waits before restarts: none before the first within `withinMs`, then `minMs`, then `factor` times as long each time. */
export interface RestartBackoff {
  /** ms */
  readonly minMs: number;
  /** The longest wait, ms. */
  readonly maxMs: number;
  /** At least 1. Default 2. */
  readonly factor?: number | undefined;
}

/** How long to wait before a restart, ms. `restarts`: how many there were within the window, this one included. */
export function restartDelayMs(restarts: number, backoff: RestartBackoff | undefined): number {
  if (backoff === undefined || restarts <= 1) return 0;
  const { minMs, maxMs, factor = 2 } = backoff;
  return Math.min(maxMs, minMs * factor ** (restarts - 2));
}

/** With fewer expired entries than this, copying the rest to the front is not worth it. */
const MIN_COMPACTED = 64;

/** The restarts within the window. Recording one is O(1), amortized. */
export class RestartWindow {
  readonly #intensity: RestartIntensity;
  /** Times of restarts, ms, oldest first; those before `#first` lie outside the window. */
  #moments: number[] = [];
  #first = 0;

  constructor(intensity: RestartIntensity) {
    this.#intensity = intensity;
  }

  /** How many restarts counted at the last `record` or `countAt`. */
  get size(): number {
    return this.#moments.length - this.#first;
  }

  /** How many restarts count at `now` (ms, monotonic). */
  countAt(now: number): number {
    this.#forgetOld(now);
    return this.size;
  }

  /** Counts a restart at `now` (ms, monotonic). Returns false when that exceeds the intensity. */
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
