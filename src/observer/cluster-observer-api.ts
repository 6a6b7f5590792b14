import type { Observable, SchedulerLike } from 'rxjs';
import type { Feed } from '../../streams/from-feed.js';
import type { LogEntry } from '../../streams/log-entries.js';
import type { NodeLink } from '../../streams/node-links.js';
import type { ClusterObserverSnapshot, ObserverSnapshot } from '../../streams/snapshot.js';
import type { ClusterObserverEvent } from './cluster-observer-events.js';
import type { ObservedChange, ObservedMember } from './observed-members.js';
import type { LocalObserver } from './observer.js';

export interface ClusterSnapshotOptions {
  /** Whether a cached snapshot that is at most 2 s old may be returned. Default true. */
  readonly useCache?: boolean | undefined;
  /** The limit for the answers of the nodes, ms. Default 5000. A node that takes longer has the status `timeout`. */
  readonly timeout?: number | undefined;
}

/** When the cached snapshot of `getClusterSnapshot` was made. */
export interface CacheStatus {
  /** When the cached snapshot was made, ms since the epoch. */
  readonly timestamp: number;
  /** The age of the cached snapshot, ms. */
  readonly age: number;
}

/** Counters of problems between the observers of nodes, all of which noex corrects by itself. */
export interface ClusterObserverHealth<Id extends string = string> {
  /** How often a push of this node left out a reader, for example a slow one. A later push has all its changes. */
  readonly conflations: number;
  /** For each other node: how often a report did not fit its held state, so that this node requested another report. */
  readonly nodes: readonly { readonly nodeId: Id; readonly gaps: number }[];
}

/** Reads the state of all nodes of a cluster. Nothing here changes a process. */
export interface ClusterObserverApi<Id extends string = string> {
  /**
   * Asks all nodes for their state, and resolves with the snapshot of the cluster. A node that does not answer has a
   * row with its status and error.
   *
   * Rejects with ClusterNotStartedError or InvalidArgumentError only.
   */
  getClusterSnapshot(options?: ClusterSnapshotOptions): Promise<ClusterObserverSnapshot<Id>>;
  /**
   * Asks one node for its state, and resolves with its snapshot.
   *
   * Rejects with NodeNotFoundError, NodeNotConnectedError, NodeTimeoutError, RemoteError, ClusterNotStartedError,
   * ObserverDisabledError or InvalidArgumentError, or with TypeError if the node sends an invalid report.
   *
   * @param timeout the limit for the answer, ms. Default 5000.
   */
  getNodeSnapshot(nodeId: Id, timeout?: number): Promise<ObserverSnapshot>;
  /**
   * Asks one node for its links with the other nodes, and resolves with the figures of each link, in order of node id.
   * The sums over all links are in `vitals.links` of a snapshot.
   *
   * Rejects with the same errors as {@link getNodeSnapshot}, except ObserverDisabledError. Rejects with RemoteError if
   * the version of noex on that node does not report links.
   *
   * @param timeout the limit for the answer, ms. Default 5000.
   */
  getNodeLinks(nodeId: Id, timeout?: number): Promise<readonly NodeLink[]>;
  /**
   * Asks all nodes at once and then every `ms` milliseconds, and calls `handler` with the results. The limit for the
   * answers is 80 % of `ms`, but at most 5000 ms: a node that takes longer has the status `timeout` in this round. The
   * handler also receives `node_up` and `node_down`. Polling ends when the cluster stops. Returns the stop function.
   *
   * @throws ClusterNotStartedError, InvalidArgumentError
   */
  startPolling(ms: number, handler: (event: ClusterObserverEvent<Id>) => void): () => void;
  /**
   * Calls `handler` when the state of a node or the link with it changes. Nodes push their changes to this reader.
   * Returns the unsubscribe function.
   *
   * @throws ClusterNotStartedError, InvalidArgumentError
   */
  subscribe(handler: (event: ClusterObserverEvent<Id>) => void): () => void;
  /** Drops the cached snapshot. */
  invalidateCache(): void;
  /** The time and age of the cached snapshot. Returns `null` if no snapshot is cached. */
  getCacheStatus(): CacheStatus | null;
  /**
   * Counters of problems between the observers of nodes.
   *
   * @throws ClusterNotStartedError
   */
  health(): ClusterObserverHealth<Id>;
  /**
   * The events of `subscribe`. Errors with ClusterNotStartedError if the cluster is not running. Completes when the
   * cluster stops.
   */
  readonly events$: Observable<ClusterObserverEvent<Id>>;
  /**
   * Emits a snapshot of the whole cluster when the state of a node or the link with it changes, and at least about once
   * per second. At most one snapshot is emitted per 100 ms. Errors with ClusterNotStartedError if the cluster is not
   * running; completes when it stops.
   */
  readonly snapshot$: Observable<ClusterObserverSnapshot<Id>>;
  /**
   * The log entries of all nodes, each once: first the entries that each node still has (at most 500), and after these
   * each new entry. A further subscriber first gets the last 1000 entries that earlier subscribers got. Errors with
   * ClusterNotStartedError if the cluster is not running; completes when it stops.
   */
  readonly log$: Observable<LogEntry>;
  /**
   * The snapshots of `startPolling`. Errors with ClusterNotStartedError if the cluster is not running; completes when
   * it stops.
   *
   * @throws InvalidArgumentError
   */
  poll$(ms: number): Observable<ClusterObserverSnapshot<Id>>;
}

/** What the cluster observer needs from the cluster. */
export interface ClusterObserverPorts<Id extends string> {
  now(): number;
  monotonic(): number;
  readonly scheduler: SchedulerLike;
  /** `observer`: a reader attached from outside, which is not a node and therefore has no row of its own. */
  readonly role: 'member' | 'observer';
  /** `undefined`: this runtime is not observed. */
  readonly local: LocalObserver | undefined;
  /** This node; `undefined` while the cluster is not running. */
  localNode(): { readonly id: Id; readonly incarnation: number } | undefined;
  /** The other nodes. Called only while the cluster runs. */
  members(): readonly ObservedMember<Id>[];
  readonly changes: Feed<ObservedChange<Id>>;
  /** Emits when the cluster begins to stop. */
  readonly stopped: Feed<unknown>;
  /** The links of this node. */
  links(): readonly NodeLink[];
  request(to: Id, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
  onNotify(topic: string, handler: (body: unknown, from: Id) => void): () => void;
  /** See {@link ClusterObserverHealth.conflations}. */
  conflations(): number;
  onError(error: unknown): void;
}
