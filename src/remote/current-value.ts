import { distinctUntilChanged, Observable } from 'rxjs';
import { runInMicrotask } from './cancellable-microtask.js';

interface Source<Value> {
  read(): Value;
  /** Calls `listener` whenever the value may have changed. Returns the function that ends that. */
  onChange(listener: () => void): () => void;
  isEqual(a: Value, b: Value): boolean;
}

/** Emits the value now, and whenever it has changed. Several synchronous changes are emitted once. */
export function currentValue<Value>({ read, onChange, isEqual }: Source<Value>): Observable<Value> {
  const values$ = new Observable<Value>((subscriber) => {
    let cancel: (() => void) | undefined;
    // First: the subscriber may change the value when it gets it.
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
