import {
  type GenServerStats,
  type NodeLinks,
  type NodeObserverSnapshot,
  type NodeObserverStatus,
  type ObserverSnapshot,
  type ProcessKind,
  type Registrations,
  SERVER_COUNT_NAMES,
  SERVER_COUNTS,
  type ServerCounts,
  type ServerStatus,
  type SupervisorStats,
  type SupervisorStrategy,
} from '../../../streams/index.js';

import { formatCount } from './format.js';

/**
 * One process of the cluster, as dashboards show it. Plain data. An absent figure is unknown, and dashboards do not
 * show it as zero.
 */
export interface ProcessRow extends ServerCounts {
  /** The node id and the process id in one text, unique in the cluster. See {@link keyOf}. */
  readonly key: string;
  readonly nodeId: string;
  readonly id: string;
  readonly name?: string;
  /** The id of the process's child spec. */
  readonly childId?: string;
  /**
   * For the child of a distributed supervisor: the name of that supervisor, or the process id of its leader if it has
   * no name. For an instance of a distributed supervisor: the name of that supervisor.
   */
  readonly distributedSupervisor?: string;
  /** The key of the process's supervisor. */
  readonly parentKey?: string;
  readonly kind: ProcessKind;
  readonly status: ServerStatus;
  /**
   * Messages waiting in the mailbox. Only GenServers have this field, the fields from here to `handleP99`, and the
   * counts.
   */
  readonly queueSize?: number;
  /** Messages handled so far. */
  readonly messageCount?: number;
  /** Messages handled per second. Absent: its node was seen only once so far, or is not connected. */
  readonly rate?: number;
  /** The 99th percentile of the time that messages wait in the mailbox, ms. */
  readonly waitP99?: number;
  /** The 99th percentile of the time that the handler takes for a message, ms. */
  readonly handleP99?: number;
  /** Restarts of all children. Only supervisors have this field and the fields from here to `strategy`. */
  readonly totalRestarts?: number;
  readonly childCount?: number;
  readonly strategy?: SupervisorStrategy;
  /** When the process started, ms since the epoch, on the clock of its node. */
  readonly startedAt: number;
  /** When the process started, ms of the monotonic clock of its node. */
  readonly startedMonotonic: number;
  /** The global names and groups of the process. Absent: it has none, or its node does not report them. */
  readonly registrations?: Registrations;
}

/** One node of the cluster, as dashboards show it. Plain data. */
export interface NodeRow {
  readonly nodeId: string;
  readonly status: NodeObserverStatus;
  /** The problem of the node or of its link, as text for the user. */
  readonly error?: string;
  /** The arrival of the node's latest data, ms of the dashboard's monotonic clock. Absent: no data has arrived. */
  readonly heardAt?: number;
  /**
   * How far the node's wall clock is ahead of the dashboard's wall clock, ms. 0 if no data has arrived. The values of
   * this field and of all fields below are from the time `heardAt`.
   */
  readonly clockAheadMs: number;
  /** How far the node's monotonic clock is ahead of the dashboard's monotonic clock, ms. */
  readonly monotonicAheadMs: number;
  readonly processCount: number;
  readonly serverCount: number;
  readonly supervisorCount: number;
  readonly totalMessages: number;
  readonly totalRestarts: number;
  /** Messages waiting in the mailboxes of all processes of the node. */
  readonly queueSize: number;
  /** Messages handled per second. Absent: the node was seen only once so far, or is not connected. */
  readonly rate?: number;
  /** The memory of the Node.js process, bytes. Absent: the node has never reported. */
  readonly memory?: { readonly heapUsed: number; readonly rss: number };
  /** Figures of the Node.js process. Absent: the node does not report them. */
  readonly vitals?: {
    /** The share of time in which the event loop was not idle, 0 to 1. */
    readonly loopUtilization: number;
    /** The median delay of timers, ms. */
    readonly loopDelayP50: number;
    /** The 99th percentile of the delay of timers, ms. */
    readonly loopDelayP99: number;
    /** The CPU time as a share of one core. It may exceed 1. */
    readonly cpu: number;
    /** The uptime of the Node.js process, ms. */
    readonly uptimeMs: number;
    /** The time that the node spends on being observed, ms per second. */
    readonly observerMsPerSecond: number;
  };
  /** Sums over the node's links with other nodes. Absent: the node has no links, or does not report them. */
  readonly links?: NodeLinks;
}

/** Returns the key of a process, which is unique in the cluster. */
export function keyOf(nodeId: string, id: string): string {
  return `${nodeId} ${id}`;
}

/**
 * Returns the label and the formatted value of each count of a GenServer. Omits counts that the node does not report.
 */
export function countsOf(row: ProcessRow): readonly (readonly [label: string, count: string])[] {
  return SERVER_COUNT_NAMES.flatMap((name) => {
    const count = row[name];
    return count === undefined ? [] : [[SERVER_COUNTS[name].label, formatCount(count)] as const];
  });
}

