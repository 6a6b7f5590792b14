import {
  auditTime,
  concat,
  defer,
  finalize,
  from,
  interval,
  map,
  merge,
  mergeMap,
  type Observable,
  pairwise,
  ReplaySubject,
  type SchedulerLike,
  share,
  skip,
  startWith,
  takeUntil,
} from 'rxjs';
import { type Feed, fromFeed } from '../../streams/feed.js';
import { LOG_CAPACITY, type LogEntry } from '../../streams/log-entries.js';
import { clusterSnapshot, mergeNodes, type NodePresence, type Presence } from '../../streams/merge-nodes.js';
import { createNodeState } from '../../streams/node-report.js';
import { poll } from '../../streams/poll.js';
import type { ClusterObserverSnapshot, NodeObserverSnapshot, ObserverSnapshot } from '../../streams/snapshot.js';
import { MAX_TIMER_MS } from '../clock.js';
import { ClusterNotStartedError, isolated, NodeNotFoundError, ObserverDisabledError } from '../errors.js';
import { checkFunction, checkPositive } from '../validate.js';
import { clusterLog } from './cluster-log.js';
import { CONNECTED, type LinkStatus, linkStatusAfter } from './link-status.js';
import { NodeReplicas, timeBudget } from './node-replicas.js';
import type { ObservedChange, ObservedMember } from './observed-members.js';
import type { LocalObserver } from './observer.js';
import { IDLE_PUSH_MS, REPORT } from './publisher.js';
import { Watch } from './watch.js';

/** How old a cached snapshot may be, ms. */
const CACHE_MS = 2000;
/** The default limit for a node's answer, ms. */
const DEFAULT_TIMEOUT_MS = 5000;
/**
 * While nodes are watched, the merged snapshot is rebuilt at most this often, ms. A node that has just been linked usually
 * reports within this time, before it would be shown as a node without data.
 */
const MERGE_MS = 100;

export type ClusterObserverEvent<Id extends string = string> =
  | { readonly type: 'cluster_snapshot_update'; readonly snapshot: ClusterObserverSnapshot<Id> }
  | { readonly type: 'node_snapshot_update'; readonly nodeId: Id; readonly snapshot: ObserverSnapshot }
  | { readonly type: 'node_error'; readonly nodeId: Id; readonly error: string }
  | { readonly type: 'node_timeout'; readonly nodeId: Id }
  | { readonly type: 'node_up'; readonly nodeId: Id }
  | { readonly type: 'node_down'; readonly nodeId: Id; readonly reason: string };

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

/** What went otherwise than planned between the observers of nodes, and was made good. */
export interface ClusterObserverHealth<Id extends string = string> {
  /** How often another node was too slow for a push, and later received several changes at once. */
  readonly conflations: number;
  /** For each other node, how often its report did not build on the state held here, and its full state was requested. */
  readonly nodes: readonly { readonly nodeId: Id; readonly gaps: number }[];
}

/** What is going on in all nodes. Everything here only reads. */
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
  /** How well this node keeps up with the others, and the others with it. */
  health(): ClusterObserverHealth<Id>;
  /** The events of `subscribe`. Errors with ClusterNotStartedError; completes when the cluster stops. */
  readonly events$: Observable<ClusterObserverEvent<Id>>;
  /** The pushed state of all nodes, merged. Errors with ClusterNotStartedError; completes when the cluster stops. */
  readonly snapshot$: Observable<ClusterObserverSnapshot<Id>>;
  /**
   * What happened on all nodes that is worth a line: of each node the last 500 things it still knows, then more as it
   * happens, each once. Errors with ClusterNotStartedError; completes when the cluster stops.
   */
  readonly log$: Observable<LogEntry>;
  /** The snapshots of `startPolling`. Errors with ClusterNotStartedError; completes when the cluster stops. */
  poll$(ms: number): Observable<ClusterObserverSnapshot<Id>>;
}

