import { Observable } from 'rxjs';

/** A source of values that calls listeners. `subscribe` returns the unsubscribe function. */
export interface Feed<Value> {
  subscribe(listener: (value: Value) => void): () => void;
}

/** Turns a feed into an Observable that never completes. */
export function fromFeed<Value>(feed: Feed<Value>): Observable<Value> {
  return new Observable((subscriber) => feed.subscribe((value) => subscriber.next(value)));
}
