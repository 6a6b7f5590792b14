import {
  BehaviorSubject,
  defer,
  distinctUntilChanged,
  exhaustMap,
  filter,
  finalize,
  map,
  Observable,
  ReplaySubject,
  type SchedulerLike,
  Subscription,
  share,
  takeWhile,
  timer,
} from 'rxjs';
import { snapshotOf } from '../../streams/create-snapshot.js';
import type { MessageTraced, RuntimeEvent, SerializedError, SerializedExitReason } from '../../streams/events.js';
import { type Feed, fromFeed } from '../../streams/from-feed.js';
import { type EventBatch, localModel } from '../../streams/local-model.js';
import type { Moment } from '../../streams/moment.js';
import { emptyModel, type NodeModel } from '../../streams/node-model.js';
import type {
  GenServerStats,
  MemoryStats,
  NodeVitals,
  ObserverCost,
  ObserverSnapshot,
  ProcessTreeNode,
  SupervisorStats,
} from '../../streams/snapshot.js';
import { ServerRow, SupervisorRow } from '../../streams/snapshot-rows.js';
import { MAX_TIMER_MS } from '../clock.js';
import { isolated, messageOf } from '../errors.js';
import type { ProcessRef } from '../process/process-refs.js';
import { checkFunction, checkPositive } from '../validate.js';
import { EventLog } from './event-log.js';
import type { CostMeter } from './observer-cost.js';

/** The events for handlers of `subscribe` and `startPolling`. Only `startPolling` delivers `stats_update`. */
export type ObserverEvent =
  | { readonly type: 'server_started'; readonly stats: GenServerStats }
  | { readonly type: 'server_stopped'; readonly id: string; readonly reason: SerializedExitReason }
  | { readonly type: 'server_crashed'; readonly id: string; readonly error: SerializedError }
  | { readonly type: 'supervisor_started'; readonly stats: SupervisorStats }
  | { readonly type: 'supervisor_stopped'; readonly id: string }
  | {
      readonly type: 'child_restarted';
      readonly supervisorId: string;
      /** The id in the child spec. */
      readonly childId: string;
      readonly oldId: string;
      readonly newId: string;
      /** The number of restarts of this child so far, this one included. */
      readonly attempt: number;
    }
  | StatsUpdate;

export interface StatsUpdate {
  readonly type: 'stats_update';
  readonly servers: readonly GenServerStats[];
  readonly supervisors: readonly SupervisorStats[];
}

export interface StopResult {
  readonly success: boolean;
  /** Why the process was not stopped, as text for people. Absent: the process was stopped. */
  readonly error?: string;
}

/** Reads the state of this runtime. Nothing here changes a process, except `stopProcess`. */
export interface ObserverApi {
  /** The current state. Reading flushes pending counts first, so each message that was handled is included. */
  getSnapshot(): ObserverSnapshot;
  getServerStats(): readonly GenServerStats[];
  getSupervisorStats(): readonly SupervisorStats[];
  getProcessTree(): readonly ProcessTreeNode[];
  getMemoryStats(): MemoryStats;
  /** What observing itself costs, averaged over the last ten seconds. */
  cost(): ObserverCost;
  /** The number of GenServers and supervisors. */
  getProcessCount(): number;
  /** Calls `handler` with starts, crashes, restarts and exits. Returns the unsubscribe function. */
  subscribe(handler: (event: ObserverEvent) => void): () => void;
  /**
   * Calls `handler` once before it returns, and then every `ms` milliseconds until `shutdown`. If observing costs more
   * than its budget, each call waits for the next flush. Returns the stop function.
   *
   * @throws InvalidArgumentError
   */
  startPolling(ms: number, handler: (update: StatsUpdate) => void): () => void;
  /**
   * Stops a process; a supervisor stops its children first. A GenServer that has not stopped after 5 s is killed. The
   * supervisor of the process may restart it. Always resolves: on failure, the result has the error.
   *
   * @param target a ref, or the id of a process of this runtime
   * @param reason default `normal`
   */
  stopProcess(target: string | ProcessRef, reason?: 'normal' | 'shutdown'): Promise<StopResult>;
  /** Emits every event of this runtime from the moment of subscription. */
  readonly events$: Observable<RuntimeEvent>;
  /** Emits the current snapshot, then newer ones: at most one per flush interval and one per synchronous read. */
  readonly snapshot$: Observable<ObserverSnapshot>;
  /**
   * Emits one `message` event for each message that the process handles while subscribed. Completes when it ends.
   * Errors with ServerNotRunningError if it does not run, and with ForeignRefError for a ref of another runtime.
   */
  trace$(target: string | ProcessRef): Observable<MessageTraced>;
}

