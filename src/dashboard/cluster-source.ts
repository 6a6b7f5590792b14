import type { Observable } from 'rxjs';
import type { ClusterObserverSnapshot, LogEntry } from '../../streams/index.js';

/** The data source of a dashboard: the ClusterObserver of a member, or of an attached observer. */
export interface ClusterSource {
  /** The pushed state of all nodes, merged. Completes when the source ends. */
  readonly snapshot$: Observable<ClusterObserverSnapshot>;
  /** What happened on all nodes: the recent past, then each thing as it happens. */
  readonly log$: Observable<LogEntry>;
  /** Polls all nodes every `ms`: cheaper than watching, for a dashboard without viewers. */
  poll$(ms: number): Observable<ClusterObserverSnapshot>;
}
