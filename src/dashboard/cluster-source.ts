import type { Observable } from 'rxjs';
import type { ClusterObserverSnapshot, LogEntry, NodeLink } from '../../streams/index.js';

/**
 * The data source of a dashboard: the ClusterObserver of a member, or an observer that is attached from outside (see
 * `attach`).
 */
export interface ClusterSource {
  /**
   * Emits the merged state of all nodes when the state of any node changes. The nodes push their changes. Completes
   * when the source ends. Errors if the cluster is not running.
   */
  readonly snapshot$: Observable<ClusterObserverSnapshot>;
  /** Emits the log entries of all nodes: first the recent entries, then each new entry. */
  readonly log$: Observable<LogEntry>;
  /**
   * Asks all nodes at once and then every `ms` milliseconds, and emits their merged state after each round. With a long
   * interval, this costs the nodes less than `snapshot$`.
   */
  poll$(ms: number): Observable<ClusterObserverSnapshot>;
  /**
   * Resolves to the links of a node with the other nodes. Rejects if the node does not answer or is not known. Without
   * this method, the dashboard shows only the sums over all links of a node.
   */
  getNodeLinks?(nodeId: string): Promise<readonly NodeLink[]>;
}
