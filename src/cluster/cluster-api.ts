import type { ClusterConfig } from './cluster-config.js';
import type { LinkFigures } from './link-figures.js';
import type { NodeDownReason, NodeStatus } from './membership.js';
import type { NodeDescription } from './node-description.js';
import type { NodeId } from './node-id.js';

export type ClusterStatus = 'starting' | 'running' | 'stopping' | 'stopped';

/**
 * What this node knows of another node of the cluster, or of itself. Roles and metadata are those of `Cluster.start` of
 * that node. They are frozen, and stay after the node went down.
 */
export interface NodeInfo extends NodeDescription {
  readonly id: NodeId;
  /** The host in the node id. An IPv6 address has no brackets. */
  readonly host: string;
  readonly port: number;
  readonly status: NodeStatus;
  /** The number of processes of the node, as of its last heartbeat. */
  readonly processCount: number;
  /** When its last heartbeat arrived, ms since the epoch; `null` before the first. */
  readonly lastHeartbeatAt: number | null;
  /** The uptime of the node at its last heartbeat, ms. */
  readonly uptimeMs: number;
  /** The version of noex that the node runs; present while it is connected. */
  readonly version?: string;
  /** Measurements of the link with the node; present while the node is connected, except in the memory engine. */
  readonly link?: LinkFigures;
}

/**
 * This node's membership of a cluster. All methods except `start`, `stop`, `getStatus` and `on...` throw while the
 * cluster is not running.
 */
export interface ClusterApi {
  /**
   * Starts this node. Resolves when it listens, before it is linked with others. Seeds that do not answer are dialled
   * again until they do. Rejects with `InvalidClusterConfigError`, `ClusterAlreadyStartedError`, or `ListenError` if
   * the address cannot be bound.
   */
  start(config: ClusterConfig): Promise<void>;
  /** Leaves the cluster. Resolves when the port is free and all connections are closed. A second call is harmless. */
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
   * Calls `handler` when the first link with a node is established, or the first after it was down. Returns a function
   * that ends the subscription, as do the two methods below.
   */
  onNodeUp(handler: (node: NodeInfo) => void): () => void;
  /** Calls `handler` when the link with a connected node is lost, but not when this node stops. */
  onNodeDown(handler: (nodeId: NodeId, reason: NodeDownReason) => void): () => void;
  onStatusChange(handler: (status: ClusterStatus) => void): () => void;
}
