import { Observable } from 'rxjs';

/** Where values come from, in callbacks: `subscribe` returns the unsubscribe function. */
export interface Feed<Value> {
  subscribe(listener: (value: Value) => void): () => void;
}

/** The one bridge from callbacks to an Observable. Never completes. */
export function fromFeed<Value>(feed: Feed<Value>): Observable<Value> {
  return new Observable((subscriber) => feed.subscribe((value) => subscriber.next(value)));
}
