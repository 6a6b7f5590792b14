import type { Observable } from 'rxjs';
import type { ClusterObserverSnapshot, LogEntry, NodeLink } from '../../streams/index.js';

/**
 * The data source of a dashboard: the ClusterObserver of a member, or an observer that is attached from outside (see
 * `attach`).
 */
export interface ClusterSource {
  /** The merged state of all nodes, as the nodes push it. Completes when the source ends. */
  readonly snapshot$: Observable<ClusterObserverSnapshot>;
  /** The log entries of all nodes: first the recent entries, then each new entry. */
  readonly log$: Observable<LogEntry>;
  /**
   * Polls all nodes every `ms` milliseconds. A dashboard without viewers uses this method, because polling costs less
   * than `snapshot$`.
   */
  poll$(ms: number): Observable<ClusterObserverSnapshot>;
  /**
   * Resolves to the links of a node with the other nodes. Without this method, the dashboard shows only the sums over
   * all links of a node.
   */
  getNodeLinks?(nodeId: string): Promise<readonly NodeLink[]>;
}
