export type { ChangeLog } from './change-log.js';
export {
  type ClusterGroup,
  type ClusterName,
  type ClusterNames,
  clusterNames,
  type NameOwner,
  type NodeRegistrations,
} from './cluster-names.js';
export { snapshotOf } from './create-snapshot.js';
export type {
  DistributedChildMoved,
  DistributedChildStopped,
  DistributedSupervisorEvent,
  DistributedSupervisorLed,
  DistributedSupervisorYielded,
} from './distributed-supervisor-events.js';
export type { EventStamp } from './event-stamp.js';
export type {
  ChildDown,
  ChildRestarted,
  ChildRestartFailed,
  ChildStarted,
  LoopBlocked,
  MessageSender,
  MessagesHandled,
  MessageTraced,
  ProcessCrashed,
  ProcessExited,
  ProcessKind,
  ProcessLocation,
  ProcessSpawned,
  ProcessStarted,
  ProcessStopping,
  RuntimeEvent,
  SerializedError,
  SerializedExitReason,
  StopTimedOut,
  SupervisorGaveUp,
  SupervisorStrategy,
} from './events.js';
export { type Feed, fromFeed } from './from-feed.js';
export {
  emptyHistogram,
  type Histogram,
  HistogramDraft,
  mergeHistograms,
  percentile,
  RELATIVE_ERROR,
} from './histogram.js';
export { Table, type TableEdit } from './immutable-table.js';
export { latencyOf, latencyStats, latencyWindowOf, mergeLatency } from './latency.js';
export {
  LATENCY_WINDOW_MS,
  type LatencyHistograms,
  type LatencySlice,
  type LatencyWindow,
  type PackedSlices,
  withSamples,
} from './latency-window.js';
export { type EventBatch, localModel } from './local-model.js';
export type { LogEntry } from './log-entries.js';
export {
  clusterSnapshot,
  mergeNodes,
  type NodePresence,
  type NodesToMerge,
  type Presence,
} from './merge-nodes.js';
export {
  emptyRateHistory,
  type NodeRates,
  type RateHistory,
  type Rates,
  rates,
  ratesBetween,
  ratesOf,
  withSnapshot,
} from './message-rates.js';
export { applyChanges, type Changes, changesSince } from './model-changes.js';
export type { Moment } from './moment.js';
export type { NodeLink, NodeLinks } from './node-links.js';
export { emptyModel, evolve, evolveAll, type ModelSums, type NodeModel } from './node-model.js';
export { createNodeState, decodeReport, encodeReport, type NodeReport, type NodeState } from './node-report.js';
export { emptyNodeStates, type NodeStates, type NodeStatesById, withNodeState } from './node-states.js';
export { poll } from './poll.js';
export { processTree } from './process-tree.js';
export type { RegistrationColumns } from './registration-columns.js';
export type {
  GlobalNameConflict,
  GlobalNameRegistered,
  GlobalNameUnregistered,
  GroupJoined,
  GroupLeft,
  NameRegistered,
  NameUnregistered,
} from './registration-events.js';
export type { OwnedName, Registrations } from './registrations.js';
export type { ServerColumns, SupervisorColumns } from './row-encoding.js';
export { schedulerOf, type Timers } from './rx-scheduler.js';
export {
  COUNT_COLUMNS,
  type CountColumn,
  type ReportedCountName,
  SERVER_COUNT_NAMES,
  SERVER_COUNTS,
  type ServerCountName,
  type ServerCounts,
} from './server-counts.js';
export type {
  ClusterAggregate,
  ClusterObserverSnapshot,
  GenServerStats,
  LatencyStats,
  MemoryStats,
  NodeObserverSnapshot,
  NodeObserverStatus,
  NodeVitals,
  ObserverCost,
  ObserverSnapshot,
  Percentiles,
  ProcessTreeNode,
  ProcessVitals,
  ServerStatus,
  SupervisorStats,
} from './snapshot.js';
export type { Now } from './snapshot-rows.js';
export { type TopBy, type TopRow, topN, topOf } from './top-n.js';
export {
  DURATION_BOUNDS_MS,
  type DurationTotals,
  MAX_NAMED_TOTALS,
  type NamedTotals,
  type NamedTotalsRow,
  type NodeTotals,
  type ProcessTotals,
  TOTAL_COUNT_NAMES,
  TOTAL_COUNTS,
  type TotalCountName,
  type Totals,
} from './totals.js';
export type { TotalsColumns } from './totals-columns.js';
