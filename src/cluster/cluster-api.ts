import type { ClusterConfig } from './cluster-config.js';
import type { NodeDownReason, NodeStatus } from './membership.js';
import type { NodeId } from './node-id.js';

export type ClusterStatus = 'starting' | 'running' | 'stopping' | 'stopped';

/** A node as a member of the cluster sees it. */
export interface NodeInfo {
  readonly id: NodeId;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly status: NodeStatus;
  /** As of its last heartbeat. */
  readonly processCount: number;
  /** ms since the epoch; `null` while there was none yet. */
  readonly lastHeartbeatAt: number | null;
  /** ms, as of its last heartbeat. */
  readonly uptimeMs: number;
  /** The version of the library that it runs, while it is connected. */
  readonly version?: string;
}

/** This node's membership of a cluster. All but `start`, `stop`, `getStatus` and `on...` throw when it is not running. */
export interface ClusterApi {
  /**
   * Resolves when this node listens. Seeds that do not answer are tried until they do.
   * Rejects with `InvalidClusterConfigError`, `ClusterAlreadyStartedError`, `ListenError`.
   */
  start(config: ClusterConfig): Promise<void>;
  /** Leaves the cluster. Resolves when the port is free and all connections are closed. A second call is harmless. */
  stop(): Promise<void>;
  getStatus(): ClusterStatus;
  getLocalNodeId(): NodeId;
  getLocalNodeInfo(): NodeInfo;
  /** The others, in whatever status, by id. */
  getNodes(): readonly NodeInfo[];
  getConnectedNodes(): readonly NodeInfo[];
  /** The ids of {@link ClusterApi.getNodes}. */
  getNodeIds(): readonly NodeId[];
  /** Also answers for the local node. */
  getNode(id: NodeId): NodeInfo | undefined;
  /** The local node is always connected. */
  isNodeConnected(id: NodeId): boolean;
  /** How many others are connected. */
  getConnectedNodeCount(): number;
  /** ms since the start. */
  getUptimeMs(): number;
  /** There is a link with this node now. Returns what ends the subscription, as do the two below. */
  onNodeUp(handler: (node: NodeInfo) => void): () => void;
  /** The link with a node that was up is gone. Not called for this node's own stop. */
  onNodeDown(handler: (nodeId: NodeId, reason: NodeDownReason) => void): () => void;
  onStatusChange(handler: (status: ClusterStatus) => void): () => void;
}
