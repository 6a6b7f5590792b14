import type { Observable } from 'rxjs';
import type { ClusterObserverSnapshot, LogEntry } from '../../streams/index.js';

/** Where a dashboard gets all it shows: the ClusterObserver of a member, or of whoever is attached to a cluster. */
export interface ClusterSource {
  /** What all nodes tell by themselves, merged. Completes when there is no more to come. */
  readonly snapshot$: Observable<ClusterObserverSnapshot>;
  /** What happened on all nodes: the recent past, then each thing as it happens. */
  readonly log$: Observable<LogEntry>;
  /** Asks all nodes every `ms`: cheaper than watching, when nobody looks closely. */
  poll$(ms: number): Observable<ClusterObserverSnapshot>;
}
