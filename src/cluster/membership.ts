import type { Build, Peer } from './frames.js';
import type { NodeId } from './node-id.js';

export type NodeStatus = 'connecting' | 'connected' | 'disconnected';

/**
 * Why a node went down: silent too long; its link broke; one side ended the link because of what the other did; or it
 * stopped on purpose.
 */
export type NodeDownReason = 'heartbeat_timeout' | 'connection_closed' | 'connection_refused' | 'graceful_shutdown';

/** Another node as this one knows it. */
export interface Member extends Peer {
  /** `connecting`: another node announced it, and there has been no link with it yet. */
  readonly status: NodeStatus;
}

/** The latest heartbeat of a node. */
export interface Heartbeat {
  /** When it came, ms since the epoch; `null`: none yet of this incarnation. */
  readonly lastHeardAt: number | null;
  readonly processCount: number;
  /** How long it had been running then, ms. */
  readonly uptimeMs: number;
}

/** What is known of another node. */
export type KnownMember = Member & Heartbeat & Pick<Build, 'version'>;

/** What happened to the membership. Per node, `up` and `down` strictly alternate, and `up` comes first. */
export type MembershipChange =
  | { readonly type: 'learned'; readonly id: NodeId; readonly incarnation: number }
  | { readonly type: 'up'; readonly id: NodeId; readonly incarnation: number }
  /**
   * Another link took the place of the one with a node that is up. The one before is over, and with it what was sent over it
   * and did not arrive.
   */
  | { readonly type: 'relinked'; readonly id: NodeId; readonly incarnation: number }
  | { readonly type: 'down'; readonly id: NodeId; readonly incarnation: number; readonly reason: NodeDownReason }
  | { readonly type: 'left'; readonly id: NodeId; readonly incarnation: number }
  | { readonly type: 'forgotten'; readonly id: NodeId; readonly incarnation: number };

interface Entry extends Member {
  /** When there last was a reason to keep it: linked here, or linked with another node. Monotonic ms. */
  readonly keptAt: number;
}

/** A node that left, so that gossip still under way does not bring it back. */
interface Tombstone {
  readonly incarnation: number;
  readonly at: number;
}

/** All that one node knows of the others. Immutable; `now` is everywhere the monotonic clock, ms. */
export interface Membership {
  readonly members: ReadonlyMap<NodeId, Entry>;
  readonly tombstones: ReadonlyMap<NodeId, Tombstone>;
}

/** The most members known from gossip alone: each takes memory, and is dialled. */
const MAX_UNCONFIRMED = 1000;

export interface Outcome {
  readonly state: Membership;
  readonly changes: readonly MembershipChange[];
}

export const emptyMembership: Membership = { members: new Map(), tombstones: new Map() };

/** A link with this peer is established. A new incarnation takes the place of the old one, which thereby went down. */
export function linkUp(state: Membership, peer: Peer, now: number): Outcome {
  const old = state.members.get(peer.id);
  if (old?.status === 'connected' && old.incarnation === peer.incarnation) {
    return { state, changes: [{ type: 'relinked', id: peer.id, incarnation: peer.incarnation }] };
  }
  const changes: MembershipChange[] = [];
  if (old?.status === 'connected') changes.push(down(old, 'connection_closed'));
  changes.push({ type: 'up', id: peer.id, incarnation: peer.incarnation });
  const entry: Entry = {
    id: peer.id,
    incarnation: peer.incarnation,
    status: 'connected',
    keptAt: now,
  };
  return { state: { members: put(state.members, entry), tombstones: without(state.tombstones, peer.id) }, changes };
}

/** The last link with this node is gone. */
export function linkDown(state: Membership, id: NodeId, reason: NodeDownReason, now: number): Outcome {
  const old = state.members.get(id);
  if (old?.status !== 'connected') return { state, changes: [] };
  const entry: Entry = { ...old, status: 'disconnected', keptAt: now };
  return { state: { ...state, members: put(state.members, entry) }, changes: [down(old, reason)] };
}

/** The node announced its stop. It is no member any more, and gossip about this incarnation is stale. */
export function left(state: Membership, id: NodeId, now: number): Outcome {
  const old = state.members.get(id);
  if (old === undefined) return { state, changes: [] };
  const changes: MembershipChange[] = [];
  if (old.status === 'connected') changes.push(down(old, 'graceful_shutdown'));
  changes.push({ type: 'left', id, incarnation: old.incarnation });
  const tombstones = new Map(state.tombstones).set(id, { incarnation: old.incarnation, at: now });
  return { state: { members: without(state.members, id), tombstones }, changes };
}

/** Another node announces that it is linked with these peers: a reason to know them, and to keep them. */
export function learned(state: Membership, peers: readonly Peer[], now: number): Outcome {
  const members = new Map(state.members);
  const changes: MembershipChange[] = [];
  let hasChanged = false;
  for (const { id, incarnation } of peers) {
    const tombstone = state.tombstones.get(id);
    if (tombstone !== undefined && incarnation <= tombstone.incarnation) continue;
    const old = members.get(id);
    // Only a link proves which incarnation of a node is the current one.
    if (old?.status === 'connected' || (old !== undefined && incarnation < old.incarnation)) continue;
    if (old !== undefined) {
      members.set(id, { ...old, incarnation, keptAt: now });
      hasChanged = true;
    } else if (members.size < MAX_UNCONFIRMED) {
      members.set(id, { id, incarnation, status: 'connecting', keptAt: now });
      changes.push({ type: 'learned', id, incarnation });
      hasChanged = true;
    }
  }
  return { state: hasChanged ? { ...state, members } : state, changes };
}

/** Forgets members that no node has been linked with for `forgetAfterMs`, and tombstones of that age. */
export function forget(state: Membership, now: number, forgetAfterMs: number): Outcome {
  const isOver = (since: number) => now - since >= forgetAfterMs;
  const gone = [...state.members.values()].filter(({ status, keptAt }) => status !== 'connected' && isOver(keptAt));
  const stale = [...state.tombstones].filter(([, { at }]) => isOver(at));
  if (gone.length === 0 && stale.length === 0) return { state, changes: [] };
  return {
    state: {
      members: without(state.members, ...gone.map(({ id }) => id)),
      tombstones: without(state.tombstones, ...stale.map(([id]) => id)),
    },
    changes: gone.map(({ id, incarnation }) => ({ type: 'forgotten', id, incarnation })),
  };
}

function down({ id, incarnation }: Peer, reason: NodeDownReason): MembershipChange {
  return { type: 'down', id, incarnation, reason };
}

function put(members: ReadonlyMap<NodeId, Entry>, entry: Entry): ReadonlyMap<NodeId, Entry> {
  return new Map(members).set(entry.id, entry);
}

function without<V>(map: ReadonlyMap<NodeId, V>, ...ids: NodeId[]): ReadonlyMap<NodeId, V> {
  const rest = new Map(map);
  for (const id of ids) rest.delete(id);
  return rest;
}
