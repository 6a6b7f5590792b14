/** A rate limit: a burst at once, and a rate per second in the long run. */
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

  /** Takes a token if there is one left. */
  take(now: number): boolean {
    if (!this.hasToken(now)) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Whether there is a token left. */
  hasToken(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    return this.#tokens >= 1;
  }

  /** Takes that many, for what turned out to cost more than one: what is missing has to come in before the next is taken. */
  charge(amount: number): void {
    this.#tokens -= amount;
  }
}
