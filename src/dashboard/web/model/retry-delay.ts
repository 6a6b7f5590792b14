const FIRST_MS = 500;
const MAX_MS = 10_000;

/**
 * Returns the delay before the next connection attempt, ms. The delay doubles with each failure in a row, up to 10 s.
 * `random`, from 0 to 1, selects a delay from a half of that to all of it, so that not all browsers reconnect at once.
 *
 * @param failures number of failures in a row, at least 1
 */
export function retryDelay(failures: number, random: number): number {
  const longest = Math.min(MAX_MS, FIRST_MS * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}
