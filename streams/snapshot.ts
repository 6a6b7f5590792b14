import type { SupervisorStrategy } from './events.js';
import type { Moment } from './moment.js';
import type { NodeLinks } from './node-links.js';
import type { ServerCounts } from './server-fields.js';
import type { NodeTotals } from './totals.js';

/** In ms. At most a sixteenth off, and exact below 16 us; `max` is exact. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How long messages took in the last minute. Estimated from a sample of the messages when there are many. */
export interface LatencyStats {
  /** The time that the figures cover, ms: 60000, of which the first ten seconds may be over already. */
  readonly windowMs: number;
  /** Time in the mailbox. */
  readonly wait: Percentiles;
  /** Time in the handler, what it awaited included. */
  readonly handle: Percentiles;
}

export type ServerStatus = 'starting' | 'running' | 'stopping';

/** One GenServer, as of a snapshot. Rows that did not change are the same objects from snapshot to snapshot. */
export interface GenServerStats extends ServerCounts {
  readonly id: string;
  readonly name?: string;
  /** A text that its start was given, for people and for totals: several processes may have the same. */
  readonly label?: string;
  /** The id of its supervisor. */
  readonly parentId?: string;
  /** The id of its child spec. Absent: it has no supervisor. */
  readonly childId?: string;
  readonly status: ServerStatus;
  /** Messages waiting in the mailbox. */
  readonly queueSize: number;
  /** Messages handled: calls, casts and infos. */
  readonly messageCount: number;
  /** ms since the epoch */
  readonly startedAt: number;
  /** The same moment on the monotonic clock of its node, whole ms. */
  readonly startedMonotonic: number;
  /** Time since its start on the monotonic clock, ms. Computed when read, so that an idle process keeps its row. */
  readonly uptimeMs: number;
  /** How long its messages took in the last minute. Absent: nothing was measured in it. Computed when read. */
  readonly latency?: LatencyStats | undefined;
}

/** One supervisor, as of a snapshot. Rows that did not change are the same objects from snapshot to snapshot. */
export interface SupervisorStats {
  readonly id: string;
  readonly name?: string;
  /** The id of its own supervisor. */
  readonly parentId?: string;
  /** The id of its child spec. Absent: it has no supervisor. */
  readonly childId?: string;
  readonly strategy: SupervisorStrategy;
  /** The number of its children at the time of the snapshot. */
  readonly childCount: number;
  /** Restarts of its children, all in all. */
  readonly totalRestarts: number;
  /** ms since the epoch */
  readonly startedAt: number;
  /** The same moment on the monotonic clock of its node, whole ms. */
  readonly startedMonotonic: number;
  /** Time since its start on the monotonic clock, ms. Computed when read. */
  readonly uptimeMs: number;
}

interface TreePlace {
  readonly id: string;
  readonly name?: string;
  /** The id of its child spec. Absent: it has no supervisor. */
  readonly childId?: string;
}

export type ProcessTreeNode =
  | (TreePlace & {
      readonly type: 'genserver';
      readonly stats: GenServerStats;
      /** Always absent, so that a walk over the tree can read `children` of any node. */
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
  /** When it was measured, ms since the epoch. */
  readonly timestamp: number;
}

/** What observing costs, over the last ten seconds or so. */
export interface ObserverCost {
  /** Time spent on it, ms per second; what subscribers do synchronously is included. */
  readonly msPerSecond: number;
  /** Events emitted. */
  readonly eventsPerSecond: number;
  /** Sent to other nodes. */
  readonly bytesPerSecond: number;
}

/** How the Node.js process of a node is doing: what the operating system and the event loop say, since about a second ago. */
export interface ProcessVitals {
  /** Share of the time in which the event loop was not idle, 0 to 1. */
  readonly eventLoopUtilization: number;
  /** How much later than due timers fire, ms. */
  readonly eventLoopDelay: { readonly p50: number; readonly p99: number };
  /** CPU time used, all threads, as a share of one core: may be above 1. */
  readonly cpu: number;
  /** How long the Node.js process has been running, ms. */
  readonly uptimeMs: number;
}

export interface NodeVitals extends ProcessVitals {
  readonly observer: ObserverCost;
  /** The interval at which counters become events, ms; it grows while observing costs more than its budget. */
  readonly flushIntervalMs: number;
  /** Absent: the node has no links, or does not report them. */
  readonly links?: NodeLinks;
}

/** What one node looked like at one moment. */
export interface ObserverSnapshot extends Moment {
  /** Grows with every change of a process; equal versions of one node show the same processes. */
  readonly version: number;
  readonly servers: readonly GenServerStats[];
  readonly supervisors: readonly SupervisorStats[];
  /** The supervision tree. Computed when first read. */
  readonly tree: readonly ProcessTreeNode[];
  /** Servers and supervisors, whether or not they have rows here. */
  readonly processCount: number;
  readonly serverCount: number;
  readonly supervisorCount: number;
  /** Handled by the processes alive now. */
  readonly totalMessages: number;
  /** By the supervisors alive now. */
  readonly totalRestarts: number;
  /** What all processes have done since the runtime was created, those that have ended included. Absent: not reported. */
  readonly totals?: NodeTotals | undefined;
  /** `rows`: there are more processes than rows; counts and totals are of all of them. Absent: each has a row. */
  readonly truncated?: 'rows';
  readonly memoryStats: MemoryStats;
  /** Absent: the node did not report it. */
  readonly vitals?: NodeVitals;
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
  /** How old that data was when the cluster snapshot was made, ms of the reading node's monotonic clock. Absent: never. */
  readonly ageMs?: number;
  /** What is wrong, as text. */
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
export interface ClusterObserverSnapshot<Id extends string = string> extends Moment {
  readonly localNodeId: Id;
  /** The local node first, then by node id. */
  readonly nodes: readonly NodeObserverSnapshot<Id>[];
  readonly aggregated: ClusterAggregate;
}
