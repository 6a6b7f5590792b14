import { encode } from '../codec.js';
import type { MembersFrame, Peer } from '../frames.js';
import type { NodeId } from '../node-id.js';
import type { LinkTable } from './link-table.js';

/** The receiver rejects frames with more members. */
const MAX_MEMBERS = 4096;

/** Anti-entropy: once in this many heartbeats, one peer receives the full member list, in case an update was lost. */
const BEATS_PER_ROUND = 10;

interface GossipOptions {
  readonly linked: LinkTable;
  readonly random: () => number;
  /** Sends a frame to all observers. */
  readonly toObservers: (text: string) => void;
}

/** Spreads the member list: to each new peer, news of that peer to the others, and periodically to a random peer. */
export class Gossip {
  readonly #options: GossipOptions;
  #beats = 0;

  constructor(options: GossipOptions) {
    this.#options = options;
  }

  /** The full member list, for a peer that is not a member itself. */
  memberList(): MembersFrame {
    return memberList(this.#peers());
  }

  /** Sends the member list to a new peer, and announces the peer to the other members if `isNew`. */
  introduce(peer: Peer, isNew: boolean): void {
    const { linked, toObservers } = this.#options;
    linked.get(peer.id)?.link.send(this.#listExcept(peer.id));
    const update = encode(memberList([peer]));
    if (isNew) {
      for (const other of linked.nodes()) if (other.peer.id !== peer.id) other.link.sendEncoded(update);
    }
    toObservers(update);
  }

  /** To be called after each heartbeat. */
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
