import type { SupervisorStrategy } from './events.js';

export type ServerStatus = 'starting' | 'running' | 'stopping';

/** One GenServer, as of a snapshot. Rows that did not change are the same objects from snapshot to snapshot. */
export interface GenServerStats {
  readonly id: string;
  readonly name?: string;
  /** The id of its supervisor. */
  readonly parentId?: string;
  readonly status: ServerStatus;
  /** Messages waiting in the mailbox. */
  readonly queueSize: number;
  /** Messages handled: calls, casts and infos. */
  readonly messageCount: number;
  /** ms since the epoch */
  readonly startedAt: number;
  /** Time since `startedAt`, ms. Computed when read, so that an idle process keeps its row. */
  readonly uptimeMs: number;
}

/** One supervisor, as of a snapshot. Rows that did not change are the same objects from snapshot to snapshot. */
export interface SupervisorStats {
  readonly id: string;
  readonly name?: string;
  /** The id of its own supervisor. */
  readonly parentId?: string;
  readonly strategy: SupervisorStrategy;
  /** Children that exist now. */
  readonly childCount: number;
  /** Restarts of its children, all in all. */
  readonly totalRestarts: number;
  /** ms since the epoch */
  readonly startedAt: number;
  /** Time since `startedAt`, ms. Computed when read. */
  readonly uptimeMs: number;
}

export type ProcessTreeNode =
  | { readonly type: 'genserver'; readonly id: string; readonly name?: string; readonly stats: GenServerStats }
  | {
      readonly type: 'supervisor';
      readonly id: string;
      readonly name?: string;
      readonly stats: SupervisorStats;
      readonly children: readonly ProcessTreeNode[];
    };

/** Memory of one Node process, in bytes. */
export interface MemoryStats {
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  readonly rss: number;
  /** When it was measured, ms since the epoch. */
  readonly timestamp: number;
}

/** What one node looked like at one moment. */
export interface ObserverSnapshot {
  /** ms since the epoch */
  readonly timestamp: number;
  /** Grows with every change of a process; equal versions of one node show the same processes. */
  readonly version: number;
  readonly servers: readonly GenServerStats[];
  readonly supervisors: readonly SupervisorStats[];
  /** The supervision tree. Computed when first read. */
  readonly tree: readonly ProcessTreeNode[];
  /** Servers and supervisors. */
  readonly processCount: number;
  /** Handled by the processes alive now: the sum over `servers`. */
  readonly totalMessages: number;
  /** The sum over `supervisors`. */
  readonly totalRestarts: number;
  readonly memoryStats: MemoryStats;
}

/** `connected`: it answered. `timeout`: linked, but no answer in time. `disconnected`: the link is down. `error`: it answered with an error. */
export type NodeObserverStatus = 'connected' | 'disconnected' | 'timeout' | 'error';

/** One node in a cluster snapshot. */
export interface NodeObserverSnapshot<Id extends string = string> {
  readonly nodeId: Id;
  readonly status: NodeObserverStatus;
  /** `null` unless `connected`. */
  readonly snapshot: ObserverSnapshot | null;
  /** When this node's data last arrived here, ms since the epoch on the reading node's clock; 0: never. */
  readonly lastUpdate: number;
  /** What is wrong, for people. */
  readonly error?: string;
  /** The last data seen, of a node that is not connected now. */
  readonly lastSnapshot?: ObserverSnapshot;
}

/** Sums over the connected nodes; `totalNodeCount` counts all. */
export interface ClusterAggregate {
  readonly totalProcessCount: number;
  readonly totalServerCount: number;
  readonly totalSupervisorCount: number;
  readonly totalMessages: number;
  readonly totalRestarts: number;
  readonly connectedNodeCount: number;
  readonly totalNodeCount: number;
}

/** All nodes of the cluster, as one of them sees them. */
export interface ClusterObserverSnapshot<Id extends string = string> {
  /** ms since the epoch */
  readonly timestamp: number;
  readonly localNodeId: Id;
  /** The local node first, then by node id. */
  readonly nodes: readonly NodeObserverSnapshot<Id>[];
  readonly aggregated: ClusterAggregate;
}
