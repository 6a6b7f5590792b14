import type { MembersFrame, Peer } from '../frames.js';
import type { NodeId } from '../node-id.js';

/** Frames with more are refused by the other side. */
const MAX_MEMBERS = 4096;

/** News of one member, for all the others. */
export function memberUpdate(peer: Peer): MembersFrame {
  return { type: 'members', members: [peer] };
}

/** The full member list, for a peer that is not in it. */
export function memberList(peers: readonly Peer[]): MembersFrame {
  return { type: 'members', members: peers.slice(0, MAX_MEMBERS) };
}

/** The full member list without the peer it is sent to. */
export function memberListExcept(peers: readonly Peer[], to: NodeId): MembersFrame {
  return memberList(peers.filter((peer) => peer.id !== to));
}

/** Picks a random peer for anti-entropy, so that in the long run every peer receives the full list. */
export function pickGossipPeer(peers: readonly Peer[], random: () => number): Peer | undefined {
  return peers[Math.floor(random() * peers.length)];
}
