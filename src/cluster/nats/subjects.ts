import type { Role } from '../frames.js';
import { NodeId } from '../node-id.js';

/** A peer as subjects name it: the role and the first part of its node id. */
export interface PeerName {
  readonly role: Role;
  readonly name: string;
}

/** The id of a peer. The ids of observers differ from those of nodes, so that none can take the id of a node. */
export function idOf({ role, name }: PeerName, cluster: string): NodeId {
  return NodeId.inCluster(name, role === 'member' ? cluster : `observer.${cluster}`);
}

const SENDER = { member: 'node', observer: 'observer' } as const;
const BOUNCED = { member: 'no-node', observer: 'no-observer' } as const;

/**
 * The subjects of one cluster. The last part of a subject names its sender, and the subjects of observers differ from those
 * of nodes, so that the permissions of the server can prove who sent a message:
 *
 * - `noex.shop.to.NODE.node.SENDER` and `noex.shop.to.NODE.observer.SENDER`: to one node
 * - `noex.shop.obs.OBSERVER.node.SENDER`: to one observer
 * - `noex.shop.all.SENDER`: hello, leave and lost nodes; to all
 * - `noex.shop.beat.SENDER`: heartbeats; to the nodes that watch the sender, and to observers
 * - `noex.shop.look.OBSERVER`: hello and leave of an observer; to all nodes
 * - `noex.shop.id.NODE.holder`, `noex.shop.id.NODE.LIFE`: between nodes that claim the same name
 */
export class Subjects {
  readonly #prefix: string;

  constructor(cluster: string) {
    this.#prefix = `noex.${cluster}`;
  }

  /** What a peer subscribes to, to receive what is sent to it alone. */
  inbox(peer: PeerName): string {
    return `${this.#inbox(peer)}.>`;
  }

  direct(to: PeerName, from: PeerName): string {
    return `${this.#inbox(to)}.${SENDER[from.role]}.${from.name}`;
  }

  /** Where the broker reports to `from` that `to` has no connection. */
  bounce(to: PeerName, from: PeerName): string {
    return `${this.#inbox(from)}.${BOUNCED[to.role]}.${to.name}`;
  }

  all(name = '*'): string {
    return `${this.#prefix}.all.${name}`;
  }

  beat(name = '*'): string {
    return `${this.#prefix}.beat.${name}`;
  }

  look(name = '*'): string {
    return `${this.#prefix}.look.${name}`;
  }

  /** @param part the life of the node that asks, or that of the node that holds the name */
  id(name: string, part: string): string {
    return `${this.#prefix}.id.${name}.${part}`;
  }

  #inbox({ role, name }: PeerName): string {
    return `${this.#prefix}.${role === 'member' ? 'to' : 'obs'}.${name}`;
  }
}

/** The last part of a subject: the name of the sender. */
export function senderOf(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

/** What the last two parts of a subject of an inbox say; `undefined` if they are unknown. */
export function originOf(subject: string): (PeerName & { readonly isBounce: boolean }) | undefined {
  const [kind, name] = subject.split('.').slice(-2);
  if (name === undefined) return undefined;
  for (const role of ['member', 'observer'] as const) {
    if (kind === SENDER[role]) return { role, name, isBounce: false };
    if (kind === BOUNCED[role]) return { role, name, isBounce: true };
  }
  return undefined;
}
