import { heard, type Pulse } from './failure-detector.js';
import type { Peer } from './frames.js';
import type { Link } from './link.js';
import type { NodeId } from './node-id.js';

/** The established links with one life of one node. Mostly there is one; two nodes that dial each other make two. */
export interface LinkedNode {
  readonly peer: Peer;
  /** The one that both sides prefer comes first, and is the one to send on. Never empty. */
  readonly links: readonly [Link, ...Link[]];
  pulse: Pulse;
  /** How much had come over the links when it was looked at last, bytes. */
  received: number;
  /** When the latest link was added, monotonic ms. */
  readonly changedAt: number;
}

/**
 * Which of two links with the same peer both sides prefer: the one that the lower id dialled, or else the newer one.
 * Both come to the same result without a word.
 */
export function isPreferred(localId: NodeId, peerId: NodeId, newer: Link, older: Link): boolean {
  if (newer.dialledByUs === older.dialledByUs) return true;
  return newer.dialledByUs === localId < peerId;
}

/** How much has come over all of these links, bytes. */
export function receivedOver(links: readonly Link[]): number {
  return links.reduce((sum, { received }) => sum + received, 0);
}

/** Every established link, by node. */
export class LinkTable {
  readonly #nodes = new Map<NodeId, LinkedNode>();
  readonly #localId: NodeId;

  constructor(localId: NodeId) {
    this.#localId = localId;
  }

  get(id: NodeId): LinkedNode | undefined {
    return this.#nodes.get(id);
  }

  nodes(): readonly LinkedNode[] {
    return [...this.#nodes.values()];
  }

  /** The peer's other links must be with the same incarnation. */
  add(link: Link, peer: Peer, now: number): LinkedNode {
    const others = this.#nodes.get(peer.id)?.links;
    const links = this.#insert(link, peer, others);
    const node: LinkedNode = { peer, links, pulse: heard(now), received: receivedOver(links), changedAt: now };
    this.#nodes.set(peer.id, node);
    return node;
  }

  /** Whether the link was in the table, and whether the node has another one. */
  remove(link: Link): 'absent' | 'other_left' | 'last' {
    const node = link.peer === undefined ? undefined : this.#nodes.get(link.peer.id);
    if (node === undefined || !node.links.includes(link)) return 'absent';
    const [first, ...rest] = node.links.filter((other) => other !== link);
    if (first === undefined) {
      this.#nodes.delete(node.peer.id);
      return 'last';
    }
    this.#nodes.set(node.peer.id, { ...node, links: [first, ...rest] });
    return 'other_left';
  }

  /** Removes a node, and returns the links it had. */
  removeNode(id: NodeId): readonly Link[] {
    const links = this.#nodes.get(id)?.links ?? [];
    this.#nodes.delete(id);
    return links;
  }

  #insert(link: Link, peer: Peer, others: LinkedNode['links'] | undefined): [Link, ...Link[]] {
    if (others === undefined) return [link];
    const [current, ...spare] = others;
    return isPreferred(this.#localId, peer.id, link, current) ? [link, current, ...spare] : [current, link, ...spare];
  }
}
