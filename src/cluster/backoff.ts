/** How the delay between attempts grows. */
export interface BackoffOptions {
  /** The upper bound of the first delay, ms. */
  readonly baseMs: number;
  /** The upper bound of all delays, ms. */
  readonly maxMs: number;
}

/**
 * Returns how long to wait before the next attempt. The bound of the delay doubles with each attempt, up to `maxMs`.
 * The delay is random, so that nodes that lost the same peer at the same moment do not all reconnect at once.
 *
 * @param attempt 0 for the first delay, 1 for the next one, and so on
 * @param random returns a number from 0 up to 1, as `Math.random`
 * @returns ms, between half the bound and the bound, where the bound is `min(maxMs, baseMs * 2 ** attempt)`
 */
export function backoffDelayMs(attempt: number, { baseMs, maxMs }: BackoffOptions, random: () => number): number {
  const bound = Math.min(maxMs, baseMs * 2 ** attempt);
  return bound / 2 + (bound / 2) * random();
}
