import {
  auditTime,
  buffer,
  catchError,
  concat,
  connect,
  defer,
  distinctUntilChanged,
  filter,
  map,
  merge,
  type Observable,
  of,
  partition,
  repeat,
  type SchedulerLike,
  scan,
  startWith,
  switchMap,
  throttleTime,
  throwError,
  timer,
} from 'rxjs';
import type { LogEntry } from '../../../streams/index.js';
import type { ClusterSource } from '../cluster-source.js';
import { type ClusterView, emptyViewState, nextViewState, type ViewState } from '../view-model/cluster-view.js';

/** The minimum interval between views, ms. */
const VIEW_MS = 1000;
/** The polling interval while there are no viewers, ms. */
const POLL_MS = 10_000;
/**
 * How long the nodes keep pushing changes after the last viewer has left, ms. A viewer who reloads the page is back
 * within this time.
 */
const LINGER_MS = 5000;
/** The time for which log entries are collected before they are emitted together, ms. */
const LOG_MS = 250;
/** How long to wait before resubscribing to a source that has ended or failed, ms. */
const RETRY_MS = 2000;

export type ViewUpdate =
  | { readonly type: 'view'; readonly view: ClusterView }
  /** The source has ended or failed. Emitted again at each failed attempt to resubscribe. */
  | { readonly type: 'lost'; readonly problem: string };

export type LogUpdate =
  | { readonly type: 'log'; readonly entries: readonly LogEntry[] }
  /**
   * The source has ended or failed. After resubscription, the source replays recent entries, some of which were already
   * emitted.
   */
  | { readonly type: 'log_ended' };

/**
 * Emits views of the cluster. While there are viewers, the nodes push their changes; otherwise the nodes are polled at
 * a long interval. Resubscribes when the source ends or fails. If this dashboard runs in a member of the cluster, its
 * source ends whenever that member leaves the cluster.
 */
export function viewUpdates(
  source: ClusterSource,
  isWatched$: Observable<boolean>,
  scheduler: SchedulerLike,
): Observable<ViewUpdate> {
  const isPushed$ = isWatched$.pipe(
    switchMap((isWatched) => (isWatched ? of(true) : timer(LINGER_MS, scheduler).pipe(map(() => false)))),
    startWith(false),
    distinctUntilChanged(),
  );
  const pushed$ = source.snapshot$.pipe(throttleTime(VIEW_MS, scheduler, { leading: true, trailing: true }));
  const polled$ = defer(() => source.poll$(POLL_MS));
  const first: ViewStep = { viewed: emptyViewState, update: { type: 'lost', problem: 'no data yet' } };
  return isPushed$.pipe(
    switchMap((isPushed) => resubscribing(isPushed ? pushed$ : polled$, scheduler)),
    scan(({ viewed }: ViewStep, next): ViewStep => {
      if (next instanceof SourceEnd) return { viewed, update: { type: 'lost', problem: next.problem } };
      const after = nextViewState(viewed, next);
      return { viewed: after, update: { type: 'view', view: after.view } };
    }, first),
    map(({ update }) => update),
  );
}

interface ViewStep {
  readonly viewed: ViewState;
  readonly update: ViewUpdate;
}

/** Emits the log entries of the cluster, in batches. Resubscribes when the source ends or fails. */
export function logUpdates(source: ClusterSource, scheduler: SchedulerLike): Observable<LogUpdate> {
  return resubscribing(source.log$, scheduler).pipe(
    connect((each$) => {
      const [end$, entry$] = partition(each$, (each) => each instanceof SourceEnd);
      return merge(
        entry$.pipe(
          buffer(merge(entry$.pipe(auditTime(LOG_MS, scheduler)), end$)),
          filter((entries) => entries.length > 0),
          map((entries): LogUpdate => ({ type: 'log', entries })),
        ),
        end$.pipe(map((): LogUpdate => ({ type: 'log_ended' }))),
      );
    }),
  );
}

/** A value that is emitted when a source ends or fails. */
class SourceEnd {
  /** Why the source ended, as text for the user. */
  readonly problem: string;

  constructor(thrown: unknown) {
    this.problem = thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/**
 * Emits the values of the source. When the source ends or fails, emits a `SourceEnd`, and resubscribes after
 * `RETRY_MS`. Never ends or fails itself.
 */
function resubscribing<Value>(source$: Observable<Value>, scheduler: SchedulerLike): Observable<Value | SourceEnd> {
  return concat(
    source$,
    throwError(() => new Error('the cluster has stopped')),
  ).pipe(
    catchError((thrown) => of(new SourceEnd(thrown))),
    repeat({ delay: () => timer(RETRY_MS, scheduler) }),
  );
}
