/**
 * Returns when the number of nodes whose last confirmation is younger than `windowMs` falls below `needed`, ms of the
 * monotonic clock. Returns Infinity if no node is needed, and -Infinity if fewer nodes than needed have ever confirmed.
 *
 * @param times when each node confirmed it last, ms of the monotonic clock of this node
 */
export function confirmedUntil(times: Iterable<number>, needed: number, windowMs: number): number {
  if (needed <= 0) return Number.POSITIVE_INFINITY;
  const oldest = [...times].sort((a, b) => b - a)[needed - 1];
  return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest + windowMs;
}
