import type { Clock, Timer } from '../../clock.js';
import { encode } from '../codec.js';
import { activitySince, checkPeer, type DetectorConfig, lateness } from '../failure-detector.js';
import type { NodeId } from '../node-id.js';
import type { LinkTable } from './link-table.js';

const PROBE = encode({ type: 'probe' });

interface LivenessOptions {
  readonly clock: Clock;
  readonly detector: DetectorConfig;
  readonly linked: LinkTable;
  /** Encodes the heartbeat of this node, which has run for `uptimeMs`. */
  readonly heartbeat: (uptimeMs: number) => string;
  /** A linked node was silent for too long. */
  readonly onSilent: (id: NodeId) => void;
  /** After each check. `lateMs`: how late it was, which is not counted as silence of a peer. */
  readonly onBeat: (heartbeat: string, now: number, lateMs: number) => void;
}

/**
 * Sends heartbeats, and probes that measure the round trip, over all links at each interval, and detects linked nodes
 * that are silent.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  /** ms of the monotonic clock */
  readonly startedAt: number;
  #lastBeatAt: number;
  #timer: Timer;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.startedAt = options.clock.monotonic();
    this.#lastBeatAt = this.startedAt;
    this.#timer = this.#schedule();
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
  }

  #schedule(): Timer {
    const { clock, detector } = this.#options;
    return clock.setTimeout(() => this.#beat(), detector.intervalMs);
  }

  #beat(): void {
    const { clock, detector, linked, heartbeat, onSilent, onBeat } = this.#options;
    const now = clock.monotonic();
    const lastBeatAt = this.#lastBeatAt;
    const lateMs = lateness(lastBeatAt, now, detector.intervalMs);
    this.#lastBeatAt = now;
    this.#timer = this.#schedule();
    const frame = heartbeat(Math.round(now - this.startedAt));
    for (const node of linked.nodes()) {
      const { received } = node.link.traffic;
      if (received > node.received) node.activity = activitySince(node.activity, lastBeatAt, detector);
      node.received = received;
      const { activity, state } = checkPeer(node.activity, now, lateMs, detector);
      node.activity = activity;
      if (state === 'dead') {
        onSilent(node.peer.id);
        continue;
      }
      node.link.offer(frame);
      if (node.probedAt === undefined && node.link.offer(PROBE)) node.probedAt = now;
      // Probed, because its own interval may be longer than ours.
      if (state === 'suspect') node.link.send({ type: 'probe' });
    }
    onBeat(frame, now, lateMs);
  }
}