/** Returns the restarts of a GenServer itself or, for a supervisor, those of its children. `undefined`: not known. */
export function restartsOf({ restarts, totalRestarts }: ProcessRow): number | undefined {
  return totalRestarts ?? restarts;
}

/** A row under construction. It is mutable because object spreads would dominate the cost for thousands of rows. */
type MutableRow = { -readonly [Field in keyof ProcessRow]: ProcessRow[Field] };

export function serverRow(nodeId: string, stats: GenServerStats, rate: number | undefined): ProcessRow {
  const { id, status, queueSize, messageCount, latency } = stats;
  const row: MutableRow = {
    key: keyOf(nodeId, id),
    nodeId,
    id,
    kind: 'genserver',
    status,
    queueSize,
    messageCount,
    startedAt: stats.startedAt,
    startedMonotonic: stats.startedMonotonic,
  };
  for (const name of SERVER_COUNT_NAMES) {
    // Nodes with an earlier version of noex do not report optional counts. Such counts are unknown, not zero.
    const count = stats[name] ?? (SERVER_COUNTS[name].isOptional ? undefined : 0);
    if (count !== undefined) row[name] = count;
  }
  if (rate !== undefined) row.rate = rate;
  if (latency !== undefined) {
    row.waitP99 = latency.wait.p99;
    row.handleP99 = latency.handle.p99;
  }
  return withIdentity(row, stats);
}

export function supervisorRow(nodeId: string, stats: SupervisorStats): ProcessRow {
  const { id, strategy, childCount, totalRestarts, startedAt, startedMonotonic } = stats;
  const row: MutableRow = {
    key: keyOf(nodeId, id),
    nodeId,
    id,
    kind: 'supervisor',
    status: 'running',
    totalRestarts,
    childCount,
    strategy,
    startedAt,
    startedMonotonic,
  };
  return withIdentity(row, stats);
}

function withIdentity(row: MutableRow, stats: GenServerStats | SupervisorStats): ProcessRow {
  const { name, childId, parentId, registrations } = stats;
  // Dashboards show the id instead of a name of blanks, which would be invisible.
  if (name !== undefined && name.trim() !== '') row.name = name;
  if (childId !== undefined && childId.trim() !== '') row.childId = childId;
  if (stats.distributedSupervisor !== undefined) row.distributedSupervisor = stats.distributedSupervisor;
  if (parentId !== undefined) row.parentKey = keyOf(row.nodeId, parentId);
  if (registrations !== undefined && hasAny(registrations)) row.registrations = registrations;
  return row;
}

function hasAny({ globalNames, groups, omitted = 0 }: Registrations): boolean {
  return globalNames.length + groups.length + omitted > 0;
}

/**
 * Returns the row of a node.
 *
 * @param viewedAt time of the view, ms of the dashboard's monotonic clock
 * @param queueSize messages waiting in the mailboxes of all processes of the node
 * @param rate messages handled per second by all processes of the node; `undefined`: not known
 */
export function nodeRow(
  { nodeId, status, error, snapshot, lastSnapshot, lastUpdate, ageMs }: NodeObserverSnapshot,
  viewedAt: number,
  queueSize: number,
  rate: number | undefined,
): NodeRow {
  const known = snapshot ?? lastSnapshot;
  const heardAt = ageMs === undefined ? undefined : viewedAt - ageMs;
  return {
    nodeId,
    status,
    ...(error !== undefined && { error }),
    ...(heardAt !== undefined && { heardAt: Math.round(heardAt) }),
    clockAheadMs: known === undefined ? 0 : known.timestamp - lastUpdate,
    monotonicAheadMs: known === undefined ? 0 : Math.round(known.monotonic - (heardAt ?? viewedAt)),
    processCount: known?.processCount ?? 0,
    serverCount: known?.servers.length ?? 0,
    supervisorCount: known?.supervisors.length ?? 0,
    totalMessages: known?.totalMessages ?? 0,
    totalRestarts: known?.totalRestarts ?? 0,
    queueSize,
    ...(rate !== undefined && { rate }),
    ...(known !== undefined && { memory: { heapUsed: known.memoryStats.heapUsed, rss: known.memoryStats.rss } }),
    ...vitalsOf(known),
  };
}

function vitalsOf(snapshot: ObserverSnapshot | undefined): Pick<NodeRow, 'vitals' | 'links'> {
  const vitals = snapshot?.vitals;
  if (vitals === undefined) return {};
  return {
    vitals: {
      loopUtilization: vitals.eventLoopUtilization,
      loopDelayP50: vitals.eventLoopDelay.p50,
      loopDelayP99: vitals.eventLoopDelay.p99,
      cpu: vitals.cpu,
      uptimeMs: vitals.uptimeMs,
      observerMsPerSecond: vitals.observer.msPerSecond,
    },
    ...(vitals.links !== undefined && { links: vitals.links }),
  };
}
