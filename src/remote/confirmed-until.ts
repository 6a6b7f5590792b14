/**
 * Until when at least `needed` nodes have confirmed something within the last `windowMs`. Infinity if none are needed,
 * -Infinity if fewer have confirmed it at all.
 *
 * @param times when each node confirmed it last, ms of the monotonic clock of this node
 */
export function confirmedUntil(times: Iterable<number>, needed: number, windowMs: number): number {
  if (needed <= 0) return Number.POSITIVE_INFINITY;
  const oldest = [...times].sort((a, b) => b - a)[needed - 1];
  return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest + windowMs;
}
