import { defaultRuntime } from './default-runtime.js';

/** Starts and calls processes that have a mailbox and a state. */
export const GenServer = defaultRuntime.GenServer;
/** Starts supervisors: processes that start, watch and restart other processes. */
export const Supervisor = defaultRuntime.Supervisor;
/** Runs functions as supervised processes. */
export const Task = defaultRuntime.Task;
/** Registers and finds processes by names that are unique in this runtime. */
export const Registry = defaultRuntime.Registry;
/** Registers the behaviors that this node and other nodes may start on this node, by name. */
export const BehaviorRegistry = defaultRuntime.BehaviorRegistry;
/** Starts supervisors whose children run on any node of the cluster. */
export const DistributedSupervisor = defaultRuntime.DistributedSupervisor;
/** Registers and finds processes by names that are unique in the cluster. */
export const GlobalRegistry = defaultRuntime.GlobalRegistry;
/** Adds processes to named groups, and finds the members of a group on all nodes. */
export const ProcessGroups = defaultRuntime.ProcessGroups;
/** Reads the state of all processes of this runtime. */
export const Observer = defaultRuntime.Observer;
/** Joins and leaves a cluster, and lists its nodes. */
export const Cluster = defaultRuntime.Cluster;
/** Reads the state of all nodes of the cluster. */
export const ClusterObserver = defaultRuntime.ClusterObserver;
/** Leaves the cluster and stops every process of this runtime. */
export const shutdown = defaultRuntime.shutdown;

