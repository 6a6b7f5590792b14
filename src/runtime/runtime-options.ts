import type * as snapshots from '../../streams/snapshot.js';
import { type Clock, MAX_TIMER_MS } from '../clock.js';
import type { ClusterApi } from '../cluster/cluster-api.js';
import type { NodeId } from '../cluster/node-id.js';
import type { Transport } from '../cluster/transport/transport.js';
import type * as api from '../observer/cluster-observer-api.js';
import type * as events from '../observer/cluster-observer-events.js';
import type { ObserverApi } from '../observer/observer.js';
import type { GenServerApi } from '../process/gen-server.js';
import type { RegistryApi } from '../registry/registry.js';
import type { BehaviorRegistryApi } from '../remote/behavior-registry.js';
import type { ProcessGroupsApi } from '../remote/groups/process-groups.js';
import type { GlobalRegistryApi } from '../remote/names/global-registry.js';
import type { SupervisorApi } from '../supervisor/supervisor.js';
import type { TaskApi } from '../supervisor/task.js';
import { checkKnown, checkPositive } from '../validate.js';
import type { Reporter } from './reporter.js';
import type { OnRootExit } from './reporter-setup.js';

export interface RuntimeOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** `false` turns observing off: the Observer of this runtime throws ObserverDisabledError. */
  readonly observer?: false | undefined;
  /** How often the counters of processes become events, ms. A synchronous read flushes them at once. Default 50. */
  readonly flushIntervalMs?: number | undefined;
  /**
   * The share of one core that observing may take. Above it, the flush interval grows, up to a second, and polls wait for the
   * next flush. Synchronous reads never wait. Default 0.02.
   */
  readonly budget?: number | undefined;
  /** A handler that blocks the event loop for this long causes a `loop_blocked` event, ms. Default 50. */
  readonly loopBlockedMs?: number | undefined;
  /**
   * Receives every error that is not returned to a caller: errors of listeners, and errors between nodes. Default: the
   * reporter. Crashes always go to the reporter.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /**
   * Where crashes and supervisors that give up are written, with the methods `error` and `warn` of pino. Default: readable
   * text on stderr, or a line of JSON each if the environment says `NOEX_LOG=json`. `false`: no reports.
   */
  readonly reporter?: Reporter | false | undefined;
  /**
   * What happens when a root supervisor gives up. `report` (default): it is reported. `exit`: after the report, this Node.js
   * process ends with exit code 1, so that a process manager can restart it.
   */
  readonly onRootExit?: OnRootExit | undefined;
  /** Carries the messages between nodes. Default: WebSockets. */
  readonly transport?: Transport | undefined;
}

const RUNTIME_OPTIONS = [
  'clock',
  'observer',
  'flushIntervalMs',
  'budget',
  'loopBlockedMs',
  'onError',
  'reporter',
  'onRootExit',
  'transport',
] satisfies (keyof RuntimeOptions)[];

/** All nodes of the cluster, as this node knows them. */
export type ClusterObserverSnapshot = snapshots.ClusterObserverSnapshot<NodeId>;
/** One node in a cluster snapshot. */
export type NodeObserverSnapshot = snapshots.NodeObserverSnapshot<NodeId>;
export type ClusterObserverEvent = events.ClusterObserverEvent<NodeId>;
/** How well the observers of the nodes keep up with each other. */
export type ClusterObserverHealth = api.ClusterObserverHealth<NodeId>;
export type ClusterObserver = api.ClusterObserverApi<NodeId>;

export interface Runtime {
  readonly GenServer: GenServerApi;
  readonly Supervisor: SupervisorApi;
  readonly Task: TaskApi;
  readonly Registry: RegistryApi;
  readonly GlobalRegistry: GlobalRegistryApi;
  readonly ProcessGroups: ProcessGroupsApi;
  readonly BehaviorRegistry: BehaviorRegistryApi;
  readonly Observer: ObserverApi;
  readonly Cluster: ClusterApi;
  readonly ClusterObserver: ClusterObserver;
  /**
   * Leaves the cluster and stops every process: root processes at the same time, supervised ones as their supervisors
   * do. Always resolves: processes that have not ended after `timeout` are killed; a second call can shorten it. From then
   * on a start is refused with RuntimeShutdownError.
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

export interface ShutdownOptions {
  /** The limit for everything together, ms. Default 10000; Infinity: no limit. */
  readonly timeout?: number | undefined;
}

/** The options with their defaults. */
export interface RuntimeSettings extends RuntimeOptions {
  readonly isObserved: boolean;
  readonly flushIntervalMs: number;
  readonly budget: number;
  readonly loopBlockedMs: number;
}

/** @throws InvalidArgumentError, UnknownOptionError */
export function readRuntimeOptions(options: RuntimeOptions): RuntimeSettings {
  checkKnown(options, RUNTIME_OPTIONS, 'the options of createRuntime');
  const { flushIntervalMs = 50, budget = 0.02, loopBlockedMs = 50 } = options;
  checkPositive('flushIntervalMs', flushIntervalMs, MAX_TIMER_MS);
  checkPositive('budget', budget);
  checkPositive('loopBlockedMs', loopBlockedMs);
  return { ...options, isObserved: options.observer !== false, flushIntervalMs, budget, loopBlockedMs };
}
