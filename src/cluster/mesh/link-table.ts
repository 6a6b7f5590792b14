import { activityAt, type PeerActivity } from '../failure-detector.js';
import type { Peer } from '../frames.js';
import type { LinkState } from '../link-figures.js';
import { NodeId } from '../node-id.js';
import type { Address } from '../transport/transport.js';
import type { Link } from './link.js';

/** The link with one incarnation of one node. */
export interface LinkedNode {
  readonly peer: Peer;
  /** The only link in use: everything between the two nodes goes over it, in order. */
  readonly link: Link;
  activity: PeerActivity;
  /** The bytes received over the link at the last check. */
  received: number;
  /** When the pending probe was sent, ms of the monotonic clock; `undefined` if no probe is pending. */
  probedAt: number | undefined;
  /** The time from the last answered probe to its answer, ms; `null` before the first answer. */
  roundTripMs: number | null;
}

/** The established links: one for each node. */
export class LinkTable {
  readonly #nodes = new Map<NodeId, LinkedNode>();
  /** How often a link with each known node was established without replacing another link. */
  readonly #established = new Map<NodeId, number>();

  get(id: NodeId): LinkedNode | undefined {
    return this.#nodes.get(id);
  }

  /** Returns the linked node with this address in its id; `undefined` if there is none. */
  at({ host, port }: Address): NodeId | undefined {
    for (const id of this.#nodes.keys()) {
      const parts = NodeId.parts(id);
      if (parts.port === port && parts.host === host) return id;
    }
    return undefined;
  }

  get size(): number {
    return this.#nodes.size;
  }

  nodes(): readonly LinkedNode[] {
    return [...this.#nodes.values()];
  }

  /** Adds an established link. Returns the link that the new link replaces, if there is one. */
  put(link: Link, peer: Peer, now: number): Link | undefined {
    const replaced = this.#nodes.get(peer.id)?.link;
    // A link that replaces another one does not count as a reconnect: the node was connected all the time.
    if (replaced === undefined) this.#established.set(peer.id, (this.#established.get(peer.id) ?? 0) + 1);
    const { received } = link.traffic;
    this.#nodes.set(peer.id, {
      peer,
      link,
      activity: activityAt(now),
      received,
      probedAt: undefined,
      roundTripMs: null,
    });
    return replaced;
  }

  /** Returns the measurements of the link with a node; `undefined` without a link. */
  state(id: NodeId): LinkState | undefined {
    const node = this.#nodes.get(id);
    if (node === undefined) return undefined;
    const { link, roundTripMs } = node;
    const reconnects = (this.#established.get(id) ?? 1) - 1;
    return { sentBytes: link.traffic.sent, receivedBytes: link.traffic.received, roundTripMs, reconnects };
  }

  /** Forgets how often a node was linked, because it is no longer a member. */
  forget(id: NodeId): void {
    this.#established.delete(id);
  }

  /** Removes a link. Returns whether the link was in the table. */
  remove(link: Link): boolean {
    const id = link.peer?.id;
    if (id === undefined || this.#nodes.get(id)?.link !== link) return false;
    return this.#nodes.delete(id);
  }

  /** Removes a node, and returns its link; `undefined` if there was none. */
  removeNode(id: NodeId): Link | undefined {
    const link = this.#nodes.get(id)?.link;
    this.#nodes.delete(id);
    return link;
  }
}
