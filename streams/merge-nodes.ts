import { filter, map, merge, type Observable, scan } from 'rxjs';
import type { Moment } from './moment.js';
import type { NodeState } from './node-report.js';
import type { ClusterAggregate, ClusterObserverSnapshot, NodeObserverSnapshot } from './snapshot.js';

/** The newest frame of each node. */
export type NodeStates = ReadonlyMap<string, NodeState>;

/** How a node stands, as the reader's own cluster membership knows it. */
export interface NodePresence<Id extends string = string> {
  readonly nodeId: Id;
  readonly incarnation: number;
  /** `silent`: linked, but nothing has come from it for too long. `failed`: it answered with an error. */
  readonly link: 'up' | 'silent' | 'failed' | 'down';
  /** What is wrong, for people. */
  readonly error?: string;
}

/** Which nodes there are, the local one first, at one moment of the reader's clocks. */
export interface Presence<Id extends string = string> extends Moment {
  readonly localNodeId: Id;
  readonly nodes: readonly NodePresence<Id>[];
}

export const emptyNodeStates: NodeStates = new Map();

/**
 * The frames with one more. Newest incarnation wins, then newest version, then what was received last: in whatever order
 * frames come, and however often, the result is the same.
 */
export function withNodeState(frames: NodeStates, frame: NodeState): NodeStates {
  const held = frames.get(frame.nodeId);
  return held !== undefined && !isNewer(frame, held) ? frames : new Map(frames).set(frame.nodeId, frame);
}

function isNewer(a: NodeState, b: NodeState): boolean {
  if (a.incarnation !== b.incarnation) return a.incarnation > b.incarnation;
  if (a.version !== b.version) return a.version > b.version;
  return a.receivedMonotonic > b.receivedMonotonic;
}

/** What the newest frame of a node and its link say together. */
function nodeSnapshot<Id extends string>(
  { nodeId, incarnation, link, error }: NodePresence<Id>,
  frame: NodeState | undefined,
  monotonic: number,
): NodeObserverSnapshot<Id> {
  const lastUpdate = frame?.receivedAt ?? 0;
  const age = frame === undefined ? {} : { ageMs: Math.max(0, monotonic - frame.receivedMonotonic) };
  if (link === 'up' && frame?.incarnation === incarnation) {
    return Object.freeze({ nodeId, status: 'connected', snapshot: frame.snapshot, lastUpdate, ...age });
  }
  const problem = link === 'up' ? 'it has not reported its state yet' : error;
  return Object.freeze({
    nodeId,
    status: STATUS[link],
    snapshot: null,
    lastUpdate,
    ...age,
    ...(problem !== undefined && { error: problem }),
    ...(frame !== undefined && { lastSnapshot: frame.snapshot }),
  });
}

const STATUS = { up: 'timeout', silent: 'timeout', failed: 'error', down: 'disconnected' } as const;

/** All nodes at one moment: those present, each with the newest that is known of it. */
export function clusterSnapshot<Id extends string>(
  frames: NodeStates,
  { timestamp, monotonic, localNodeId, nodes }: Presence<Id>,
): ClusterObserverSnapshot<Id> {
  const rows = Object.freeze(nodes.map((node) => nodeSnapshot(node, frames.get(node.nodeId), monotonic)));
  return Object.freeze({ timestamp, monotonic, localNodeId, nodes: rows, aggregated: aggregate(rows) });
}

function aggregate(nodes: readonly NodeObserverSnapshot[]): ClusterAggregate {
  const snapshots = nodes.flatMap(({ snapshot }) => snapshot ?? []);
  const sum = (count: (snapshot: (typeof snapshots)[number]) => number): number =>
    snapshots.reduce((total, snapshot) => total + count(snapshot), 0);
  return Object.freeze({
    totalProcessCount: sum(({ processCount }) => processCount),
    totalServerCount: sum(({ servers }) => servers.length),
    totalSupervisorCount: sum(({ supervisors }) => supervisors.length),
    totalMessages: sum(({ totalMessages }) => totalMessages),
    totalRestarts: sum(({ totalRestarts }) => totalRestarts),
    connectedNodeCount: snapshots.length,
    totalNodeCount: nodes.length,
  });
}

interface Merged<Id extends string> {
  readonly frames: NodeStates;
  readonly presence: Presence<Id> | undefined;
}

/**
 * The one observable of the whole cluster: what all nodes say of themselves, under what the reader knows of its links.
 * Emits with every frame and every change of presence, from the first presence on.
 */
export function mergeNodes<Id extends string>(
  frame$: Observable<NodeState>,
  presence$: Observable<Presence<Id>>,
): Observable<ClusterObserverSnapshot<Id>> {
  type Step = (merged: Merged<Id>) => Merged<Id>;
  const step$ = merge<Step[]>(
    frame$.pipe(
      map((frame) => (merged: Merged<Id>) => ({ ...merged, frames: withNodeState(contenders(frame, merged), frame) })),
    ),
    presence$.pipe(
      map((presence) => ({ frames }: Merged<Id>) => ({ frames: only(frames, presence), presence })),
    ),
  );
  const nothing: Merged<Id> = { frames: emptyNodeStates, presence: undefined };
  return step$.pipe(
    scan((merged, step) => step(merged), nothing),
    map(({ frames, presence }) => {
      if (presence === undefined) return undefined;
      return clusterSnapshot(frames, { ...presence, ...latestMoment(presence, frames) });
    }),
    filter((snapshot) => snapshot !== undefined),
  );
}

/** When the newest of these was received: the last to arrive by the reader's monotonic clock, whatever its wall clock did. */
function latestMoment({ timestamp, monotonic }: Presence, frames: NodeStates): Moment {
  let latest: Moment = { timestamp, monotonic };
  for (const { receivedAt, receivedMonotonic } of frames.values()) {
    if (receivedMonotonic > latest.monotonic) latest = { timestamp: receivedAt, monotonic: receivedMonotonic };
  }
  return latest;
}

/**
 * The node states that a new one has to be newer than. The link proves which incarnation of a node is current: where its
 * clock was set back between the two, the later incarnation has the smaller number.
 */
function contenders({ nodeId, incarnation }: NodeState, { frames, presence }: Merged<string>): NodeStates {
  const held = frames.get(nodeId);
  if (held === undefined) return frames;
  const present = presence?.nodes.find((node) => node.nodeId === nodeId)?.incarnation;
  const isOfLaterLife = incarnation === present && held.incarnation !== present;
  if (!isOfLaterLife) return frames;
  return new Map([...frames].filter(([id]) => id !== nodeId));
}

/** The frames of those present: who is gone for good is forgotten. */
function only(frames: NodeStates, { nodes }: Presence): NodeStates {
  return new Map(
    nodes.flatMap(({ nodeId }) => {
      const frame = frames.get(nodeId);
      return frame === undefined ? [] : [[nodeId, frame] as const];
    }),
  );
}
