import type { MembersFrame, Peer } from '../frames.js';
import type { NodeId } from '../node-id.js';

/** Frames with more are refused by the other side. */
const MAX_MEMBERS = 4096;

/** News of one member, for all the others. */
export function memberUpdate(peer: Peer): MembersFrame {
  return { type: 'members', members: [peer] };
}

/** All there is to tell somebody who is not among the peers. */
export function memberList(peers: readonly Peer[]): MembersFrame {
  return { type: 'members', members: peers.slice(0, MAX_MEMBERS) };
}

/** All there is to tell one of the peers: the others. */
export function memberListExcept(peers: readonly Peer[], to: NodeId): MembersFrame {
  return memberList(peers.filter((peer) => peer.id !== to));
}

/** Whom to tell everything this time: any of them, so that in the long run all are told. */
export function pickGossipPeer(peers: readonly Peer[], random: () => number): Peer | undefined {
  return peers[Math.floor(random() * peers.length)];
}
