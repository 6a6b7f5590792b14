import type { HeartbeatFrame, Peer } from '../frames.js';
import type { Heartbeat } from '../membership.js';
import type { NodeId } from '../node-id.js';

/** The values of a node before the first link with it. */
const SILENT: Heartbeat = { lastHeardAt: null, processCount: 0, uptimeMs: 0 };

/**
 * The latest heartbeat of each node. Heartbeats are not part of the membership, because they change constantly and
 * cause no other change.
 */
export class Heartbeats {
  readonly #latest = new Map<NodeId, Heartbeat & { readonly incarnation: number }>();

  /**
   * Returns the latest heartbeat of this incarnation of the node. Before the first one, `processCount` and `uptimeMs`
   * are 0, and `lastHeardAt` is the time of the latest link, or `null` without one.
   */
  latest({ id, incarnation }: Peer): Heartbeat {
    const latest = this.#latest.get(id);
    return latest?.incarnation === incarnation ? latest : SILENT;
  }

  /**
   * Records that a link with the node was established, as if a heartbeat with the same values had arrived.
   *
   * @param now ms since the epoch
   */
  linked(peer: Peer, now: number): void {
    this.#latest.set(peer.id, { ...this.latest(peer), incarnation: peer.incarnation, lastHeardAt: now });
  }

  /**
   * Records a heartbeat that arrived.
   *
   * @param now ms since the epoch
   */
  received({ id, incarnation }: Peer, { processCount, uptimeMs }: HeartbeatFrame, now: number): void {
    this.#latest.set(id, { incarnation, processCount, uptimeMs, lastHeardAt: now });
  }

  forget(id: NodeId): void {
    this.#latest.delete(id);
  }
}
