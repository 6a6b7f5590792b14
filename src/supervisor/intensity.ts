/** How many restarts are tolerated: more than `maxRestarts` within `withinMs`, and the supervisor gives up. */
export interface RestartIntensity {
  readonly maxRestarts: number;
  /** ms */
  readonly withinMs: number;
}

/** Below this many forgotten moments, copying the rest to the front is not worth it. */
const MIN_COMPACTED = 64;

/** The restarts that still count. One more costs the same however many there are. */
export class RestartWindow {
  readonly #intensity: RestartIntensity;
  /** Of the restarts, ms, oldest first; those before `#first` lie outside the window. */
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

  /** Counts a restart at `now` (ms, monotonic). False: that is one more than the intensity tolerates. */
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
