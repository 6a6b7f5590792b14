import {
  auditTime,
  combineLatest,
  finalize,
  interval,
  map,
  merge,
  type Observable,
  share,
  skip,
  startWith,
} from 'rxjs';
import { fromFeed } from '../../streams/from-feed.js';
import { mergeNodes, type Presence } from '../../streams/merge-nodes.js';
import type { ClusterObserverSnapshot } from '../../streams/snapshot.js';
import type { ClusterObserverPorts } from './cluster-observer-api.js';
import { type ClusterPresence, withLocalState } from './cluster-presence.js';
import type { NodeReplicas } from './node-replicas.js';
import { byId } from './observed-members.js';
import { IDLE_PUSH_MS } from './protocol.js';
import { Watch } from './watch.js';

/**
 * The minimum interval between two merged snapshots, ms. A newly linked node usually reports within this time, so the
 * node is rarely shown without data.
 */
const MERGE_MS = 100;

interface WatchedCluster<Id extends string> {
  readonly ports: ClusterObserverPorts<Id>;
  readonly replicas: NodeReplicas<Id>;
  readonly presence: ClusterPresence<Id>;
}

/**
 * Begins to watch all nodes, including nodes that are linked later. Returns an observable of their states, merged with
 * the state of the local node. The watch ends when its subscriber unsubscribes.
 */
export function watchCluster<Id extends string>({
  ports,
  replicas,
  presence: { localState, presenceOf, presenceWith },
}: WatchedCluster<Id>): Observable<ClusterObserverSnapshot<Id>> {
  const { scheduler, local, monotonic, request, onNotify } = ports;
  const watch = new Watch<Id>({ monotonic: () => monotonic(), replicas, request, onNotify });
  const change$ = fromFeed(ports.changes);
  const presence = (): Presence<Id> =>
    presenceWith(byId(ports.members()).map((member) => presenceOf(member, watch.linkedOf(member))));

  for (const { id, status } of ports.members()) if (status === 'connected') watch.begin(id);
  const following = change$.subscribe((change) => watch.follow(change));
  const localChange$ = local === undefined ? [] : [local.model$.pipe(skip(1))];
  const tick$ = merge(change$, watch.noticed$, interval(IDLE_PUSH_MS, scheduler), ...localChange$).pipe(
    startWith(undefined),
    auditTime(MERGE_MS, scheduler),
    share(),
  );
  const states$ = combineLatest([replicas.states$, tick$.pipe(map(localState))]).pipe(
    map(([states, local]) => withLocalState(states, local)),
  );
  // `auditTime` limits how often a snapshot is built, because each one visits all nodes, and a push changes only one.
  return mergeNodes(states$, tick$.pipe(map(presence)), auditTime(MERGE_MS, scheduler)).pipe(
    finalize(() => {
      following.unsubscribe();
      watch.stop();
    }),
  );
}
