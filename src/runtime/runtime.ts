import { randomBytes } from 'node:crypto';
import { deepFreeze } from '../../streams/deep-freeze.js';
import type { ProcessKind } from '../../streams/events.js';
import type { EventBatch } from '../../streams/local-model.js';
import { schedulerOf } from '../../streams/scheduler.js';
import type * as snapshots from '../../streams/snapshot.js';
import { AsyncContext } from '../async-context.js';
import { Bus } from '../bus/bus.js';
import { type Clock, MAX_TIMER_MS, systemClock } from '../clock.js';
import { type ClusterApi, createCluster } from '../cluster/cluster.js';
import type { NodeId } from '../cluster/node-id.js';
import type { Transport } from '../cluster/transport/transport.js';
import { createWsTransport } from '../cluster/transport/ws-transport.js';
import { CallingSelfError, InvalidArgumentError, ObserverDisabledError, RuntimeShutdownError } from '../errors.js';
import * as clusterObserver from '../observer/cluster-observer.js';
import { CostMeter } from '../observer/cost-meter.js';
import { createLogPublisher } from '../observer/log-publisher.js';
import { checkHandler, createObserver, type ObserverApi } from '../observer/observer.js';
import { createPublisher } from '../observer/publisher.js';
import type { ProcessRef } from '../process/behavior.js';
import { Deadlines } from '../process/deadlines.js';
import { checkTimeout, createGenServer, type GenServerApi, type LifecycleEvent } from '../process/gen-server.js';
import { lifecycleEvent } from '../process/lifecycle-event.js';
import { ProcessTable } from '../process/process-table.js';
import { Pulse } from '../process/pulse.js';
import { Sampler } from '../process/sampler.js';
import { Scheduler } from '../process/scheduler.js';
import { checkReason } from '../process/termination-reason.js';
import { createRegistry, NameTable, type RegistryApi } from '../registry/registry.js';
import { createSupervisor, type SupervisorApi } from '../supervisor/supervisor.js';
import { checkKnown } from '../validate.js';
import { clockInContext } from './clock-in-context.js';
import type { Reporter } from './reporter.js';
import { isReported, REPORTED } from './reporter-events.js';
import { createReporting, guarded, type OnRootExit } from './reporter-setup.js';
import { hurry, shutDown } from './shutdown.js';
import { Telling } from './telling.js';
import { Vitals } from './vitals.js';

/** How long a GenServer may take to stop when the observer is asked to stop it, ms; then it is killed. */
const STOP_MS = 5000;

