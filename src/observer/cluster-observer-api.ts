import type { Observable, SchedulerLike } from 'rxjs';
import type { Feed } from '../../streams/feed.js';
import type { LogEntry } from '../../streams/log-entries.js';
import type { ClusterObserverSnapshot, ObserverSnapshot } from '../../streams/snapshot.js';
import type { ClusterObserverEvent } from './cluster-observer-events.js';
import type { ObservedChange, ObservedMember } from './observed-members.js';
import type { LocalObserver } from './observer.js';

export interface ClusterSnapshotOptions {
  /** Take a snapshot that is at most 2 s old. Default true. */
  readonly useCache?: boolean | undefined;
  /** How long to wait for a node, ms. Default 5000. A node that takes longer is in the snapshot as `timeout`. */
  readonly timeout?: number | undefined;
}

export interface CacheStatus {
  /** When the cached snapshot was made, ms since the epoch. */
  readonly timestamp: number;
  /** ms */
  readonly age: number;
}

/** Problems between the observers of nodes that noex has corrected by itself. */
export interface ClusterObserverHealth<Id extends string = string> {
  /** How often another node was too slow for a push, and later received several changes at once. */
  readonly conflations: number;
  /** For each other node, how often its report did not build on the state held here, and its full state was requested. */
  readonly nodes: readonly { readonly nodeId: Id; readonly gaps: number }[];
}

/** The state of all nodes. Everything here only reads. */
export interface ClusterObserverApi<Id extends string = string> {
  /** Rejects with ClusterNotStartedError when the cluster is not running; whatever is wrong with a node is in its row. */
  getClusterSnapshot(options?: ClusterSnapshotOptions): Promise<ClusterObserverSnapshot<Id>>;
  /**
   * One node's snapshot.
   *
   * Rejects with the reason it cannot be had: NodeNotFoundError, NodeNotConnectedError, NodeTimeoutError, RemoteError,
   * ClusterNotStartedError.
   */
  getNodeSnapshot(nodeId: Id, timeout?: number): Promise<ObserverSnapshot>;
  /**
   * Asks all nodes at once and then every `ms`, and calls `handler` with what they say. A node that does not answer
   * before the next round is `timeout` in this one, so that no node holds up the others. Ends by itself when the
   * cluster stops. Returns the stop function.
   *
   * @throws ClusterNotStartedError, InvalidArgumentError
   */
  startPolling(ms: number, handler: (event: ClusterObserverEvent<Id>) => void): () => void;
  /**
   * Calls `handler` with what the nodes push when it changes. Returns the unsubscribe function.
   *
   * @throws ClusterNotStartedError
   */
  subscribe(handler: (event: ClusterObserverEvent<Id>) => void): () => void;
  invalidateCache(): void;
  /** `null` when nothing is cached. */
  getCacheStatus(): CacheStatus | null;
  /** Counters of problems between the observers of nodes. */
  health(): ClusterObserverHealth<Id>;
  /** The events of `subscribe`. Errors with ClusterNotStartedError; completes when the cluster stops. */
  readonly events$: Observable<ClusterObserverEvent<Id>>;
  /** The pushed state of all nodes, merged. Errors with ClusterNotStartedError; completes when the cluster stops. */
  readonly snapshot$: Observable<ClusterObserverSnapshot<Id>>;
  /**
   * The log entries of all nodes: of each node the last 500 that it still has, then more as it
   * happens, each once. Errors with ClusterNotStartedError; completes when the cluster stops.
   */
  readonly log$: Observable<LogEntry>;
  /** The snapshots of `startPolling`. Errors with ClusterNotStartedError; completes when the cluster stops. */
  poll$(ms: number): Observable<ClusterObserverSnapshot<Id>>;
}

/** What the cluster observer needs of the cluster. */
export interface ClusterObserverPorts<Id extends string> {
  now(): number;
  monotonic(): number;
  readonly scheduler: SchedulerLike;
  /** An `observer` is no node of the cluster, so it has no row of its own. */
  readonly role: 'member' | 'observer';
  /** `undefined`: this runtime is not observed. */
  readonly local: LocalObserver | undefined;
  /** This node, while the cluster runs. */
  localNode(): { readonly id: Id; readonly incarnation: number } | undefined;
  /** The other nodes. Called only while the cluster runs. */
  members(): readonly ObservedMember<Id>[];
  readonly changes: Feed<ObservedChange<Id>>;
  /** The cluster has stopped. */
  readonly stopped: Feed<unknown>;
  request(to: Id, method: string, body: unknown, timeoutMs: number): Promise<unknown>;
  onNotify(topic: string, handler: (body: unknown, from: Id) => void): () => void;
  /** How often a watcher of this node was too slow for a push. */
  conflations(): number;
  onError(error: unknown): void;
}
