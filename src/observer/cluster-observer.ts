import { defer, merge, mergeMap, type Observable, pairwise, ReplaySubject, share, startWith, takeUntil } from 'rxjs';
import { fromFeed } from '../../streams/from-feed.js';
import { LOG_CAPACITY } from '../../streams/log-entries.js';
import { decodeLinks } from '../../streams/node-links.js';
import { poll } from '../../streams/poll.js';
import type { ClusterObserverSnapshot } from '../../streams/snapshot.js';
import { MAX_TIMER_MS } from '../clock.js';
import { isolated, NodeNotFoundError, ObserverDisabledError } from '../errors.js';
import { checkFunction, checkPositive } from '../validate.js';
import { clusterLog } from './cluster-log.js';
import type { ClusterObserverApi, ClusterObserverPorts } from './cluster-observer-api.js';
import { type ClusterObserverEvent, eventsBetween, membershipEvents } from './cluster-observer-events.js';
import { createClusterPresence } from './cluster-presence.js';
import { NodeReplicas, timeBudget } from './node-replicas.js';
import { byId } from './observed-members.js';
import { pollCluster } from './poll-cluster.js';
import { LINKS, REPORT } from './protocol.js';
import { SnapshotCache } from './snapshot-cache.js';
import { watchCluster } from './watch-cluster.js';

/** The default limit for a node's answer, ms. */
const DEFAULT_TIMEOUT_MS = 5000;

export function createClusterObserver<Id extends string>(ports: ClusterObserverPorts<Id>): ClusterObserverApi<Id> {
  const { scheduler, local, role } = ports;
  const monotonic = (): number => ports.monotonic();
  const change$ = fromFeed(ports.changes);
  const stopped$ = fromFeed(ports.stopped);
  const replicas = new NodeReplicas<Id>({ now: () => ports.now(), monotonic, request: ports.request });
  const presence = createClusterPresence(ports);
  const { localNode } = presence;
  const cache = new SnapshotCache<Id>({
    monotonic,
    read: (timeoutMs) => pollCluster({ ports, replicas, presence }, timeoutMs),
  });

  dropOnChange(ports, cache, replicas);

  const poll$ = (ms: number): Observable<ClusterObserverSnapshot<Id>> => {
    checkPositive('ms', ms, MAX_TIMER_MS);
    const read = async (): Promise<ClusterObserverSnapshot<Id>> => {
      localNode();
      return cache.read(pollTimeoutMs(ms));
    };
    return whileRunning(() => poll(read, ms, scheduler));
  };

  /**
   * Returns an observable that subscribes to the result of `make`, and completes when the cluster stops. Errors with
   * ClusterNotStartedError if the cluster is not running.
   */
  const whileRunning = <Value>(make: () => Observable<Value>): Observable<Value> =>
    defer(() => {
      localNode();
      return make().pipe(takeUntil(stopped$));
    });

  const snapshot$ = whileRunning(() => watchCluster({ ports, replicas, presence })).pipe(
    share({ connector: () => new ReplaySubject(1) }),
  );

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
      return useCache ? cache.get(timeout) : cache.read(timeout);
    },

    async getNodeSnapshot(nodeId, timeout = DEFAULT_TIMEOUT_MS) {
      checkPositive('timeout', timeout, MAX_TIMER_MS);
      const { id: localNodeId } = localNode();
      if (role === 'observer' || nodeId !== localNodeId)
        await replicas.ask(nodeId, REPORT, timeBudget(timeout, monotonic));
      else if (local === undefined) throw new ObserverDisabledError();
      else return local.observer.getSnapshot();
      const state = replicas.states.get(nodeId);
      if (state === undefined) throw new NodeNotFoundError(nodeId);
      return state.snapshot;
    },

    async getNodeLinks(nodeId, timeout = DEFAULT_TIMEOUT_MS) {
      checkPositive('timeout', timeout, MAX_TIMER_MS);
      const { id: localNodeId } = localNode();
      const isLocal = role === 'member' && nodeId === localNodeId;
      return isLocal ? ports.links() : decodeLinks(await ports.request(nodeId, LINKS, null, timeout));
    },

    startPolling(ms, handler) {
      const polled$ = poll$(ms).pipe(mergeMap((snapshot) => eventsBetween([undefined, snapshot])));
      return deliver(merge(membershipEvent$.pipe(takeUntil(stopped$)), polled$), handler);
    },

    subscribe: (handler) => deliver(events$, handler),

    invalidateCache: () => cache.invalidate(),

    getCacheStatus: () => cache.status(),

    health() {
      localNode();
      const nodes = byId(ports.members()).map(({ id }) => ({ nodeId: id, gaps: replicas.gaps(id) }));
      return { conflations: ports.conflations(), nodes };
    },

    events$,
    snapshot$,
    log$,
    poll$,
  };
}

/**
 * Drops the cached snapshot whenever the members change or the cluster stops. Drops the replica of a node that is
 * removed from the membership.
 */
function dropOnChange<Id extends string>(
  { changes, stopped }: ClusterObserverPorts<Id>,
  cache: SnapshotCache<Id>,
  replicas: NodeReplicas<Id>,
): void {
  changes.subscribe((change) => {
    cache.invalidate();
    if (change.type === 'left' || change.type === 'forgotten') replicas.forget(change.id);
  });
  stopped.subscribe(() => cache.invalidate());
}

/**
 * The limit for the reads of one round of a poll, ms. The limit is shorter than the interval, because the next round
 * cancels a read that has not completed. With a longer limit, one node that hangs would prevent every result.
 */
function pollTimeoutMs(ms: number): number {
  return Math.min(DEFAULT_TIMEOUT_MS, 0.8 * ms);
}