/** What the observer needs from the runtime. */
export interface ObserverPorts {
  now(): number;
  monotonic(): number;
  readonly scheduler: SchedulerLike;
  /** Emits each event when the bus delivers it to listeners. */
  readonly delivered: Feed<RuntimeEvent>;
  /** Emits each event at the moment of its emission on the bus, for the model and the log. */
  readonly recorded: Feed<RuntimeEvent>;
  /** How many of the recorded events to fold into the model, and when. */
  readonly batches: Feed<EventBatch>;
  /** Flushes and folds everything before it returns. */
  flushNow(): void;
  /** Flushes and folds everything in batches, so that no batch blocks the event loop for long. Then calls `ready`. */
  flushSoon(ready: () => void): void;
  memoryUsage(): Omit<MemoryStats, 'timestamp'>;
  /** The vitals of the node, without the cost of observing. */
  vitals(): Omit<NodeVitals, 'observer'>;
  readonly meter: CostMeter;
  stopProcess(target: string | ProcessRef, reason: 'normal' | 'shutdown'): Promise<void>;
  /** Emits `message` events until the returned function is called. @throws ServerNotRunningError, ForeignRefError */
  trace(target: string | ProcessRef): () => void;
  onError(error: unknown): void;
}

/** The Observer with the model behind it, for the publishers and the cluster observer. */
export interface LocalObserver {
  readonly observer: ObserverApi;
  /** Ends all polls at shutdown, because their timers would keep the Node.js process running. */
  endPolls(): void;
  /** Flushes, and returns the current model. */
  currentModel(): NodeModel;
  /** Emits the current model, then each newer model. */
  readonly model$: Observable<NodeModel>;
  /** The latest log entries. */
  readonly log: EventLog;
  /** Emits when entries were added to the log. */
  readonly logged$: Observable<unknown>;
  memoryStats(): MemoryStats;
  vitals(): NodeVitals;
  /** Runs `work` and counts its time as cost of observing. */
  measured<Result>(work: () => Result): Result;
  /** Counts bytes that were sent to other nodes. */
  recordBytes(bytes: number): void;
}

