import type * as snapshots from '../../streams/snapshot.js';
import { type Clock, MAX_TIMER_MS } from '../clock.js';
import type { ClusterApi } from '../cluster/cluster-api.js';
import type { NodeId } from '../cluster/node-id.js';
import type { Transport } from '../cluster/transport/transport.js';
import type { DistributedSupervisorApi } from '../distributed-supervisor/distributed-supervisor.js';
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
  /** `false` disables observing, and each use of the Observer throws ObserverDisabledError. */
  readonly observer?: false | undefined;
  /**
   * The minimum interval between two flushes of process counters, ms. A synchronous read flushes at once. Default 50.
   */
  readonly flushIntervalMs?: number | undefined;
  /**
   * The share of one core that observing may take. If observing takes more, the flush interval grows, up to 1000 ms,
   * and polls wait for the next flush. Synchronous reads never wait. Default 0.02.
   */
  readonly budget?: number | undefined;
  /**
   * A handler that blocks the event loop for at least this long, ms, causes a `loop_blocked` event, if it is certain
   * which process blocked. With a custom `clock`, only messages that are sampled or traced are checked. Default 50.
   */
  readonly loopBlockedMs?: number | undefined;
  /**
   * Receives every error that is not returned to a caller, such as errors of listeners and of links. Default: the
   * reporter. Crashes always go to the reporter.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /**
   * Writes reports of crashes and of supervisors that give up, with the methods `error` and `warn` of pino. Default:
   * readable text on stderr, or one line of JSON per report with `NOEX_LOG=json` in the environment. `false`: no
   * reports.
   */
  readonly reporter?: Reporter | false | undefined;
  /**
   * What happens when a root supervisor gives up. `report` (default): only a report. `exit`: after the report, this
   * Node.js process exits with code 1, so that a process manager can restart it.
   */
  readonly onRootExit?: OnRootExit | undefined;
  /** The transport of the links between nodes. Default: WebSockets. */
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

/** The state of all nodes of the cluster, as this node knows them. */
export type ClusterObserverSnapshot = snapshots.ClusterObserverSnapshot<NodeId>;
/** One node in a cluster snapshot. */
export type NodeObserverSnapshot = snapshots.NodeObserverSnapshot<NodeId>;
export type ClusterObserverEvent = events.ClusterObserverEvent<NodeId>;
/** Counters of problems between the observers of nodes, all of which noex corrects by itself. */
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
  readonly DistributedSupervisor: DistributedSupervisorApi;
  readonly Observer: ObserverApi;
  readonly Cluster: ClusterApi;
  readonly ClusterObserver: ClusterObserver;
  /**
   * Leaves the cluster and stops every process. Root processes stop at the same time, supervised processes in the order
   * of their supervisors. Processes that have not ended after `timeout` are killed. A second call can shorten the time.
   * Once `shutdown` has resolved, starting a process fails with RuntimeShutdownError. `Cluster.start` fails with this
   * error as soon as `shutdown` is called.
   *
   * Rejects only with InvalidArgumentError, for an invalid `timeout`.
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

export interface ShutdownOptions {
  /** The limit for the whole shutdown, ms. Default 10000. Infinity: no limit. */
  readonly timeout?: number | undefined;
}

/** The options, with the default in place of each missing number. */
export interface RuntimeSettings extends RuntimeOptions {
  /** False only with `observer: false`. */
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
