import type { NodeLinks } from '../../streams/node-links.js';
import type { Clock } from '../clock.js';
import type { Channels } from './channels.js';
import type { ClusterApi } from './cluster-api.js';
import type { ClusterSettings, Engine } from './cluster-config.js';
import type { DeliveredFrame, Peer, Role } from './frames.js';
import type { LinkState } from './link-figures.js';
import type { KnownMember, Member, MembershipChange } from './membership.js';
import type { NodeId } from './node-id.js';
import type { Requester, Rpc } from './rpc.js';

/**
 * A cluster as the rest of noex uses it, whichever engine (mesh, memory, NATS) forms it. `createCluster` creates a
 * `ClusterEngine` from a function that starts an {@link EngineNode}.
 */
export interface ClusterEngine {
  readonly cluster: ClusterApi;
  readonly membership: MembershipView;
  readonly rpc: Rpc;
  readonly channels: Channels;
  /** Returns the figures of all links together; `undefined` if there are no links. */
  links(): NodeLinks | undefined;
  /** Returns the settings with which the cluster was started last; `undefined` before its first start. */
  settings(): ClusterSettings | undefined;
}

/** This node, the other nodes that it knows, and the changes to them. */
export interface MembershipView {
  /** This node; `undefined` while the cluster is not running. */
  local(): Peer | undefined;
  /** All other known nodes; empty while the cluster is not running. */
  members(): readonly Member[];
  /**
   * Calls `handler` with every change, in order, after {@link MembershipView.members} includes the change. When this
   * node stops, `handler` also receives `down` for every connected node, and `left` for every node. Returns a function
   * that ends the subscription.
   */
  onChange(handler: (change: MembershipChange) => void): () => void;
  /**
   * Calls `handler` when the link with a peer that may have sent requests to this node has ended: a member that went
   * down or was relinked, or an observer. Returns a function that ends the subscription.
   */
  onPeerGone(handler: (id: NodeId) => void): () => void;
}

/** One incarnation of this node, from start to stop. */
export interface EngineNode {
  readonly id: NodeId;
  readonly incarnation: number;
  /** When this node started, ms of the monotonic clock. */
  readonly startedAt: number;
  members(): readonly KnownMember[];
  member(id: NodeId): KnownMember | undefined;
  isConnected(id: NodeId): boolean;
  /** Whether this connected member or observer has announced the feature. */
  supports(id: NodeId, feature: string): boolean;
  /** The life that this connected member has announced; `undefined` if it has announced none. */
  lifeOf(id: NodeId): string | undefined;
  /** The data that was sent to this peer but has not been transmitted yet, bytes; 0 without a link. */
  backlog(id: NodeId): number;
  /** The measurements of the link with a member; `undefined` without a link, and always in the memory engine. */
  link(id: NodeId): LinkState | undefined;
  /** Whether this peer's backlog is small enough to send it notifications; `false` without a link. */
  hasRoom(id: NodeId): boolean;
  /**
   * Sends an encoded frame: in order, and at most once.
   *
   * @param to an id: the peer that holds the id now. A `Requester`: this incarnation of the member or observer only
   * @returns whether there is a connection for the frame
   */
  sendEncoded(to: NodeId | Requester, text: string): boolean;
  /**
   * Sends an encoded frame to one incarnation of a member. Transmits it, and what was sent before in this turn, at
   * once. Does nothing without a link.
   */
  sendNow(to: Peer, text: string): void;
  /** Sends an encoded frame to every connected member and observer that has room. */
  publishEncoded(text: string): void;
  /** Ends the link with a member, for example because it reads too slowly. Both nodes then try to connect again. */
  disconnect(id: NodeId): void;
  /** Leaves the cluster in an orderly way. Resolves when all resources of this incarnation are released. */
  stop(): Promise<void>;
}

/** What an engine needs to start a node. */
export interface EngineNodeOptions {
  readonly settings: ClusterSettings;
  /** An `observer` connects to members and discovers others through them, but is not a member itself. */
  readonly role: Role;
  /** The life of the runtime, announced to members. */
  readonly life: string;
  readonly incarnation: number;
  readonly clock: Clock;
  /** Returns the number of local processes, which every heartbeat carries. */
  readonly processCount: () => number;
  /** Receives errors that are not returned to a caller. */
  readonly onError: (error: Error) => void;
  /** Called with each change, after `members()` includes it. For each node, `up` and `down` alternate. */
  readonly onChange: (change: MembershipChange) => void;
  /** Called with each frame from a connected peer. From observers, only requests of public methods are delivered. */
  readonly onFrame: (from: Requester, frame: DeliveredFrame) => void;
  /** Whether observers may call this method. */
  readonly isPublic: (method: string) => boolean;
  /** Called when the connection with this observer has ended. */
  readonly onObserverGone: (id: NodeId) => void;
}

/**
 * Starts a node. Resolves before any link is established. Rejects with ListenError if the address cannot be bound, and
 * with EngineUnreachableError if the server of the engine cannot be reached.
 */
export type StartNode = (options: EngineNodeOptions) => Promise<EngineNode>;

/** An engine that was chosen with the option `engine`. */
export class ChosenEngine implements Engine {
  readonly name: string;
  readonly startNode: StartNode;
  /** The default of `heartbeatIntervalMs`. */
  readonly heartbeatIntervalMs: number;

  constructor(name: string, startNode: StartNode, heartbeatIntervalMs: number) {
    this.name = name;
    this.startNode = startNode;
    this.heartbeatIntervalMs = heartbeatIntervalMs;
  }
}