/** What the cluster observer is handed of the cluster. */
export interface ClusterObserverPorts<Id extends string> {
  now(): number;
  monotonic(): number;
  readonly scheduler: SchedulerLike;
  /** Of an `observer`, which is no node of the cluster, there is nothing to show. */
  readonly role: 'member' | 'observer';
  /** `undefined`: this runtime is not observed. */
  readonly local: LocalObserver | undefined;
  /** This node, while the cluster runs. */
  localNode(): { readonly id: Id; readonly incarnation: number } | undefined;
  /** The other nodes. Only asked while the cluster runs. */
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

export function createClusterObserver<Id extends string>(ports: ClusterObserverPorts<Id>): ClusterObserverApi<Id> {
  const { scheduler, local, role } = ports;
  const now = (): number => ports.now();
  const monotonic = (): number => ports.monotonic();
  const change$ = fromFeed(ports.changes);
  const stopped$ = fromFeed(ports.stopped);
  const reader = new NodeReplicas<Id>({ now, monotonic, request: ports.request });
  const downReasons = new Map<Id, string>();
  let cached: ClusterObserverSnapshot<Id> | undefined;
  /** Counts what the cache does not survive. */
  let epoch = 0;
  let inFlight: { readonly timeout: number; readonly snapshot: Promise<ClusterObserverSnapshot<Id>> } | undefined;

  /** A snapshot that is being made may miss what was just changed: it is not shared, and not cached. */
  const invalidate = (): void => {
    epoch += 1;
    cached = undefined;
    inFlight = undefined;
  };

  ports.changes.subscribe((change) => {
    invalidate();
    if (change.type === 'down') downReasons.set(change.id, change.reason);
    if (change.type !== 'left' && change.type !== 'forgotten') return;
    downReasons.delete(change.id);
    reader.forget(change.id);
  });
  ports.stopped.subscribe(invalidate);

  const localNode = (): { readonly id: Id; readonly incarnation: number } => {
    const node = ports.localNode();
    if (node === undefined) throw new ClusterNotStartedError();
    return node;
  };

  const presenceOf = ({ id, incarnation, status }: ObservedMember<Id>, linked: LinkStatus): NodePresence<Id> => {
    if (status === 'connected') return { nodeId: id, incarnation, ...linked };
    const reason = downReasons.get(id);
    const error = reason === undefined ? 'there is no link to it yet' : `the link is down (${reason})`;
    return { nodeId: id, incarnation, link: 'down', error };
  };

  /** Reads the local node, and puts it before the others. */
  const withLocal = (others: readonly NodePresence<Id>[]): Presence<Id> => {
    const { id: localNodeId, incarnation } = localNode();
    const moment = { timestamp: now(), monotonic: monotonic() };
    if (role === 'observer') return { ...moment, localNodeId, nodes: others };
    if (local === undefined) {
      const error = new ObserverDisabledError().message;
      const off: NodePresence<Id> = { nodeId: localNodeId, incarnation, link: 'failed', error };
      return { ...moment, localNodeId, nodes: [off, ...others] };
    }
    const memory = local.memoryStats();
    reader.put(
      createNodeState(
        localNodeId,
        { incarnation, ...moment, memory, vitals: local.vitals() },
        local.currentModel(),
        moment,
      ),
    );
    return { ...moment, localNodeId, nodes: [{ nodeId: localNodeId, incarnation, link: 'up' }, ...others] };
  };

  const query = async (timeoutMs: number): Promise<ClusterObserverSnapshot<Id>> => {
    localNode();
    const begunIn = epoch;
    const asked = ports.members();
    const answers = new Map<Id, LinkStatus>();
    await Promise.all(
      asked.map(async ({ id, status }) => {
        if (status !== 'connected') {
          answers.set(id, LATE);
          return;
        }
        try {
          await reader.ask(id, REPORT, timeBudget(timeoutMs, monotonic));
        } catch (thrown) {
          answers.set(id, linkStatusAfter(thrown));
        }
      }),
    );
    // Links may have come and gone meanwhile. Who was not asked has its turn next time.
    const present = ports.members().filter(({ id }) => asked.some((other) => other.id === id));
    const others = byId(present).map((member) => presenceOf(member, answers.get(member.id) ?? CONNECTED));
    const presence = withLocal(others);
    const snapshot = clusterSnapshot(reader.frames, presence);
    if (begunIn === epoch) cached = snapshot;
    return snapshot;
  };

  const poll$ = (ms: number): Observable<ClusterObserverSnapshot<Id>> => {
    checkPositive('ms', ms, MAX_TIMER_MS);
    return whileRunning(() => poll(() => query(pollTimeoutMs(ms)), ms, scheduler));
  };

  /** What `make` makes, while the cluster runs. */
  const whileRunning = <Value>(make: () => Observable<Value>): Observable<Value> =>
    defer(() => {
      localNode();
      return make().pipe(takeUntil(stopped$));
    });

  /** Watches all nodes, present and future, and merges what they push. */
  const watched$ = (): Observable<ClusterObserverSnapshot<Id>> => {
    const watch = new Watch<Id>({ monotonic, reader, request: ports.request, onNotify: ports.onNotify });
    const presence = (): Presence<Id> =>
      withLocal(byId(ports.members()).map((member) => presenceOf(member, watch.linkedOf(member))));

    for (const { id, status } of ports.members()) if (status === 'connected') watch.begin(id);
    const following = change$.subscribe((change) => watch.follow(change));
    const localChange$ = local === undefined ? [] : [local.model$.pipe(skip(1))];
    const presence$ = merge(change$, watch.noticed$, interval(IDLE_PUSH_MS, scheduler), ...localChange$).pipe(
      startWith(undefined),
      auditTime(MERGE_MS, scheduler),
      map(presence),
    );
    return mergeNodes(concat(from(reader.frames.values()), reader.frame$), presence$).pipe(
      auditTime(MERGE_MS, scheduler),
      finalize(() => {
        following.unsubscribe();
        watch.stop();
      }),
    );
  };
  const snapshot$ = whileRunning(watched$).pipe(share({ connector: () => new ReplaySubject(1) }));

  const log$ = whileRunning(() => clusterLog(ports)).pipe(
    share({ connector: () => new ReplaySubject(2 * LOG_CAPACITY) }),
  );

  const membershipEvent$ = change$.pipe(mergeMap(membershipEvents));
  const events$ = whileRunning(() =>
    merge(membershipEvent$, snapshot$.pipe(startWith(undefined), pairwise(), mergeMap(eventsBetween))),
  );

  const deliver = (
    event$: Observable<ClusterObserverEvent<Id>>,
    handler: (event: ClusterObserverEvent<Id>) => void,
  ) => {
    checkFunction('handler', handler);
    localNode();
    const subscription = event$.subscribe(isolated(handler, ports.onError));
    return () => subscription.unsubscribe();
  };

  return {
    async getClusterSnapshot({ useCache = true, timeout = DEFAULT_TIMEOUT_MS } = {}) {
      localNode();
      checkPositive('timeout', timeout, MAX_TIMER_MS);
      if (!useCache) return query(timeout);
      if (cached !== undefined && monotonic() - cached.monotonic <= CACHE_MS) return cached;
      if (inFlight?.timeout === timeout) return inFlight.snapshot;
      const asked = { timeout, snapshot: query(timeout) };
      inFlight = asked;
      return asked.snapshot.finally(() => {
        if (inFlight === asked) inFlight = undefined;
      });
    },

    async getNodeSnapshot(nodeId, timeout = DEFAULT_TIMEOUT_MS) {
      checkPositive('timeout', timeout, MAX_TIMER_MS);
      const { id: localNodeId } = localNode();
      if (role === 'observer' || nodeId !== localNodeId)
        await reader.ask(nodeId, REPORT, timeBudget(timeout, monotonic));
      else if (local === undefined) throw new ObserverDisabledError();
      else return local.observer.getSnapshot();
      const frame = reader.frames.get(nodeId);
      if (frame === undefined) throw new NodeNotFoundError(nodeId);
      return frame.snapshot;
    },

    startPolling(ms, handler) {
      const polled$ = poll$(ms).pipe(mergeMap((snapshot) => eventsBetween([undefined, snapshot])));
      return deliver(merge(membershipEvent$.pipe(takeUntil(stopped$)), polled$), handler);
    },

    subscribe: (handler) => deliver(events$, handler),

    invalidateCache: invalidate,

    getCacheStatus() {
      return cached === undefined ? null : { timestamp: cached.timestamp, age: monotonic() - cached.monotonic };
    },

    health() {
      localNode();
      const nodes = byId(ports.members()).map(({ id }) => ({ nodeId: id, gaps: reader.gaps(id) }));
      return { conflations: ports.conflations(), nodes };
    },

    events$,
    snapshot$,
    log$,
    poll$,
  };
}

/** For one that was not linked when the others were asked, in case it is now. */
const LATE: LinkStatus = { link: 'silent', error: 'it was linked too late to be asked' };

function byId<Id extends string>(members: readonly ObservedMember<Id>[]): readonly ObservedMember<Id>[] {
  return members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** The reads of a round end before the next round begins; otherwise one hung node would hold back every round. */
function pollTimeoutMs(ms: number): number {
  return Math.min(DEFAULT_TIMEOUT_MS, 0.8 * ms);
}

function membershipEvents<Id extends string>(change: ObservedChange<Id>): readonly ClusterObserverEvent<Id>[] {
  if (change.type === 'up') return [{ type: 'node_up', nodeId: change.id }];
  if (change.type === 'down') return [{ type: 'node_down', nodeId: change.id, reason: change.reason }];
  return [];
}

/** The events that lead from one snapshot to the next: each node that changed, then the whole. */
function eventsBetween<Id extends string>([before, snapshot]: readonly [
  ClusterObserverSnapshot<Id> | undefined,
  ClusterObserverSnapshot<Id> | undefined,
]): readonly ClusterObserverEvent<Id>[] {
  if (snapshot === undefined) return [];
  const rowsBefore = new Map(before?.nodes.map((row) => [row.nodeId, row]));
  const changed = snapshot.nodes.filter((row) => !isSame(row, rowsBefore.get(row.nodeId)));
  return [...changed.flatMap(nodeEvent), { type: 'cluster_snapshot_update', snapshot }];
}

function isSame(row: NodeObserverSnapshot, before: NodeObserverSnapshot | undefined): boolean {
  return row.status === before?.status && row.snapshot === before.snapshot && row.error === before.error;
}

function nodeEvent<Id extends string>(row: NodeObserverSnapshot<Id>): readonly ClusterObserverEvent<Id>[] {
  const { nodeId, status, snapshot, error = '' } = row;
  if (snapshot !== null) return [{ type: 'node_snapshot_update', nodeId, snapshot }];
  if (status === 'timeout') return [{ type: 'node_timeout', nodeId }];
  return status === 'error' ? [{ type: 'node_error', nodeId, error }] : [];
}
