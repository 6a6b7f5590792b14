import type { Build, Peer } from './frames.js';
import { emptyDescription, type NodeDescription } from './node-description.js';
import type { NodeId } from './node-id.js';

export type NodeStatus = 'connecting' | 'connected' | 'disconnected';

/**
 * Why a node went down:
 * - `heartbeat_timeout`: it was silent for too long.
 * - `connection_closed`: its link broke, this node disconnected it, or another incarnation of the node took its place.
 * - `connection_refused`: one side refused the other, for example because of an invalid frame.
 * - `graceful_shutdown`: it stopped intentionally.
 */
export type NodeDownReason = 'heartbeat_timeout' | 'connection_closed' | 'connection_refused' | 'graceful_shutdown';

/** Another node, and its status as this node knows it. */
export interface Member extends Peer {
  /** `connecting`: another node announced this member, and this node has not been linked with the member yet. */
  readonly status: NodeStatus;
}

/** The latest heartbeat of a node. */
export interface Heartbeat {
  /**
   * When the heartbeat arrived, ms since the epoch. A new link counts as a heartbeat. `null` before the first link with
   * this incarnation.
   */
  readonly lastHeardAt: number | null;
  readonly processCount: number;
  /** The uptime of the node at that heartbeat, ms. */
  readonly uptimeMs: number;
}

/** Everything that this node knows of another node. */
export type KnownMember = Member & NodeDescription & Heartbeat & Pick<Build, 'version'>;

/** What happened to the membership. Per node, `up` and `down` strictly alternate, and `up` comes first. */
export type MembershipChange =
  | { readonly type: 'learned'; readonly id: NodeId; readonly incarnation: number }
  | { readonly type: 'up'; readonly id: NodeId; readonly incarnation: number }
  /**
   * A new link replaced the link with a connected node. Frames sent over the old link that had not arrived are lost.
   */
  | { readonly type: 'relinked'; readonly id: NodeId; readonly incarnation: number }
  /**
   * The link with a node that is still connected was lost, and is not replaced yet. `relinked` or `down` follows. Only a
   * broker causes this: in a mesh, a lost link is a `down`.
   */
  | { readonly type: 'unlinked'; readonly id: NodeId; readonly incarnation: number }
  | { readonly type: 'down'; readonly id: NodeId; readonly incarnation: number; readonly reason: NodeDownReason }
  | { readonly type: 'left'; readonly id: NodeId; readonly incarnation: number }
  | { readonly type: 'forgotten'; readonly id: NodeId; readonly incarnation: number };

/** A member with its description, which is empty before the first link with this incarnation. */
interface Entry extends Member, NodeDescription {
  /** When the node was last known to be linked with this node or any other node, ms of the monotonic clock. */
  readonly keptAt: number;
}

/** A node that left; remembered so that delayed gossip does not bring it back. */
interface Tombstone {
  readonly incarnation: number;
  readonly at: number;
}

/** What this node knows of all other nodes. Immutable. In all functions below, `now` is ms of the monotonic clock. */
export interface Membership {
  readonly members: ReadonlyMap<NodeId, Entry>;
  readonly tombstones: ReadonlyMap<NodeId, Tombstone>;
}

/**
 * Gossip adds no members while there are at least this many. Each member takes memory and is dialled, although no link
 * has confirmed yet that it exists.
 */
const MAX_MEMBERS_FROM_GOSSIP = 1000;

/** The state after an event, and the changes that the event caused, in order. */
export interface Outcome {
  readonly state: Membership;
  readonly changes: readonly MembershipChange[];
}

export const emptyMembership: Membership = { members: new Map(), tombstones: new Map() };

/**
 * A link with this peer was established. If this incarnation is connected already, it is relinked. If another
 * incarnation of the peer is connected, that incarnation goes down first.
 *
 * @param description what the peer announced about its purpose
 */
export function linkUp(
  state: Membership,
  peer: Peer,
  now: number,
  { roles, metadata }: NodeDescription = emptyDescription,
): Outcome {
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
    roles,
    metadata,
  };
  return { state: { members: put(state.members, entry), tombstones: without(state.tombstones, peer.id) }, changes };
}

/** The link with this node was lost. The node stays a member. Changes nothing if the node is not connected. */
export function linkDown(state: Membership, id: NodeId, reason: NodeDownReason, now: number): Outcome {
  const old = state.members.get(id);
  if (old?.status !== 'connected') return { state, changes: [] };
  const entry: Entry = { ...old, status: 'disconnected', keptAt: now };
  return { state: { ...state, members: put(state.members, entry) }, changes: [down(old, reason)] };
}

/** The node announced its stop. It is removed. Its tombstone makes {@link learned} ignore this incarnation. */
export function left(state: Membership, id: NodeId, now: number): Outcome {
  const old = state.members.get(id);
  if (old === undefined) return { state, changes: [] };
  const changes: MembershipChange[] = [];
  if (old.status === 'connected') changes.push(down(old, 'graceful_shutdown'));
  changes.push({ type: 'left', id, incarnation: old.incarnation });
  const tombstones = new Map(state.tombstones).set(id, { incarnation: old.incarnation, at: now });
  return { state: { members: without(state.members, id), tombstones }, changes };
}

/**
 * Another node announced that it is linked with these peers. Adds unknown peers. Of known peers that are not connected
 * with this node, takes over a newer incarnation, and renews the entries, so that these peers are forgotten later.
 * Ignores incarnations that are older than the known one, or that have left.
 */
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
      const isSame = incarnation === old.incarnation;
      members.set(id, { ...old, ...(isSame ? {} : emptyDescription), incarnation, keptAt: now });
      hasChanged = true;
    } else if (members.size < MAX_MEMBERS_FROM_GOSSIP) {
      members.set(id, { id, incarnation, status: 'connecting', keptAt: now, ...emptyDescription });
      changes.push({ type: 'learned', id, incarnation });
      hasChanged = true;
    }
  }
  return { state: hasChanged ? { ...state, members } : state, changes };
}

/** Removes members that no node has been linked with for `forgetAfterMs`, and tombstones of that age. */
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
