import { combineLatest, identity, type MonoTypeOperatorFunction, map, type Observable } from 'rxjs';
import { type ClusterNames, clusterNames, type NodeRegistrations } from './cluster-names.js';
import type { Moment } from './moment.js';
import type { NodeState } from './node-report.js';
import type { NodeStatesById } from './node-states.js';
import type { ClusterAggregate, ClusterObserverSnapshot, NodeObserverSnapshot } from './snapshot.js';

/** One node of the cluster and the status of the reader's link with it. */
export interface NodePresence<Id extends string = string> {
  readonly nodeId: Id;
  /** The incarnation that the reader is linked with, or the last one that it knew. */
  readonly incarnation: number;
  readonly link: NodeObserverSnapshot['status'];
  /** What is wrong with the node or the link, as text for people. Absent: nothing. */
  readonly error?: string;
}

/** The nodes that the reader knows. The times are those of the reader's clocks. */
export interface Presence<Id extends string = string> extends Moment {
  readonly localNodeId: Id;
  /** The local node first. An attached observer has no entry. */
  readonly nodes: readonly NodePresence<Id>[];
}

/**
 * The entry of one node in a cluster snapshot. While the link is `connected`, the state of the linked incarnation is
 * shown as `snapshot`. Any other known state is shown only as `lastSnapshot`.
 */
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

/** Makes the snapshot of a cluster: one entry for each node of `presence`, with the newest known state of that node. */
export function clusterSnapshot<Id extends string>(
  states: NodeStatesById,
  { timestamp, monotonic, localNodeId, nodes }: Presence<Id>,
): ClusterObserverSnapshot<Id> {
  const rows = Object.freeze(nodes.map((node) => nodeSnapshot(node, states.get(node.nodeId), monotonic)));
  let names: ClusterNames | undefined;
  return Object.freeze({
    timestamp,
    monotonic,
    localNodeId,
    nodes: rows,
    aggregated: aggregate(rows),
    get names() {
      names ??= clusterNames(rows.flatMap(registrationsOf));
      return names;
    },
  });
}

function registrationsOf({ nodeId, snapshot }: NodeObserverSnapshot): readonly NodeRegistrations[] {
  return snapshot === null ? [] : [{ nodeId, processes: [...snapshot.supervisors, ...snapshot.servers] }];
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

/** The two inputs of a cluster snapshot. */
export type NodesToMerge<Id extends string = string> = readonly [states: NodeStatesById, presence: Presence<Id>];

/**
 * Emits snapshots of the whole cluster, built from the node states and the reader's links. Once both inputs have
 * emitted, each further value of either input causes a snapshot.
 *
 * @param pace an operator that limits how often a snapshot is built, such as `auditTime(100)`. The cost of one snapshot
 * grows with the number of nodes.
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

/**
 * The moment of `presence`, or the moment at which the newest state was received if that is later. Compared on the
 * reader's monotonic clock, because its wall clock may have been set back.
 */
function latestMoment({ timestamp, monotonic, nodes }: Presence, states: NodeStatesById): Moment {
  let latest: Moment = { timestamp, monotonic };
  for (const { nodeId } of nodes) {
    const state = states.get(nodeId);
    if (state === undefined || state.receivedMonotonic <= latest.monotonic) continue;
    latest = { timestamp: state.receivedAt, monotonic: state.receivedMonotonic };
  }
  return latest;
}