export type { ClusterGroup, ClusterName, ClusterNames, NameOwner } from '../streams/cluster-names.js';
export type {
  DistributedChildMoved,
  DistributedChildStopped,
  DistributedSupervisorEvent,
  DistributedSupervisorLed,
  DistributedSupervisorYielded,
} from '../streams/distributed-supervisor-events.js';
export type { EventStamp } from '../streams/event-stamp.js';
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
} from '../streams/events.js';
export type { LogEntry } from '../streams/log-entries.js';
export type { Moment } from '../streams/moment.js';
export type { NodeLink, NodeLinks } from '../streams/node-links.js';
export type {
  GlobalNameConflict,
  GlobalNameRegistered,
  GlobalNameUnregistered,
  GroupJoined,
  GroupLeft,
  NameRegistered,
  NameUnregistered,
} from '../streams/registration-events.js';
export type { OwnedName, Registrations } from '../streams/registrations.js';
export type { ReportedCountName, ServerCountName, ServerCounts } from '../streams/server-counts.js';
export type {
  ClusterAggregate,
  GenServerStats,
  LatencyStats,
  MemoryStats,
  NodeObserverStatus,
  NodeVitals,
  ObserverCost,
  ObserverSnapshot,
  Percentiles,
  ProcessTreeNode,
  ProcessVitals,
  ServerStatus,
  SupervisorStats,
} from '../streams/snapshot.js';
export type { DurationTotals, NamedTotals, NodeTotals, ProcessTotals, TotalCountName } from '../streams/totals.js';
export { type Clock, SimulatedClock, systemClock, type Timer } from './clock.js';
export type { ClusterApi, ClusterStatus, NodeInfo } from './cluster/cluster-api.js';
export type { AdvertiseOptions, ClusterConfig, Engine, IncomingMessage } from './cluster/cluster-config.js';
export type { LinkFigures } from './cluster/link-figures.js';
export type { NodeDownReason, NodeStatus } from './cluster/membership.js';
export type { MetadataValue, NodeDescription, NodeMetadata } from './cluster/node-description.js';
export { NodeId, type NodeIdParts } from './cluster/node-id.js';
export type { SeedSource } from './cluster/parse-seed.js';
export type {
  Address,
  Closing,
  Connection,
  ConnectionHandlers,
  Listener,
  Seal,
  TlsSettings,
  Transport,
  TransportViolation,
} from './cluster/transport/transport.js';
export type {
  DistributedChildOptions,
  DistributedChildSpec,
  DistributedChildTemplate,
  DistributedSupervisorOptions,
} from './distributed-supervisor/distributed-options.js';
export type {
  DistributedChildInfo,
  DistributedSupervisorApi,
} from './distributed-supervisor/distributed-supervisor.js';
export type {
  CandidateNode,
  ChildToPlace,
  NodeSelector,
  NodeSelectorFunction,
} from './distributed-supervisor/node-selection.js';
export {
  AlreadyRegisteredError,
  BehaviorNotRegisteredError,
  CallAbortedError,
  CallingSelfError,
  CallTimeoutError,
  ChildNotFoundError,
  ChildRestartingError,
  ChildRunningError,
  ChildStartError,
  ClusterAlreadyStartedError,
  ClusterNotStartedError,
  ConnectionsRefusedError,
  DashboardAuthorizationError,
  DashboardFilesError,
  DuplicateChildError,
  EndedProcessError,
  EngineUnreachableError,
  ForeignRefError,
  GlobalNameConflictError,
  GlobalNameTimeoutError,
  HandshakeError,
  InitializationError,
  InvalidArgumentError,
  InvalidChildSpecError,
  InvalidClusterConfigError,
  InvalidHandlerResultError,
  InvalidNodeIdError,
  InvalidSimpleOneForOneConfigError,
  LinkOverloadedError,
  ListenError,
  MailboxFullError,
  MaxRestartsExceededError,
  MessageRefusedError,
  MissingChildTemplateError,
  MissingPackageError,
  NodeIdConflictError,
  NodeNotConnectedError,
  NodeNotFoundError,
  NodeTimeoutError,
  NodeUnreachableError,
  NoexError,
  NoGroupMembersError,
  NoLeaderError,
  NoQuorumError,
  NoSuitableNodeError,
  NotRegisteredError,
  NotSerializableError,
  ObserverDisabledError,
  type ProcessErrorOptions,
  ProtocolError,
  QuorumLostError,
  RemoteError,
  RuntimeShutdownError,
  ServerNotRunningError,
  ThrownValueError,
  UnhandledMessageError,
  UnknownOptionError,
} from './errors.js';
export type { CacheStatus, ClusterSnapshotOptions } from './observer/cluster-observer-api.js';
export type { ObserverApi, ObserverEvent, StatsUpdate, StopResult } from './observer/observer.js';
export type { OverloadPolicy } from './process/bounded-mailbox.js';
export type { GenServerApi, LifecycleEvent, StopOptions } from './process/gen-server.js';
export type { GenServerOptions } from './process/gen-server-options.js';
export type {
  BehaviorWithoutCalls,
  Call,
  CallContext,
  CallFrom,
  CallHandlers,
  CallOptions,
  CallResult,
  CastResult,
  DownReason,
  GenServerBehavior,
  HandleCall,
  HandlerContext,
  HandlerContinue,
  HandlerNoReply,
  HandlerStop,
  InitResult,
  Link,
  Monitor,
  Next,
  ProcessDown,
  ProcessExit,
  ScheduledSend,
  TerminationReason,
} from './process/gen-server-types.js';
export { continueWith, noReply, stop } from './process/handler-result.js';
export type { GenServerRef, GenServerTarget, ProcessName, ProcessRef, SupervisorRef } from './process/process-refs.js';
export type { RemoteStartSettings } from './process/remote-start-options.js';
export type { AnyReply, MessageOfType, MessageType, Replies, ReplyTo } from './process/reply-types.js';
export type { Start } from './process/start-overloads.js';
export type { RegistryApi } from './registry/registry.js';
export type { BehaviorFactory, BehaviorRegistryApi } from './remote/behavior-registry.js';
export type { PickPolicy } from './remote/groups/pick-member.js';
export type { GroupCallOptions, GroupReplies, ProcessGroupsApi } from './remote/groups/process-groups.js';
export type { OnConflict } from './remote/names/global-names-ports.js';
export type { GlobalRegisterOptions, GlobalRegistryApi } from './remote/names/global-registry.js';
export { type AttachedObserver, type AttachOptions, attach } from './runtime/attach.js';
export type { Reporter } from './runtime/reporter.js';
export type { OnRootExit } from './runtime/reporter-setup.js';
export { createRuntime } from './runtime/runtime.js';
export type {
  ClusterObserver as ClusterObserverApi,
  ClusterObserverEvent,
  ClusterObserverHealth,
  ClusterObserverSnapshot,
  NodeObserverSnapshot,
  Runtime,
  RuntimeOptions,
  ShutdownOptions,
} from './runtime/runtime-options.js';
export type {
  AutoShutdown,
  ChildOptions,
  ChildSpec,
  ChildTemplate,
  SupervisorOptions,
} from './supervisor/child-spec.js';
export type { RestartBackoff, RestartIntensity } from './supervisor/intensity.js';
export type { RestartType } from './supervisor/strategy.js';
export type { ChildInfo, SupervisorApi } from './supervisor/supervisor.js';
export type { StartChild, StartSupervisor } from './supervisor/supervisor-signatures.js';
export type { TaskApi, TaskContext, TaskOptions, TaskStreamOptions } from './supervisor/task.js';
