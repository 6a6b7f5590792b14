/** A rate limit: allows `burst` actions at once, and `perSecond` actions per second in the long run. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledAt: number;

  /** @param now ms of the monotonic clock, as in all methods */
  constructor(limit: { readonly burst: number; readonly perSecond: number }, now: number) {
    this.#burst = limit.burst;
    this.#perSecond = limit.perSecond;
    this.#tokens = limit.burst;
    this.#filledAt = now;
  }

  /** Takes a token. Returns `false` if there is no whole token. */
  take(now: number): boolean {
    if (!this.hasToken(now)) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Whether there is at least one whole token. */
  hasToken(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    return this.#tokens >= 1;
  }

  /**
   * Takes `amount` tokens, which may be a fraction, even if fewer are left. The number of tokens may become negative.
   * `take` then returns `false` until enough time has passed.
   */
  charge(amount: number): void {
    this.#tokens -= amount;
  }
}
