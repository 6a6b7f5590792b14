import { defer, type Observable, type ObservableInput, type SchedulerLike, switchMap, timer } from 'rxjs';

/**
 * Calls `read` on subscription and then every `ms` milliseconds, and emits the values that `read` resolves with or
 * emits. A read that has not completed when the next read is due is unsubscribed. If every promise of `read` takes
 * longer than `ms`, nothing is emitted, so limit the time of a slow `read`. An error of `read` ends the observable.
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
