import type { ClusterNames } from './cluster-names.js';
import type { SupervisorStrategy } from './events.js';
import type { Moment } from './moment.js';
import type { NodeLinks } from './node-links.js';
import type { Registrations } from './registrations.js';
import type { ServerCounts } from './server-counts.js';
import type { NodeTotals } from './totals.js';

/** Percentiles of a duration, ms. The relative error is at most 1/16; `max` and values below 16 us are exact. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * How long messages of the last minute waited, and how long their handlers took. If there are many messages, only a
 * sample of them is measured.
 */
export interface LatencyStats {
  /**
   * The nominal time that the figures cover: 60000 ms. They cover 50 to 60 s, because old ones expire 10 s at a time.
   */
  readonly windowMs: number;
  /** Time in the mailbox. */
  readonly wait: Percentiles;
  /** Time in the handler, including the time that the handler awaited. */
  readonly handle: Percentiles;
}

export type ServerStatus = 'starting' | 'running' | 'stopping';

/** One GenServer in a snapshot. As long as no field of a row changes, successive snapshots share the row. */
export interface GenServerStats extends ServerCounts {
  readonly id: string;
  readonly name?: string;
  /**
   * The `label` option. Default: the global name, or for a child of a distributed supervisor the name of its behavior.
   * Several processes may have the same label. Totals of processes without a registered name are counted per label.
   */
  readonly label?: string;
  /** The id of its supervisor. Absent: the process has no supervisor on its node. */
  readonly parentId?: string;
  /** The id of the process in its child spec. Absent: the process is not a child. */
  readonly childId?: string;
  /**
   * The name of the distributed supervisor of which the process is a child. If that supervisor has no name: the process
   * id of its leader. Absent: the process is not the child of a distributed supervisor.
   */
  readonly distributedSupervisor?: string;
  readonly status: ServerStatus;
  /** Messages waiting in the mailbox. */
  readonly queueSize: number;
  /** Messages handled: calls, casts and infos. */
  readonly messageCount: number;
  /** When the process was started, ms since the epoch. */
  readonly startedAt: number;
  /** When the process was started, in whole ms of the monotonic clock of its node. */
  readonly startedMonotonic: number;
  /** Its global names and groups. Absent: it never had any, or its node does not report them. */
  readonly registrations?: Registrations;
  /** Time since the start of the process, ms. Computed when read, so that time alone does not change the row. */
  readonly uptimeMs: number;
  /**
   * The latency of the messages of this process in the last minute. Absent: no message was measured in that time.
   * Computed when the property is read, because old measurements expire.
   */
  readonly latency?: LatencyStats | undefined;
}

/** One supervisor in a snapshot. As long as no field of a row changes, successive snapshots share the row. */
export interface SupervisorStats {
  readonly id: string;
  readonly name?: string;
  /** The id of the supervisor above this one. Absent: this is a root supervisor. */
  readonly parentId?: string;
  /** The id of the process in its child spec. Absent: this is a root supervisor. */
  readonly childId?: string;
  /** The name of the distributed supervisor of which this is an instance. Absent: no instance, or no name. */
  readonly distributedSupervisor?: string;
  readonly strategy: SupervisorStrategy;
  /** The number of its running children. */
  readonly childCount: number;
  /** The number of restarts of all its children since the supervisor was started. */
  readonly totalRestarts: number;
  /** When the process was started, ms since the epoch. */
  readonly startedAt: number;
  /** When the process was started, in whole ms of the monotonic clock of its node. */
  readonly startedMonotonic: number;
  /** Its global names and groups. Absent: it never had any, or its node does not report them. */
  readonly registrations?: Registrations;
  /** Time since the start of the supervisor, ms. Computed when read. */
  readonly uptimeMs: number;
}

interface TreePlace {
  readonly id: string;
  readonly name?: string;
  /** The id of the process in its child spec. Absent: the process is not a child. */
  readonly childId?: string;
}

export type ProcessTreeNode =
  | (TreePlace & {
      readonly type: 'genserver';
      readonly stats: GenServerStats;
      /** Always absent. Declared so that code which walks the tree can read `children` of both kinds of nodes. */
      readonly children?: readonly ProcessTreeNode[];
    })
  | (TreePlace & {
      readonly type: 'supervisor';
      readonly stats: SupervisorStats;
      readonly children: readonly ProcessTreeNode[];
    });

/** Memory of one Node.js process, in bytes. */
export interface MemoryStats {
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  readonly rss: number;
  /** When the memory was measured, ms since the epoch. */
  readonly timestamp: number;
}

