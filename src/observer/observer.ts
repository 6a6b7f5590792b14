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
import { emptyModel, type NodeModel } from '../../streams/evolve.js';
import { type Feed, fromFeed } from '../../streams/feed.js';
import { type EventBatch, localModel } from '../../streams/local-model.js';
import type { Moment } from '../../streams/moment.js';
import { ServerRow, SupervisorRow } from '../../streams/process-rows.js';
import type {
  GenServerStats,
  MemoryStats,
  NodeVitals,
  ObserverCost,
  ObserverSnapshot,
  ProcessTreeNode,
  SupervisorStats,
} from '../../streams/snapshot.js';

import { MAX_TIMER_MS } from '../clock.js';
import { isolated, messageOf } from '../errors.js';
import type { ProcessRef } from '../process/refs.js';
import { checkFunction, checkPositive } from '../validate.js';
import { EventLog } from './event-log.js';
import type { CostMeter } from './observer-cost.js';

/** The events that handlers of `subscribe` and `startPolling` get; `stats_update` is for `startPolling` only. */
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
      /** The number of restarts of this child, this one included. */
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
  /** The reason, as text. */
  readonly error?: string;
}

/** The state of this runtime. Everything here only reads, except `stopProcess`. */
export interface ObserverApi {
  /** The processes now. Reading flushes pending counts first, so a message that was handled is always included. */
  getSnapshot(): ObserverSnapshot;
  getServerStats(): readonly GenServerStats[];
  getSupervisorStats(): readonly SupervisorStats[];
  getProcessTree(): readonly ProcessTreeNode[];
  getMemoryStats(): MemoryStats;
  /** What observing itself costs, measured over the last ten seconds or so. */
  cost(): ObserverCost;
  /** Servers and supervisors. */
  getProcessCount(): number;
  /** Delivers starts, crashes, restarts and exits. Returns the unsubscribe function. */
  subscribe(handler: (event: ObserverEvent) => void): () => void;
  /**
   * Calls `handler` before it returns, and then every `ms`, until `shutdown`; with the flush interval, where observing would
   * cost more than its budget otherwise. Returns the stop function.
   */
  startPolling(ms: number, handler: (update: StatsUpdate) => void): () => void;
  /**
   * Stops a process; a supervisor with its children. A GenServer that has not stopped after 5 s is killed. One that is
   * supervised may be started again by its supervisor. `target` is an id of this runtime, or a ref.
   */
  stopProcess(target: string | ProcessRef, reason?: 'normal' | 'shutdown'): Promise<StopResult>;
  /** Every event, from the moment of subscription. */
  readonly events$: Observable<RuntimeEvent>;
  /** The newest snapshot, then each newer one, once per flush interval and at each synchronous read. */
  readonly snapshot$: Observable<ObserverSnapshot>;
  /**
   * One `message` event per message of that process, only while subscribed; completes with the process.
   * Errors with ServerNotRunningError when there is no such process, with ForeignRefError when the ref is not of this
   * runtime.
   */
  trace$(target: string | ProcessRef): Observable<MessageTraced>;
}

/** What the observer needs of the runtime. */
export interface ObserverPorts {
  now(): number;
  monotonic(): number;
  readonly scheduler: SchedulerLike;
  /** Events in the order of delivery. */
  readonly delivered: Feed<RuntimeEvent>;
  /** Events at the moment of emission. */
  readonly recorded: Feed<RuntimeEvent>;
  /** The batches of recorded events to fold. */
  readonly batches: Feed<EventBatch>;
  /** Flushes and folds everything before it returns. */
  flushNow(): void;
  /** Does the same in batches, without blocking the event loop for long, then calls `ready`. */
  flushSoon(ready: () => void): void;
  memoryUsage(): Omit<MemoryStats, 'timestamp'>;
  /** The vitals of the node, without the cost of observing. */
  vitals(): Omit<NodeVitals, 'observer'>;
  readonly meter: CostMeter;
  stopProcess(target: string | ProcessRef, reason: 'normal' | 'shutdown'): Promise<void>;
  /** Makes the process emit `message` events until the returned function is called. Throws ServerNotRunningError. */
  trace(target: string | ProcessRef): () => void;
  onError(error: unknown): void;
}

/** The Observer with the model behind it, for the publishers. */
export interface LocalObserver {
  readonly observer: ObserverApi;
  /** Ends all polls for good: their timers would keep the program running. */
  endPolls(): void;
  currentModel(): NodeModel;
  /** The model, and each newer one. */
  readonly model$: Observable<NodeModel>;
  /** The latest log entries. */
  readonly log: EventLog;
  /** Emits when the log has more entries. */
  readonly logged$: Observable<unknown>;
  memoryStats(): MemoryStats;
  vitals(): NodeVitals;
  /** Runs work of publishing, and counts its time as a cost of observing. */
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

  // A subscriber may cause further changes; later subscribers then get the newest model once, not the older one late.
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
      // Started before the first call: a handler that blocks or throws does not shift the later calls.
      // A read that takes longer than the interval is not cancelled by the next tick, or no read would ever finish.
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
      // A snapshot that was overtaken by a newer one, which a subscriber has caused, is not delivered late.
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
      // The model may be ahead of the event, and the process gone from it already.
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
