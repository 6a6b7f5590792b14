import { encode } from '../codec.js';
import type { MembersFrame, Peer } from '../frames.js';
import type { NodeId } from '../node-id.js';
import type { LinkTable } from './link-table.js';

/** The most members in one list. The receiver rejects longer lists. */
const MAX_MEMBERS = 4096;

/**
 * The number of heartbeats from one regular round to the next. In a round, this node sends the member list to a random
 * peer, because the peer may have missed updates.
 */
const BEATS_PER_ROUND = 10;
/** The number of additional rounds after a new link, one at each heartbeat. They repair missed updates soon. */
const ROUNDS_AFTER_CHANGE = 3;

/** While a node has at most this many links, it sends its member list over each new link. */
const FEW_LINKS = 4;

/** What this node knew of a peer before the link with it was established. */
interface PeerKnowledge {
  /** This incarnation of the peer was unknown. */
  readonly isNew: boolean;
  /** Another node announced the peer, and this is the first link with the peer. */
  readonly isAnnounced: boolean;
}

interface GossipOptions {
  readonly linked: LinkTable;
  readonly random: () => number;
  /** Sends a frame to all observers that have room. */
  readonly toObservers: (text: string) => void;
}

/**
 * Spreads the member list. The number of list entries that all nodes send together grows with the square of the number
 * of nodes, as the number of links does.
 *
 * A peer that becomes connected gets the list, unless another node announced the peer and this is their first link. An
 * announced peer is in the same cluster, and normally has the list. While a cluster forms, the peer may not have the
 * list yet. So a node with few links, or with 8, 16, 32 ... links, sends the list even to an announced peer. The peer
 * answers with the members that the list lacks. All lists that a node sends for this purpose are together about twice
 * as long as the last one.
 *
 * A node that is linked with a new peer announces the peer to all other members. Periodic rounds repair missed
 * announcements: a random peer gets the list, and answers with the members that the list lacks.
 */
export class Gossip {
  readonly #options: GossipOptions;
  #beats = 0;
  #roundsLeft = 0;

  constructor(options: GossipOptions) {
    this.#options = options;
  }

  /** Returns the full member list, for observers. */
  memberList(): MembersFrame {
    return memberList(this.#peers());
  }

  /**
   * Handles a new link. Sends the member list to the peer if the peer may lack it. Announces the peer to the observers,
   * and also to the other members if this incarnation of the peer was unknown.
   */
  introduce(peer: Peer, { isNew, isAnnounced }: PeerKnowledge): void {
    const { linked, toObservers } = this.#options;
    this.#roundsLeft = ROUNDS_AFTER_CHANGE;
    if (!isAnnounced || linked.size <= FEW_LINKS || isPowerOfTwo(linked.size)) {
      linked.get(peer.id)?.link.send(this.#listExcept(peer.id));
    }
    const update = encode(memberList([peer]));
    if (isNew) {
      for (const other of linked.nodes()) if (other.peer.id !== peer.id) other.link.sendEncoded(update);
    }
    toObservers(update);
  }

  /** Answers a whole member list that the node `from` sent: sends this node the members that the list lacks. */
  complete(list: MembersFrame, from: NodeId): void {
    if (!list.isWhole) return;
    const known = new Set(list.members.map(({ id }) => id));
    const missing = this.#peers().filter(({ id }) => id !== from && !known.has(id));
    if (missing.length > 0) this.#options.linked.get(from)?.link.send(memberList(missing));
  }

  /**
   * Starts a round if one is due. In a regular round, all observers get the list, too. Must be called after each
   * heartbeat.
   */
  beat(): void {
    const { linked, toObservers } = this.#options;
    this.#beats += 1;
    const isRegular = this.#beats % BEATS_PER_ROUND === 0;
    if (isRegular) toObservers(encode(this.memberList()));
    if (!isRegular && this.#roundsLeft === 0) return;
    this.#roundsLeft = Math.max(0, this.#roundsLeft - 1);
    const peers = this.#peers();
    const target = peers[this.#randomIndex(peers.length)];
    if (target !== undefined) linked.get(target.id)?.link.offer(encode(this.#listExcept(target.id)));
  }

  #randomIndex(length: number): number {
    return Math.floor(this.#options.random() * length);
  }

  #listExcept(id: NodeId): MembersFrame {
    return { ...memberList(this.#peers().filter((peer) => peer.id !== id)), isWhole: true };
  }

  #peers(): readonly Peer[] {
    return this.#options.linked.nodes().map(({ peer }) => peer);
  }
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

function memberList(peers: readonly Peer[]): MembersFrame {
  return { type: 'members', members: peers.slice(0, MAX_MEMBERS) };
}
