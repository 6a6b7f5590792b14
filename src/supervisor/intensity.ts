/** How many restarts are tolerated: more than `maxRestarts` within `withinMs`, and the supervisor gives up. */
export interface RestartIntensity {
  readonly maxRestarts: number;
  /** ms */
  readonly withinMs: number;
}

/**
 * The moments of the restarts that still count after one more at `now` (ms, monotonic). The intensity is exceeded when
 * there are more of them than `maxRestarts`.
 */
export function recordRestart(
  moments: readonly number[],
  now: number,
  { withinMs }: RestartIntensity,
): readonly number[] {
  return [...moments.filter((moment) => now - moment <= withinMs), now];
}

export function isExceeded(moments: readonly number[], { maxRestarts }: RestartIntensity): boolean {
  return moments.length > maxRestarts;
}