/** What observing costs this Node.js process, averaged over the last ten seconds. */
export interface ObserverCost {
  /** Time spent on observing, ms per second, including synchronous work of subscribers. */
  readonly msPerSecond: number;
  /** Events folded into the model, per second. */
  readonly eventsPerSecond: number;
  /** Bytes of reports and log entries sent to other nodes, per second. */
  readonly bytesPerSecond: number;
}

/**
 * Load of the Node.js process of a node. Each measurement covers the time since the previous measurement, which is at
 * least one second. The first measurement covers the time since the Node.js process was started.
 */
export interface ProcessVitals {
  /** Share of the time in which the event loop was not idle, 0 to 1. */
  readonly eventLoopUtilization: number;
  /** How late timers fire, ms. Both are 0 in the first measurement, which only starts to measure delays. */
  readonly eventLoopDelay: { readonly p50: number; readonly p99: number };
  /** CPU time used by all threads, as a share of one core. Above 1 if several cores were busy. */
  readonly cpu: number;
  /** How long the Node.js process has been running, ms. */
  readonly uptimeMs: number;
}

export interface NodeVitals extends ProcessVitals {
  readonly observer: ObserverCost;
  /** The current flush interval, ms. It grows while observing costs more than its budget. */
  readonly flushIntervalMs: number;
  /** Absent: the node has no links, or does not report them. */
  readonly links?: NodeLinks;
}

/** The state of one node at one moment. */
export interface ObserverSnapshot extends Moment {
  /**
   * Increases with every change of a process. Two snapshots of one life of a node with the same version show the same
   * processes.
   */
  readonly version: number;
  readonly servers: readonly GenServerStats[];
  readonly supervisors: readonly SupervisorStats[];
  /** The supervision tree. Computed when first read. */
  readonly tree: readonly ProcessTreeNode[];
  /** The number of GenServers and supervisors, including those without a row here. */
  readonly processCount: number;
  readonly serverCount: number;
  readonly supervisorCount: number;
  /** Messages handled by the processes that are alive now. */
  readonly totalMessages: number;
  /** Restarts made by the supervisors that are alive now. */
  readonly totalRestarts: number;
  /**
   * Totals since the runtime was created, including processes that have ended. Absent: the node did not report them.
   */
  readonly totals?: NodeTotals | undefined;
  /**
   * `rows`: some processes have no row; counts and totals still cover all processes. Absent: each process has a row.
   */
  readonly truncated?: 'rows';
  readonly memoryStats: MemoryStats;
  /** Load, cost of observing and links of the node. Absent: the node did not report them. */
  readonly vitals?: NodeVitals;
}

/**
 * - `connected`: the node answered, or pushes reports, or is the local node.
 * - `timeout`: the node is linked, but did not answer in time, or has sent no report for too long, or none yet.
 * - `disconnected`: there is no link with the node.
 * - `error`: the node answered with an error or an invalid report, or is the local node with `observer: false`.
 */
export type NodeObserverStatus = 'connected' | 'disconnected' | 'timeout' | 'error';

/** One node in a cluster snapshot. */
export interface NodeObserverSnapshot<Id extends string = string> {
  readonly nodeId: Id;
  readonly status: NodeObserverStatus;
  /** `null` unless `connected`. */
  readonly snapshot: ObserverSnapshot | null;
  /** When data of this node last arrived, ms since the epoch on the clock of the reader. 0: never. */
  readonly lastUpdate: number;
  /** The time from the last arrival of data to the cluster snapshot, ms. Absent: no data has arrived. */
  readonly ageMs?: number;
  /** What is wrong with the node or the link, as text for people. Absent: nothing. */
  readonly error?: string;
  /**
   * The last known snapshot of a node that is not `connected`. Absent: the node is connected, or no snapshot is known.
   */
  readonly lastSnapshot?: ObserverSnapshot;
}

/** Sums over the connected nodes, except `totalNodeCount`, which is the number of all nodes. */
export interface ClusterAggregate {
  readonly totalProcessCount: number;
  readonly totalServerCount: number;
  readonly totalSupervisorCount: number;
  readonly totalMessages: number;
  readonly totalRestarts: number;
  readonly connectedNodeCount: number;
  readonly totalNodeCount: number;
}

/** The state of all nodes of a cluster, as one reader knows them: a member or an attached observer. */
export interface ClusterObserverSnapshot<Id extends string = string> extends Moment {
  readonly localNodeId: Id;
  /** The local node first, then the others in the order of their ids. An attached observer has no entry. */
  readonly nodes: readonly NodeObserverSnapshot<Id>[];
  readonly aggregated: ClusterAggregate;
  /** The global names and groups of the connected nodes. Computed when first read. */
  readonly names: ClusterNames;
}
