import type { Clock } from '../clock.js';
import type { Channels } from './channels.js';
import type { ClusterApi } from './cluster-api.js';
import type { ClusterSettings } from './cluster-config.js';
import type { DeliveredFrame, Peer, Role } from './frames.js';
import type { KnownMember, Member, MembershipChange } from './membership.js';
import type { NodeId } from './node-id.js';
import type { Requester, Rpc } from './rpc.js';

/**
 * What forms a cluster: the seam between engines (the mesh, memory) and all that is built on them. `createCluster` makes one
 * of what an engine provides: a function that starts an {@link EngineNode}.
 */
export interface ClusterEngine {
  readonly cluster: ClusterApi;
  readonly membership: MembershipView;
  readonly rpc: Rpc;
  readonly channels: Channels;
}

/** The membership as the observer reads it. */
export interface MembershipView {
  /** This node, while the cluster runs. */
  local(): Peer | undefined;
  /** All that is known of the others; none while the cluster does not run. */
  members(): readonly Member[];
  /**
   * Every change, in order; {@link MembershipView.members} shows it already. When this node stops, all the others go
   * down and leave.
   */
  onChange(handler: (change: MembershipChange) => void): () => void;
  /**
   * The link with a peer that may have requested something of this node has ended: of a member that went down or was linked
   * again, or of an observer.
   */
  onPeerGone(handler: (id: NodeId) => void): () => void;
}

/** One incarnation of this node, from start to stop. */
export interface EngineNode {
  readonly id: NodeId;
  readonly incarnation: number;
  /** ms of the monotonic clock */
  readonly startedAt: number;
  members(): readonly KnownMember[];
  member(id: NodeId): KnownMember | undefined;
  isConnected(id: NodeId): boolean;
  /** Whether that connected member or observer has announced the feature. */
  supports(id: NodeId, feature: string): boolean;
  /** The life that a connected member has announced. */
  lifeOf(id: NodeId): string | undefined;
  /** How much of what was sent to that peer it has not taken yet, bytes. */
  backlog(id: NodeId): number;
  /** Whether that peer takes what it is sent, and so may be notified. */
  hasRoom(id: NodeId): boolean;
  /**
   * Sends an encoded frame: in order, and at most once.
   *
   * @param to the current holder of that id, or one incarnation of a member or an observer
   * @returns whether there is a connection to send it on
   */
  sendEncoded(to: NodeId | Requester, text: string): boolean;
  /** Sends an encoded frame to every connected member and observer that has room. */
  publishEncoded(text: string): void;
  /** Ends the connection with a member that does not take what it is sent. */
  disconnect(id: NodeId): void;
  /** Leaves politely. Resolves when nothing is left of this incarnation. */
  stop(): Promise<void>;
}

/** What an engine needs to start a node. */
export interface EngineNodeOptions {
  readonly settings: ClusterSettings;
  /** An `observer` connects to members and learns of others from them, but is no member. */
  readonly role: Role;
  /** Announced to members. */
  readonly life: string;
  readonly incarnation: number;
  readonly clock: Clock;
  /** Sent with every heartbeat. */
  readonly processCount: () => number;
  /** Receives errors that are not returned to a caller. */
  readonly onError: (error: Error) => void;
  /** After the state changed; `members()` shows it. Up and down of a node alternate. */
  readonly onChange: (change: MembershipChange) => void;
  /** A frame came from a connected peer. Frames of an observer are requests of public methods only. */
  readonly onFrame: (from: Requester, frame: DeliveredFrame) => void;
  /** Whether observers may call this method. */
  readonly isPublic: (method: string) => boolean;
  /** The connection with this observer has ended. */
  readonly onObserverGone: (id: NodeId) => void;
}

/** Starts a node; rejects with ListenError. */
export type StartNode = (options: EngineNodeOptions) => Promise<EngineNode>;
