export interface DetectorConfig {
  /** How often a peer is expected to say something, ms. */
  readonly intervalMs: number;
  /** After how many silent intervals it is dead. */
  readonly missThreshold: number;
}

/** What is known of one peer's life. `heardAt` is on the monotonic clock, ms. */
export interface Pulse {
  readonly heardAt: number;
  /** When the last whole message came. */
  readonly wholeAt: number;
}

/** A message that takes longer than this many times the time for which a peer may be silent is taken for none. */
const MAX_PATIENCE = 10;

export type Verdict = 'alive' | 'suspect' | 'dead';

/** The pulse after any sign of life. */
export function heard(now: number): Pulse {
  return { heardAt: now, wholeAt: now };
}

/**
 * The pulse of a peer of which something came since the last check, though nothing whole: when exactly is not known. A
 * large message over a slow link may take longer than a peer may be silent; one that never ends is no sign of life.
 */
export function heardSince(pulse: Pulse, lastCheckAt: number, { intervalMs, missThreshold }: DetectorConfig): Pulse {
  if (lastCheckAt - pulse.wholeAt >= intervalMs * missThreshold * MAX_PATIENCE) return pulse;
  return { ...pulse, heardAt: Math.max(pulse.heardAt, lastCheckAt) };
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
  const kept = heardAt === pulse.heardAt ? pulse : { ...pulse, heardAt };
  if (silentMs >= intervalMs * missThreshold) return { pulse: kept, verdict: 'dead' };
  return { pulse: kept, verdict: silentMs >= intervalMs * 2 ? 'suspect' : 'alive' };
}
