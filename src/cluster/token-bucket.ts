/** A rate limit: so much at once, and so much a second in the long run. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledAt: number;

  /** @param now ms, monotonic, as everywhere */
  constructor(limit: { readonly burst: number; readonly perSecond: number }, now: number) {
    this.#burst = limit.burst;
    this.#perSecond = limit.perSecond;
    this.#tokens = limit.burst;
    this.#filledAt = now;
  }

  /** Takes one, if there is one left. */
  take(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
