import { combineLatest, identity, type MonoTypeOperatorFunction, map, type Observable } from 'rxjs';
import type { Moment } from './moment.js';
import type { NodeState } from './node-report.js';
import type { NodeStatesById } from './node-states.js';
import type { ClusterAggregate, ClusterObserverSnapshot, NodeObserverSnapshot } from './snapshot.js';

/** The link with a node, as the reader's own cluster membership knows it. */
export interface NodePresence<Id extends string = string> {
  readonly nodeId: Id;
  readonly incarnation: number;
  /** `timeout`: linked, but nothing has come from it for too long. `error`: it answered with an error. */
  readonly link: NodeObserverSnapshot['status'];
  /** What is wrong, as text. */
  readonly error?: string;
}

/** Which nodes there are, the local one first, at one moment of the reader's clocks. */
export interface Presence<Id extends string = string> extends Moment {
  readonly localNodeId: Id;
  readonly nodes: readonly NodePresence<Id>[];
}

/** The newest state of a node, with its link status. */
function nodeSnapshot<Id extends string>(
  { nodeId, incarnation, link, error }: NodePresence<Id>,
  state: NodeState | undefined,
  monotonic: number,
): NodeObserverSnapshot<Id> {
  const lastUpdate = state?.receivedAt ?? 0;
  const ageMs = Math.max(0, monotonic - (state?.receivedMonotonic ?? monotonic));
  if (link === 'connected' && state?.incarnation === incarnation) {
    return Object.freeze({ nodeId, status: link, snapshot: state.snapshot, lastUpdate, ageMs });
  }
  const problem = link === 'connected' ? 'it has not reported its state yet' : error;
  return Object.freeze({
    nodeId,
    status: link === 'connected' ? 'timeout' : link,
    snapshot: null,
    lastUpdate,
    ...(problem !== undefined && { error: problem }),
    ...(state !== undefined && { ageMs, lastSnapshot: state.snapshot }),
  });
}

/** All present nodes at one moment, each with the newest that is known of it. */
export function clusterSnapshot<Id extends string>(
  states: NodeStatesById,
  { timestamp, monotonic, localNodeId, nodes }: Presence<Id>,
): ClusterObserverSnapshot<Id> {
  const rows = Object.freeze(nodes.map((node) => nodeSnapshot(node, states.get(node.nodeId), monotonic)));
  return Object.freeze({ timestamp, monotonic, localNodeId, nodes: rows, aggregated: aggregate(rows) });
}

function aggregate(nodes: readonly NodeObserverSnapshot[]): ClusterAggregate {
  const sums = {
    totalProcessCount: 0,
    totalServerCount: 0,
    totalSupervisorCount: 0,
    totalMessages: 0,
    totalRestarts: 0,
    connectedNodeCount: 0,
    totalNodeCount: nodes.length,
  };
  for (const { snapshot } of nodes) {
    if (snapshot === null) continue;
    sums.totalProcessCount += snapshot.processCount;
    sums.totalServerCount += snapshot.serverCount;
    sums.totalSupervisorCount += snapshot.supervisorCount;
    sums.totalMessages += snapshot.totalMessages;
    sums.totalRestarts += snapshot.totalRestarts;
    sums.connectedNodeCount += 1;
  }
  return Object.freeze(sums);
}

/** What a cluster snapshot is built from. */
export type NodesToMerge<Id extends string = string> = readonly [states: NodeStatesById, presence: Presence<Id>];

/**
 * The one observable of the whole cluster: the states of all nodes, with what the reader knows of its links. Emits with every
 * change of a state and of presence, once it has both.
 *
 * @param pace decides which of the changes become snapshots, such as `auditTime(100)`: building one takes time for each node
 */
export function mergeNodes<Id extends string>(
  states$: Observable<NodeStatesById>,
  presence$: Observable<Presence<Id>>,
  pace: MonoTypeOperatorFunction<NodesToMerge<Id>> = identity,
): Observable<ClusterObserverSnapshot<Id>> {
  return combineLatest([states$, presence$]).pipe(
    pace,
    map(([states, presence]) => clusterSnapshot(states, { ...presence, ...latestMoment(presence, states) })),
  );
}

/** When the newest state was received: the last to arrive by the reader's monotonic clock, whatever its wall clock did. */
function latestMoment({ timestamp, monotonic, nodes }: Presence, states: NodeStatesById): Moment {
  let latest: Moment = { timestamp, monotonic };
  for (const { nodeId } of nodes) {
    const state = states.get(nodeId);
    if (state === undefined || state.receivedMonotonic <= latest.monotonic) continue;
    latest = { timestamp: state.receivedAt, monotonic: state.receivedMonotonic };
  }
  return latest;
}
