import type { Clock, Timer } from '../../clock.js';
import { encode } from '../codec.js';
import { activitySince, checkPeer, type DetectorConfig, lateness } from '../failure-detector.js';
import type { NodeId } from '../node-id.js';
import type { LinkTable } from './link-table.js';

const PROBE = encode({ type: 'probe' });

interface HeartbeatLoopOptions {
  readonly clock: Clock;
  readonly detector: DetectorConfig;
  readonly linked: LinkTable;
  /** Encodes the heartbeat of this node, which has run for `uptimeMs`. */
  readonly heartbeat: (uptimeMs: number) => string;
  /** Called when a linked node was silent for too long. */
  readonly onSilent: (id: NodeId) => void;
  /**
   * Called at each interval, when all links were checked. `lateMs`: by how much the check was late. This time does not
   * count as silence of a peer.
   */
  readonly onBeat: (heartbeat: string, now: number, lateMs: number) => void;
}

/**
 * At each interval, sends a heartbeat over every link, and a probe unless one is pending. Detects nodes that are silent
 * for too long.
 */
export class HeartbeatLoop {
  readonly #options: HeartbeatLoopOptions;
  /** When this node started, ms of the monotonic clock. */
  readonly startedAt: number;
  #lastBeatAt: number;
  #timer: Timer;

  constructor(options: HeartbeatLoopOptions) {
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
      // This probe measures the round trip.
      if (node.probedAt === undefined && node.link.offer(PROBE)) node.probedAt = now;
      // A silent peer is probed even if an earlier probe is pending: the heartbeat interval of the peer may be longer
      // than that of this node.
      if (state === 'suspect') node.link.send({ type: 'probe' });
    }
    onBeat(frame, now, lateMs);
  }
}
