import { distinctUntilChanged, Observable } from 'rxjs';
import { runInMicrotask } from './cancellable-microtask.js';

interface Source<Value> {
  read(): Value;
  /** Calls `listener` whenever the value may have changed. Returns a function that removes the listener. */
  onChange(listener: () => void): () => void;
  isEqual(a: Value, b: Value): boolean;
}

/**
 * Returns an observable of a value that changes. It emits the value on subscription, and again after each change.
 * Synchronous changes are emitted once, in a microtask. The observable never completes.
 */
export function currentValue<Value>({ read, onChange, isEqual }: Source<Value>): Observable<Value> {
  const values$ = new Observable<Value>((subscriber) => {
    let cancel: (() => void) | undefined;
    // The listener is added before the first value is emitted, because the subscriber may react by changing the value.
    const end = onChange(() => {
      cancel ??= runInMicrotask(() => {
        cancel = undefined;
        subscriber.next(read());
      });
    });
    subscriber.next(read());
    return () => {
      end();
      cancel?.();
    };
  });
  return values$.pipe(distinctUntilChanged(isEqual));
}
