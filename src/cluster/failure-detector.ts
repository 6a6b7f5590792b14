export interface DetectorConfig {
  /** How often a peer is expected to send something, ms. */
  readonly intervalMs: number;
  /** After how many silent intervals it is dead. */
  readonly missThreshold: number;
}

/** When something last came from a peer, ms of the monotonic clock. */
export interface PeerActivity {
  readonly receivedAt: number;
  /** When the last whole message came. */
  readonly messageAt: number;
}

/** A single message may take this many times as long as a peer may be silent; one that takes longer counts as silence. */
const MAX_MESSAGE_FACTOR = 10;

export type PeerState = 'alive' | 'suspect' | 'dead';

/** A whole message came now. */
export function activityAt(now: number): PeerActivity {
  return { receivedAt: now, messageAt: now };
}

/**
 * Bytes came since the last check, but no whole message: when exactly is not known. A large message over a slow link may
 * take longer than a peer may be silent; one that never ends is no sign of life.
 */
export function activitySince(
  activity: PeerActivity,
  lastCheckAt: number,
  { intervalMs, missThreshold }: DetectorConfig,
): PeerActivity {
  if (lastCheckAt - activity.messageAt >= intervalMs * missThreshold * MAX_MESSAGE_FACTOR) return activity;
  return { ...activity, receivedAt: Math.max(activity.receivedAt, lastCheckAt) };
}

/**
 * By how much a periodic check is late, ms. While this Node.js process was stopped or its event loop blocked it could not
 * receive anything, so that time is no silence of the peers.
 */
export function lateness(lastCheckAt: number, now: number, intervalMs: number): number {
  return Math.max(0, now - lastCheckAt - intervalMs);
}

/**
 * Checks one peer: `suspect` after two silent intervals, `dead` after `missThreshold`.
 *
 * @param lateMs this check's {@link lateness}, which is not counted as silence
 * @returns the activity to keep for the next check, and the state
 */
export function checkPeer(
  activity: PeerActivity,
  now: number,
  lateMs: number,
  { intervalMs, missThreshold }: DetectorConfig,
): { readonly activity: PeerActivity; readonly state: PeerState } {
  // A peer that sent something after the stall gains nothing from it: the shift ends at now.
  const receivedAt = Math.min(now, activity.receivedAt + lateMs);
  const silentMs = now - receivedAt;
  const kept = receivedAt === activity.receivedAt ? activity : { ...activity, receivedAt };
  if (silentMs >= intervalMs * missThreshold) return { activity: kept, state: 'dead' };
  return { activity: kept, state: silentMs >= intervalMs * 2 ? 'suspect' : 'alive' };
}
