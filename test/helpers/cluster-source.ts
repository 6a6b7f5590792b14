import { defer, type Observable, ReplaySubject, Subject } from 'rxjs';
import type { ClusterSource } from '../../src/dashboard/cluster-source.js';
import type { ClusterObserverSnapshot, LogEntry } from '../../streams/index.js';

/** A source that emits what a test gives it, and records its subscriptions. */
export class ToldSource implements ClusterSource {
  /** Another one is another life of the source. */
  snapshots = new Subject<ClusterObserverSnapshot>();
  readonly polled = new Subject<ClusterObserverSnapshot>();
  readonly entries = new ReplaySubject<LogEntry>();
  /** The intervals it was asked to poll in. */
  readonly polls: number[] = [];

  readonly snapshot$ = defer(() => this.snapshots);
  readonly log$ = this.entries.asObservable();

  poll$(ms: number): Observable<ClusterObserverSnapshot> {
    this.polls.push(ms);
    return this.polled.asObservable();
  }

  /** There is a subscriber. */
  get isWatched(): boolean {
    return this.snapshots.observed;
  }

  get isPolled(): boolean {
    return this.polled.observed;
  }
}

export function crash(id: string, at: number): LogEntry {
  return { type: 'process_crashed', nodeId: 'a', id, kind: 'genserver', at, error: { name: 'Error', message: 'boom' } };
}
