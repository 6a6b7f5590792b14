import type { Observable } from 'rxjs';
import type { ClusterObserverSnapshot, LogEntry, NodeLink } from '../../streams/index.js';

/** The data source of a dashboard: the ClusterObserver of a member, or the observer that `attach` resolves to. */
export interface ClusterSource {
  /** The merged state of all nodes, as the nodes push it. Completes when the source ends. */
  readonly snapshot$: Observable<ClusterObserverSnapshot>;
  /** The log entries of all nodes: first the recent entries, then each new entry. */
  readonly log$: Observable<LogEntry>;
  /** Polls all nodes every `ms` milliseconds. Cheaper than `snapshot$` for a dashboard without viewers. */
  poll$(ms: number): Observable<ClusterObserverSnapshot>;
  /** The links of a node with the other nodes. Absent: the dashboard shows only the sums over all links of a node. */
  getNodeLinks?(nodeId: string): Promise<readonly NodeLink[]>;
}
