export interface DetectorConfig {
  /** How often a peer is expected to say something, ms. */
  readonly intervalMs: number;
  /** After how many silent intervals it is dead. */
  readonly missThreshold: number;
}

/** What is known of one peer's life. `heardAt` is on the monotonic clock, ms. */
export interface Pulse {
  readonly heardAt: number;
}

export type Verdict = 'alive' | 'suspect' | 'dead';

/** The pulse after any sign of life. */
export function heard(now: number): Pulse {
  return { heardAt: now };
}

/**
 * By how much a periodic check comes too late, ms. While this process was stopped or its event loop blocked it could
 * not hear anybody, so that time says nothing about the peers.
 */
export function lateness(lastCheckAt: number, now: number, intervalMs: number): number {
  return Math.max(0, now - lastCheckAt - intervalMs);
}

/**
 * Judges one peer at one periodic check.
 *
 * @param lateMs this check's {@link lateness}, which is not held against the peer
 * @returns the pulse to keep for the next check, and the verdict: `suspect` after two silent intervals
 */
export function check(
  pulse: Pulse,
  now: number,
  lateMs: number,
  { intervalMs, missThreshold }: DetectorConfig,
): { readonly pulse: Pulse; readonly verdict: Verdict } {
  // Who was heard after the stall gets no credit for it: the shift ends at now.
  const heardAt = Math.min(now, pulse.heardAt + lateMs);
  const silentMs = now - heardAt;
  const kept = heardAt === pulse.heardAt ? pulse : { heardAt };
  if (silentMs >= intervalMs * missThreshold) return { pulse: kept, verdict: 'dead' };
  return { pulse: kept, verdict: silentMs >= intervalMs * 2 ? 'suspect' : 'alive' };
}
