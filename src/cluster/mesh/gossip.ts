import { encode } from '../codec.js';
import type { MembersFrame, Peer } from '../frames.js';
import type { NodeId } from '../node-id.js';
import type { LinkTable } from './link-table.js';

/** The receiver rejects frames with more members. */
const MAX_MEMBERS = 4096;

/** Anti-entropy: once in this many heartbeats, one peer receives the full member list, in case an update was lost. */
const BEATS_PER_ROUND = 10;
/** After a change, each of this many heartbeats is followed by a round: most of what was missed is made up for soon. */
const ROUNDS_AFTER_CHANGE = 3;

/** A node with at most this many links sends its list over each. */
const FEW_LINKS = 4;

/** What this node knew of a peer before there was a link with it. */
interface PeerKnowledge {
  /** It did not know of this incarnation. */
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
 * Spreads the member list with a number of entries that grows with the square of the number of nodes, as the links do.
 * A peer gets the list unless another node announced it: then both are in the same cluster, and have the list from
 * there. While a node has few links, that may not be true yet. So with each of the first, and then with the eighth,
 * sixteenth ... it sends the list anyway, and gets back what is missing in it; all these lists together are about twice
 * as long as the last. A new peer is announced to all others by the node that it came to. What is missed nevertheless
 * comes with the rounds: after a change, and periodically, a random peer gets the list, and answers it.
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

  /**
   * Sends the member list to a new peer where it may miss it, and announces the peer to the other members if it is new.
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

  /** Answers a list that says all that `from` is linked with: with what is missing in it. */
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
