export interface DetectorConfig {
  /** How often a peer is expected to send something, ms. */
  readonly intervalMs: number;
  /** The number of silent intervals after which the peer is considered dead. */
  readonly missThreshold: number;
}

/** When data of a peer last arrived, ms of the monotonic clock. */
export interface PeerActivity {
  /**
   * When data last arrived, incomplete messages included. An estimate: see {@link activitySince} for incomplete
   * messages, and {@link checkPeer} for checks that are late.
   */
  readonly receivedAt: number;
  /** When the last whole message arrived. */
  readonly messageAt: number;
}

/**
 * The longest time that one message may take to arrive, as a multiple of the allowed silence. When a message takes
 * longer, its bytes no longer count as activity.
 */
const MAX_MESSAGE_FACTOR = 10;

export type PeerState = 'alive' | 'suspect' | 'dead';

/** Returns the activity of a peer right after a whole message from it arrived at `now`. */
export function activityAt(now: number): PeerActivity {
  return { receivedAt: now, messageAt: now };
}

/**
 * Returns the activity of a peer that sent bytes since the last check, but maybe no whole message. The time at which
 * the bytes arrived is unknown, so the time of the last check is used. Bytes count because a large message over a slow
 * link may take longer than the allowed silence. They count only for a limited time ({@link MAX_MESSAGE_FACTOR}) after
 * the last whole message, because a peer could send a message that never ends.
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
 * Returns how late a periodic check is, ms. While this Node.js process was suspended or its event loop blocked, the
 * process could not receive anything, so this time does not count as silence of the peers.
 */
export function lateness(lastCheckAt: number, now: number, intervalMs: number): number {
  return Math.max(0, now - lastCheckAt - intervalMs);
}

/**
 * Checks one peer. It is `suspect` after two silent intervals, and `dead` after `missThreshold` silent intervals.
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
  // The shift must not go beyond `now`: data that arrived after the stall needs no allowance for it.
  const receivedAt = Math.min(now, activity.receivedAt + lateMs);
  const silentMs = now - receivedAt;
  const kept = receivedAt === activity.receivedAt ? activity : { ...activity, receivedAt };
  if (silentMs >= intervalMs * missThreshold) return { activity: kept, state: 'dead' };
  return { activity: kept, state: silentMs >= intervalMs * 2 ? 'suspect' : 'alive' };
}
