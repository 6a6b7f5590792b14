import { defer, type Observable, type ObservableInput, type SchedulerLike, switchMap, timer } from 'rxjs';

/**
 * Reads at once and then every `ms`. A read that is still open when the next is due is given up, so a `read` that may be
 * slow has to end by itself in less than `ms`, or nothing ever comes.
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
