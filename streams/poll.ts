import { defer, type Observable, type ObservableInput, type SchedulerLike, switchMap, timer } from 'rxjs';

/**
 * Calls `read` at once and then every `ms` milliseconds, and emits what `read` returns. A read that has not completed when
 * the next read is due is unsubscribed. If every read takes longer than `ms`, nothing is emitted, so give a slow `read` a
 * timeout below `ms`.
 *
 * @example
 * poll(() => fetchStatus(), 1000).subscribe(console.log)
 */
export function poll<Value>(
  read: () => ObservableInput<Value>,
  ms: number,
  scheduler?: SchedulerLike,
): Observable<Value> {
  return timer(0, ms, scheduler).pipe(switchMap(() => defer(read)));
}
