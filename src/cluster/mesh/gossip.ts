import { encode } from '../codec.js';
import type { MembersFrame, Peer } from '../frames.js';
import type { NodeId } from '../node-id.js';
import type { LinkTable } from './link-table.js';

/** The receiver rejects frames with more members. */
const MAX_MEMBERS = 4096;

/**
 * The heartbeats between two regular rounds. In a round, a random peer gets the member list: it may have missed
 * updates.
 */
const BEATS_PER_ROUND = 10;
/** The additional rounds after a new link, one at each heartbeat: updates that were missed then arrive soon. */
const ROUNDS_AFTER_CHANGE = 3;

/** While a node has at most this many links, it sends its member list over each new link. */
const FEW_LINKS = 4;

/** What this node knew of a peer before the link with it was established. */
interface PeerKnowledge {
  /** This incarnation of the peer was unknown. */
  readonly isNew: boolean;
  /** Another node announced it, and this is the first link with it. */
  readonly isAnnounced: boolean;
}

interface GossipOptions {
  readonly linked: LinkTable;
  readonly random: () => number;
  /** Sends a frame to all observers. */
  readonly toObservers: (text: string) => void;
}

/**
 * Spreads the member list. The number of entries sent in all grows with the square of the number of nodes, as the
 * number of links does.
 *
 * A peer that no other node announced gets the list over its first link. An announced peer is in the same cluster, and
 * normally has the list. While a cluster forms, this may not be true yet. So a node sends the list over each of its
 * first links, and again over the 8th, 16th, 32nd ... link, even if the peer was announced. The peer answers with the
 * members that the list lacks. All these lists together are about twice as long as the last list.
 *
 * The node that a new peer is linked with announces it to all other members. Periodic rounds repair what was missed: a
 * random peer gets the list, and answers with the members that the list lacks.
 */
export class Gossip {
  readonly #options: GossipOptions;
  #beats = 0;
  #roundsLeft = 0;

  constructor(options: GossipOptions) {
    this.#options = options;
  }

  /** The full member list, for a peer that is not a member itself. */
  memberList(): MembersFrame {
    return memberList(this.#peers());
  }

  /** Sends the member list to a peer that may lack it. Announces a new peer to the other members, and to observers. */
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

  /** Answers the whole member list of `from` with the members that the list lacks. */
  complete(list: MembersFrame, from: NodeId): void {
    if (!list.isWhole) return;
    const known = new Set(list.members.map(({ id }) => id));
    const missing = this.#peers().filter(({ id }) => id !== from && !known.has(id));
    if (missing.length > 0) this.#options.linked.get(from)?.link.send(memberList(missing));
  }

  /** To be called after each heartbeat. */
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
