import { encode } from '../codec.js';
import type { MembersFrame, Peer } from '../frames.js';
import type { NodeId } from '../node-id.js';
import type { LinkTable } from './link-table.js';

/** Frames with more are refused by the other side. */
const MAX_MEMBERS = 4096;

/** Anti-entropy: after this many heartbeats, one peer receives the full member list, in case an update was lost. */
const BEATS_PER_ROUND = 10;

interface GossipOptions {
  readonly linked: LinkTable;
  readonly random: () => number;
  /** Sends a frame to all observers. */
  readonly toObservers: (text: string) => void;
}

/** Spreads the list of members: to a new peer, from a new peer to the others, and to a random peer from time to time. */
export class Gossip {
  readonly #options: GossipOptions;
  #beats = 0;

  constructor(options: GossipOptions) {
    this.#options = options;
  }

  /** The full member list, for a peer that is not in it. */
  memberList(): MembersFrame {
    return memberList(this.#peers());
  }

  /** Announces the members to a new peer, and the peer to the members unless they know of it (`isNew`: false). */
  introduce(peer: Peer, isNew: boolean): void {
    const { linked, toObservers } = this.#options;
    linked.get(peer.id)?.link.send(this.#listExcept(peer.id));
    const update = encode(memberList([peer]));
    if (isNew) {
      for (const other of linked.nodes()) if (other.peer.id !== peer.id) other.link.sendEncoded(update);
    }
    toObservers(update);
  }

  /** After each heartbeat. */
  beat(): void {
    const { linked, random, toObservers } = this.#options;
    this.#beats += 1;
    if (this.#beats % BEATS_PER_ROUND !== 0) return;
    toObservers(encode(this.memberList()));
    const peers = this.#peers();
    const target = peers[Math.floor(random() * peers.length)];
    if (target !== undefined) linked.get(target.id)?.link.offer(encode(this.#listExcept(target.id)));
  }

  #listExcept(id: NodeId): MembersFrame {
    return memberList(this.#peers().filter((peer) => peer.id !== id));
  }

  #peers(): readonly Peer[] {
    return this.#options.linked.nodes().map(({ peer }) => peer);
  }
}

function memberList(peers: readonly Peer[]): MembersFrame {
  return { type: 'members', members: peers.slice(0, MAX_MEMBERS) };
}
