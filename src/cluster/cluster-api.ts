import type { ClusterConfig } from './cluster-config.js';
import type { LinkFigures } from './link-figures.js';
import type { NodeDownReason, NodeStatus } from './membership.js';
import type { NodeDescription } from './node-description.js';
import type { NodeId } from './node-id.js';

export type ClusterStatus = 'starting' | 'running' | 'stopping' | 'stopped';

/**
 * What this node knows of another node of the cluster, or of itself. Roles and metadata are those that the described
 * node passed to `Cluster.start`. They are frozen, empty before the first link with the node, and stay after it went
 * down.
 */
export interface NodeInfo extends NodeDescription {
  readonly id: NodeId;
  /** The host in the node id. An IPv6 address has no brackets. */
  readonly host: string;
  readonly port: number;
  readonly status: NodeStatus;
  /** The number of processes of the node, as of its last heartbeat; 0 before the first. */
  readonly processCount: number;
  /**
   * When the last heartbeat of the node arrived, ms since the epoch. A new link counts as a heartbeat. `null` before
   * the first link.
   */
  readonly lastHeartbeatAt: number | null;
  /** The uptime of the node at its last heartbeat, ms; 0 before the first. */
  readonly uptimeMs: number;
  /** The version of noex that the node runs; present while the node is connected. */
  readonly version?: string;
  /**
   * Measurements of the link with the node. Absent for the local node, for nodes that are not connected, in the
   * argument of `onNodeUp`, and in the memory engine.
   */
  readonly link?: LinkFigures;
}

/**
 * This node's membership of a cluster. All methods except `start`, `stop`, `getStatus` and `on...` throw
 * ClusterNotStartedError while the cluster is not running.
 */
export interface ClusterApi {
  /**
   * Starts this node. Resolves when it listens, before it is linked with others. Seeds that do not answer are dialled
   * again until they do. Rejects with `InvalidClusterConfigError`, with `ClusterAlreadyStartedError`, or with
   * `ListenError` if the address cannot be bound.
   */
  start(config: ClusterConfig): Promise<void>;
  /**
   * Leaves the cluster. Resolves when the port is free and all connections are closed. Does nothing if the cluster is
   * stopped already.
   */
  stop(): Promise<void>;
  getStatus(): ClusterStatus;
  getLocalNodeId(): NodeId;
  getLocalNodeInfo(): NodeInfo;
  /** All other known nodes, whatever their status, sorted by id. */
  getNodes(): readonly NodeInfo[];
  getConnectedNodes(): readonly NodeInfo[];
  /** The ids of {@link ClusterApi.getNodes}. */
  getNodeIds(): readonly NodeId[];
  /** Returns what is known of a node, or of the local node; `undefined` if no node with this id is known. */
  getNode(id: NodeId): NodeInfo | undefined;
  /** Whether a node is connected. The local node is always connected. */
  isNodeConnected(id: NodeId): boolean;
  /** The number of other nodes that are connected. */
  getConnectedNodeCount(): number;
  /** The time since this node started, ms. */
  getUptimeMs(): number;
  /**
   * Calls `handler` when a node becomes connected, for the first time or after it was down. Returns a function that
   * ends the subscription, as do the two methods below.
   */
  onNodeUp(handler: (node: NodeInfo) => void): () => void;
  /** Calls `handler` when a connected node goes down, but not when this node stops. */
  onNodeDown(handler: (nodeId: NodeId, reason: NodeDownReason) => void): () => void;
  onStatusChange(handler: (status: ClusterStatus) => void): () => void;
}