export function createObserver(ports: ObserverPorts): LocalObserver {
  const now = (): number => ports.now();
  const moment = (): Moment => ({ timestamp: ports.now(), monotonic: ports.monotonic() });
  const { meter } = ports;
  const polls = new Subscription();
  const initial = emptyModel(() => ports.monotonic());
  const latest$ = new BehaviorSubject<NodeModel>(initial);
  localModel(fromFeed(ports.recorded), fromFeed(ports.batches), initial).subscribe(latest$);

  const log = new EventLog();
  ports.recorded.subscribe((event) => log.record(event));
  const logged$ = fromFeed(ports.batches).pipe(
    map(() => log.position),
    distinctUntilChanged(),
  );

  const currentModel = (): NodeModel => {
    ports.flushNow();
    return latest$.value;
  };
  const settledModel$ = new Observable<NodeModel>((subscriber) =>
    ports.flushSoon(() => {
      subscriber.next(latest$.value);
      subscriber.complete();
    }),
  );
  const memoryStats = (): MemoryStats => ({ ...ports.memoryUsage(), timestamp: now() });
  const vitals = (): NodeVitals => ({ ...ports.vitals(), observer: meter.cost() });
  const project = (model: NodeModel): ObserverSnapshot => snapshotOf(model, moment(), memoryStats(), vitals());
  const getSnapshot = (): ObserverSnapshot => meter.measured(() => project(currentModel()));

  // If a subscriber causes a newer model while an older one is delivered, the other subscribers get only the newer one.
  const model$ = latest$.pipe(
    map(() => latest$.value),
    distinctUntilChanged(),
  );
  const shared$ = model$.pipe(map(project), share({ connector: () => new ReplaySubject(1) }));
  const events$ = fromFeed(ports.delivered);

  const observer: ObserverApi = {
    getSnapshot,
    getServerStats: () => currentModel().servers.rows,
    getSupervisorStats: () => currentModel().supervisors.rows,
    getProcessTree: () => getSnapshot().tree,
    getMemoryStats: memoryStats,
    cost: () => meter.cost(),
    getProcessCount: () => {
      const { servers, supervisors } = currentModel();
      return servers.size + supervisors.size;
    },
    subscribe(handler) {
      checkFunction('handler', handler);
      return ports.delivered.subscribe((event) => {
        const observed = observerEvent(event, currentModel);
        return observed === undefined ? undefined : handler(observed);
      });
    },
    startPolling(ms, handler) {
      checkPositive('ms', ms, MAX_TIMER_MS);
      checkFunction('handler', handler);
      const deliver = isolated(handler, ports.onError);
      const update = ({ servers, supervisors }: NodeModel): void =>
        void deliver({ type: 'stats_update', servers: servers.rows, supervisors: supervisors.rows });
      // The timer starts before the first call of the handler, so a handler that blocks does not delay the later calls.
      // `exhaustMap` skips a tick while a read runs. With `switchMap`, a read of more than `ms` would never complete.
      const subscription = timer(ms, ms, ports.scheduler)
        .pipe(exhaustMap(() => settledModel$))
        .subscribe(update);
      polls.add(subscription);
      update(currentModel());
      return () => {
        polls.remove(subscription);
        subscription.unsubscribe();
      };
    },
    async stopProcess(target, reason = 'normal') {
      try {
        await ports.stopProcess(target, reason);
        return { success: true };
      } catch (error) {
        return { success: false, error: messageOf(error) };
      }
    },
    events$,
    snapshot$: defer(() => {
      ports.flushNow();
      // Leaves out an older snapshot if a subscriber caused a newer one while the older one was being delivered.
      return shared$.pipe(distinctUntilChanged((seen, next) => next.version <= seen.version));
    }),
    trace$: (target) =>
      defer(() => {
        const id = typeof target === 'string' ? target : target.id;
        const release = ports.trace(target);
        return events$.pipe(
          filter((event) => 'id' in event && event.id === id),
          takeWhile((event) => event.type !== 'process_exited'),
          filter((event) => event.type === 'message'),
          finalize(release),
        );
      }),
  };
  return {
    observer,
    endPolls: () => polls.unsubscribe(),
    currentModel,
    model$,
    log,
    logged$,
    memoryStats,
    vitals,
    measured: (work) => meter.measured(work),
    recordBytes: (bytes) => meter.recordBytes(bytes),
  };
}

function observerEvent(event: RuntimeEvent, currentModel: () => NodeModel): ObserverEvent | undefined {
  switch (event.type) {
    case 'process_started': {
      const { id, kind, strategy = 'one_for_one', at: startedAt, monotonic: startedMonotonic } = event;
      const { servers, supervisors, now } = currentModel();
      // The model may be ahead of this event: if the process has ended, it has no row, and the event supplies the row.
      if (kind === 'genserver') {
        const fresh = { id, status: 'running', queueSize: 0, messageCount: 0, startedAt, startedMonotonic } as const;
        return { type: 'server_started', stats: servers.get(id) ?? new ServerRow(fresh, now) };
      }
      const fresh = { id, strategy, childCount: 0, totalRestarts: 0, startedAt, startedMonotonic } as const;
      return { type: 'supervisor_started', stats: supervisors.get(id) ?? new SupervisorRow(fresh, now) };
    }
    case 'process_crashed':
      return event.kind === 'genserver' ? { type: 'server_crashed', id: event.id, error: event.error } : undefined;
    case 'process_exited':
      return event.kind === 'genserver'
        ? { type: 'server_stopped', id: event.id, reason: event.reason }
        : { type: 'supervisor_stopped', id: event.id };
    case 'child_restarted': {
      const { supervisorId, childId, oldId, newId, attempt } = event;
      return { type: 'child_restarted', supervisorId, childId, oldId, newId, attempt };
    }
    default:
      return undefined;
  }
}
