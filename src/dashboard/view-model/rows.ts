import {
  type GenServerStats,
  type NodeObserverSnapshot,
  type NodeObserverStatus,
  type ObserverSnapshot,
  type ProcessKind,
  SERVER_COUNT_NAMES,
  SERVER_COUNTS,
  type ServerCounts,
  type ServerStatus,
  type SupervisorStats,
  type SupervisorStrategy,
} from '../../../streams/index.js';

import { formatCount } from './format.js';

/** One process of the cluster, as dashboards show it. Plain data. What is absent is not known, and not shown as zero. */
export interface ProcessRow extends ServerCounts {
  /** One of its kind in the whole cluster. */
  readonly key: string;
  readonly nodeId: string;
  readonly id: string;
  readonly name?: string;
  /** The id of its child spec. */
  readonly childId?: string;
  /** The key of its supervisor. */
  readonly parentKey?: string;
  readonly kind: ProcessKind;
  readonly status: ServerStatus;
  /** Messages waiting. GenServers only, as the following down to `handleP99` and the counts. */
  readonly queueSize?: number;
  /** Messages handled so far. */
  readonly messageCount?: number;
  /** Messages a second. Absent: it was seen only once so far, or its node is not connected. */
  readonly rate?: number;
  /** The 99th percentile of the time in the mailbox, ms. */
  readonly waitP99?: number;
  /** The 99th percentile of the time in the handler, ms. */
  readonly handleP99?: number;
  /** Restarts of its children. Supervisors only, as the following. */
  readonly totalRestarts?: number;
  readonly childCount?: number;
  readonly strategy?: SupervisorStrategy;
  /** ms since the epoch, on the clock of its node. */
  readonly startedAt: number;
  /** The same moment on the monotonic clock of its node, ms. */
  readonly startedMonotonic: number;
}

/** One node of the cluster, as dashboards show it. Plain data. */
export interface NodeRow {
  readonly nodeId: string;
  readonly status: NodeObserverStatus;
  /** What is wrong, as text for the user. */
  readonly error?: string;
  /** When its data arrived, ms of the reader's monotonic clock. Absent: never. What follows is as of then. */
  readonly heardAt?: number;
  /** How far the node's clock is ahead of the reader's, ms. */
  readonly clockAheadMs: number;
  /** How far the node's monotonic clock is ahead of the reader's, ms. */
  readonly monotonicAheadMs: number;
  readonly processCount: number;
  readonly serverCount: number;
  readonly supervisorCount: number;
  readonly totalMessages: number;
  readonly totalRestarts: number;
  /** Messages waiting, of all its processes. */
  readonly queueSize: number;
  /** Messages a second. Absent: it was seen only once so far, or is not connected. */
  readonly rate?: number;
  /** Bytes. Absent: the node has never reported. */
  readonly memory?: { readonly heapUsed: number; readonly rss: number };
  /** Absent: the node does not report it. */
  readonly vitals?: {
    /** Share of the time in which the event loop was not idle, 0 to 1. */
    readonly loopUtilization: number;
    /** How much later than due timers fire, ms. */
    readonly loopDelayP50: number;
    readonly loopDelayP99: number;
    /** As a share of one core. */
    readonly cpu: number;
    /** Of the Node process, ms. */
    readonly uptimeMs: number;
    /** What observing costs the node, ms a second. */
    readonly observerMsPerSecond: number;
  };
}

export function keyOf(nodeId: string, id: string): string {
  return `${nodeId} ${id}`;
}

/** The counts of a GenServer with their labels, without those that its node does not report. */
export function countsOf(row: ProcessRow): readonly (readonly [label: string, count: string])[] {
  return SERVER_COUNT_NAMES.flatMap((name) => {
    const count = row[name];
    return count === undefined ? [] : [[SERVER_COUNTS[name].label, formatCount(count)] as const];
  });
}

/** Of a GenServer: of itself. Of a supervisor: of its children. */
export function restartsOf({ restarts, totalRestarts }: ProcessRow): number | undefined {
  return totalRestarts ?? restarts;
}

/** A row under construction: for thousands of rows, object spreads would dominate the cost. */
type Draft = { -readonly [Field in keyof ProcessRow]: ProcessRow[Field] };

export function serverRow(nodeId: string, stats: GenServerStats, rate: number | undefined): ProcessRow {
  const { id, status, queueSize, messageCount, latency } = stats;
  const row: Draft = {
    key: keyOf(nodeId, id),
    nodeId,
    id,
    kind: 'genserver',
    status: status,
    queueSize: queueSize,
    messageCount: messageCount,
    startedAt: stats.startedAt,
    startedMonotonic: stats.startedMonotonic,
  };
  for (const name of SERVER_COUNT_NAMES) {
    const count = stats[name] ?? (SERVER_COUNTS[name].isLater ? undefined : 0);
    if (count !== undefined) row[name] = count;
  }
  if (rate !== undefined) row.rate = rate;
  if (latency !== undefined) {
    row.waitP99 = latency.wait.p99;
    row.handleP99 = latency.handle.p99;
  }
  return identified(row, stats);
}

export function supervisorRow(nodeId: string, stats: SupervisorStats): ProcessRow {
  const { id, strategy, childCount, totalRestarts, startedAt, startedMonotonic } = stats;
  const row: Draft = {
    key: keyOf(nodeId, id),
    nodeId,
    id,
    kind: 'supervisor',
    status: 'running',
    totalRestarts,
    childCount: childCount,
    strategy,
    startedAt,
    startedMonotonic,
  };
  return identified(row, stats);
}

function identified(row: Draft, { name, childId, parentId }: GenServerStats | SupervisorStats): ProcessRow {
  // An invisible name identifies nothing: the id is shown instead.
  if (name !== undefined && name.trim() !== '') row.name = name;
  if (childId !== undefined && childId.trim() !== '') row.childId = childId;
  if (parentId !== undefined) row.parentKey = keyOf(row.nodeId, parentId);
  return row;
}

/** `viewedAt`: on the reader's monotonic clock. `rate`: of all its processes. `queue`: likewise. */
export function nodeRow(
  { nodeId, status, error, snapshot, lastSnapshot, lastUpdate, ageMs }: NodeObserverSnapshot,
  viewedAt: number,
  queue: number,
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
    queueSize: queue,
    ...(rate !== undefined && { rate }),
    ...(known !== undefined && { memory: { heapUsed: known.memoryStats.heapUsed, rss: known.memoryStats.rss } }),
    ...vitalsOf(known),
  };
}

function vitalsOf(snapshot: ObserverSnapshot | undefined): Pick<NodeRow, 'vitals'> {
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
  };
}