export interface RuntimeOptions {
  /** Default: the machine's clock. */
  readonly clock?: Clock | undefined;
  /** `false`: nobody subscribes to the bus, and the Observer of this runtime throws ObserverDisabledError. */
  readonly observer?: false | undefined;
  /** How often processes tell what they did while nobody asks, ms; somebody who asks is told at once. Default 50. */
  readonly flushIntervalMs?: number | undefined;
  /** What observing may cost, as a share of one core: when it costs more, the flush interval grows. Default 0.02. */
  readonly budget?: number | undefined;
  /** A handler that holds the event loop for so long is told of in a `loop_blocked` event, ms. Default 50. */
  readonly loopBlockedMs?: number | undefined;
  /**
   * Receives every error that is not returned to a caller: what listeners throw, and what goes wrong between nodes. Default:
   * the reporter. Crashes always go to the reporter.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /**
   * Where crashes and supervisors that give up are written, with the methods `error` and `warn` of pino. Default: readable
   * text on stderr, or a line of JSON each if the environment says `NOEX_LOG=json`. `false`: no reports.
   */
  readonly reporter?: Reporter | false | undefined;
  /**
   * What happens when a supervisor without a supervisor gives up. Default `report`: nothing else. `exit`: once the report is
   * written, this Node.js process ends with exit code 1, so that what started it can start it again.
   */
  readonly onRootExit?: OnRootExit | undefined;
  /** How nodes reach each other. Default: WebSockets. */
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

/** All nodes of the cluster, as one of them sees them. */
export type ClusterObserverSnapshot = snapshots.ClusterObserverSnapshot<NodeId>;
/** One node in a cluster snapshot. */
export type NodeObserverSnapshot = snapshots.NodeObserverSnapshot<NodeId>;
export type ClusterObserverEvent = clusterObserver.ClusterObserverEvent<NodeId>;
/** What went otherwise than planned between the observers of nodes, and was made good. */
export type ClusterObserverHealth = clusterObserver.ClusterObserverHealth<NodeId>;
export type ClusterObserver = clusterObserver.ClusterObserverApi<NodeId>;

export interface Runtime {
  readonly GenServer: GenServerApi;
  readonly Supervisor: SupervisorApi;
  readonly Registry: RegistryApi;
  readonly Observer: ObserverApi;
  readonly Cluster: ClusterApi;
  readonly ClusterObserver: ClusterObserver;
  /**
   * Leaves the cluster and stops every process, those without a supervisor all at once, supervised ones as their
   * supervisors do. Always resolves: what has not ended after `timeout` is killed, also by a further call with a shorter one.
   * From then on a start is refused with RuntimeShutdownError.
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

export interface ShutdownOptions {
  /** How long everything together may take, ms. Default 10000; Infinity: as long as it takes. */
  readonly timeout?: number | undefined;
}

/**
 * Makes a world of its own: processes, names, bus, observer and cluster node share nothing with any other runtime.
 *
 * @example
 * const { GenServer, Observer, shutdown } = createRuntime();
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  checkKnown(options, RUNTIME_OPTIONS, 'the options of createRuntime');
  const { flushIntervalMs = 50, budget = 0.02, loopBlockedMs = 50 } = options;
  checkPositive('flushIntervalMs', flushIntervalMs, MAX_TIMER_MS);
  checkPositive('budget', budget);
  checkPositive('loopBlockedMs', loopBlockedMs);
  const { reporter, onRootExit } = options;
  const context = new AsyncContext();
  const given = options.clock ?? systemClock;
  const clock = clockInContext(context, given);
  const reporting = createReporting({ reporter, onRootExit, clock, nodeId: () => membership.local()?.id });
  const onError = guarded(options.onError ?? reporting.problem, reporting.problem);
  const bus = new Bus({
    clock,
    deliver: (code) => context.run(() => processes.outside(code)),
    freeze: deepFreeze,
    onError,
  });
  if (reporting.isActive) bus.subscribeTo(REPORTED, reporting.handle, isReported);
  const isObserved = options.observer !== false;
  const scheduler = new Scheduler({
    context,
    preciseNow: systemClock.monotonic,
    // How long a portion took by the machine's clock says nothing about handlers that live by another.
    loopBlockedMs: isObserved && given === systemClock ? loopBlockedMs : Number.POSITIVE_INFINITY,
  });
  const sampler = new Sampler(isObserved);
  const meter = new CostMeter(() => clock.monotonic());
  const vitals = new Vitals();
  const deadlines = new Deadlines(clock);
  const names = new NameTable();
  const portionListeners = new Set<(portion: EventBatch) => void>();
  // What is told in a flush is folded in that flush, and no reason for another.
  let flushing = false;
  const emit: Bus['emit'] = (fact) => {
    if (!flushing) scheduler.touch();
    bus.emit(fact);
  };
  const processes = new ProcessTable({
    // 96 random bits: refs of two runtimes never meet.
    life: randomBytes(12).toString('base64url'),
    clock,
    scheduler,
    sampler,
    loopBlockedMs,
    names,
    context,
    emit,
    onError,
  });
  const telling = new Telling({
    dirtyCount: () => processes.dirtyCount,
    report(most) {
      flushing = true;
      processes.report(most);
      flushing = false;
    },
    factCount: () => bus.count,
    fold(portion) {
      meter.recordEvents(portion.events);
      if (portion.isLast) sampler.flushed();
      for (const listener of portionListeners) listener(portion);
    },
  });
  const pulse = new Pulse({
    clock,
    intervalMs: flushIntervalMs,
    budget,
    spentMs: () => meter.spentMs,
    work: {
      isPending: () => telling.isPending(),
      begin: () => telling.begin(),
      portion: () => context.run(() => meter.measured(() => telling.portion())),
      flush: () => context.run(() => meter.measured(() => telling.flush())),
    },
  });
  scheduler.onEndOfTurn(() => {
    deadlines.endTurn();
    sampler.endTurn();
    pulse.endTurn();
  });

  const onLifecycleEvent =
    (kind: ProcessKind) =>
    (handler: (event: LifecycleEvent) => void): (() => void) => {
      checkHandler(handler);
      return bus.subscribe((event) => {
        const lifecycle = lifecycleEvent(event, kind, (id) => processes.refOf(id));
        return lifecycle === undefined ? undefined : handler(lifecycle);
      });
    };

  // An id as people read it is one of this runtime.
  const refTo = (target: string | ProcessRef): ProcessRef =>
    typeof target === 'string' ? processes.refOf(target) : target;

  const local = isObserved
    ? createObserver({
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        scheduler: schedulerOf(clock),
        delivered: { subscribe: (listener) => bus.subscribe(listener) },
        recorded: { subscribe: (listener) => bus.record(listener) },
        portions: {
          subscribe(listener) {
            portionListeners.add(listener);
            return () => void portionListeners.delete(listener);
          },
        },
        flush: () => pulse.flush(),
        whenSettled: (ready) => pulse.whenSettled(ready),
        memoryUsage() {
          const { heapUsed, heapTotal, external, rss } = process.memoryUsage();
          return { heapUsed, heapTotal, external, rss };
        },
        vitals: () => ({ ...vitals.read(), flushIntervalMs: pulse.intervalMs }),
        meter,
        async stopProcess(target, reason) {
          checkReason(reason);
          const stopped = processes.running(refTo(target));
          if (stopped.isCurrent) throw new CallingSelfError(stopped.id, 'stop', stopped);
          // A supervisor takes as long as its children are given.
          await stopped.stop(reason, stopped.kind === 'genserver' ? STOP_MS : undefined);
        },
        trace: (target) => processes.running(refTo(target)).trace(),
        onError,
      })
    : undefined;

  const { cluster, membership, rpc } = createCluster({
    clock,
    transport: options.transport ?? createWsTransport(),
    processCount: () => processes.size,
    onError,
  });
  const wire = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    scheduler: schedulerOf(clock),
    local,
    request: rpc.request.bind(rpc),
    hasRoom: rpc.hasRoom.bind(rpc),
    notify: rpc.notify.bind(rpc),
    onNotify: rpc.onNotify.bind(rpc),
  };
  const publishing = {
    ...wire,
    incarnation: () => membership.local()?.incarnation ?? 0,
    handle: (method: string, answer: (body: unknown, from: NodeId) => unknown) =>
      void rpc.handle(method, answer, 'public'),
  };
  const publisher = createPublisher<NodeId>(publishing);
  const forgetLogReader = createLogPublisher<NodeId>(publishing);
  membership.onPeerGone((id) => {
    publisher.forget(id);
    forgetLogReader(id);
  });

  let shuttingDown: Promise<void> | undefined;
  const start: ClusterApi['start'] = async (config) => {
    if (shuttingDown !== undefined) throw new RuntimeShutdownError();
    await cluster.start(config);
  };

  return {
    GenServer: createGenServer({ processes, scheduler, deadlines, onLifecycleEvent: onLifecycleEvent('genserver') }),
    Supervisor: createSupervisor({
      processes,
      clock,
      emit,
      onError,
      onLifecycleEvent: onLifecycleEvent('supervisor'),
    }),
    Registry: createRegistry({ names, processes, emit }),
    Observer: local === undefined ? disabled() : context.bind(local.observer),
    Cluster: context.bind({ ...cluster, start }),
    ClusterObserver: context.bind(
      clusterObserver.createClusterObserver<NodeId>({
        ...wire,
        role: 'member',
        conflations: publisher.conflations,
        localNode: membership.local,
        members: membership.members,
        changes: { subscribe: membership.onChange },
        stopped: {
          subscribe: (listener) => cluster.onStatusChange((status) => status === 'stopping' && listener(status)),
        },
        onError,
      }),
    ),
    async shutdown({ timeout = 10_000 } = {}) {
      checkTimeout('timeout', timeout);
      const ending = { processes, clock, timeoutMs: timeout };
      const underWay = shuttingDown;
      if (underWay !== undefined) {
        await context.run(() => hurry(ending, underWay));
        return;
      }
      shuttingDown = context.run(() =>
        shutDown({ ...ending, leave: () => cluster.stop(), onError }).finally(() => {
          pulse.flush();
          vitals.stop();
          local?.endPolls();
          reporting.flush();
        }),
      );
      await shuttingDown;
    },
  };
}

/** @throws InvalidArgumentError */
function checkPositive(field: string, value: unknown, max = Number.POSITIVE_INFINITY): void {
  if (typeof value === 'number' && value > 0 && value <= max) return;
  const limit = max === Number.POSITIVE_INFINITY ? '' : `, at most ${max}`;
  throw new InvalidArgumentError(field, `a number above 0${limit}`, value);
}

/** An observer that is there to be passed around, and says when used that it is off. */
function disabled(): ObserverApi {
  return new Proxy({} as ObserverApi, {
    get: () => {
      throw new ObserverDisabledError();
    },
  });
}
