import { distinctUntilChanged, map, type OperatorFunction, pipe, scan, skip } from 'rxjs';
import type { ClusterObserverSnapshot, GenServerStats, ObserverSnapshot } from './snapshot.js';

/** Messages handled per second between two snapshots of one node. */
export interface NodeRates {
  /** Absent: the rates were computed from snapshots of one node, which have no node id. */
  readonly nodeId?: string;
  readonly messagesPerSecond: number;
  /** Messages per second by process id. A process that handled nothing has no entry. */
  readonly processes: ReadonlyMap<string, number>;
}

/** Messages handled per second between two snapshots of a node or of a cluster. */
export interface Rates {
  /** The sum over `nodes`. */
  readonly messagesPerSecond: number;
  /** The connected nodes with at least two snapshots of their current life, because a rate needs two snapshots. */
  readonly nodes: readonly NodeRates[];
}

/** The nodes in a snapshot of a cluster or of one node. The `snapshot` of a node that is not connected is `null`. */
export function nodesOf(
  snapshot: ObserverSnapshot | ClusterObserverSnapshot,
): readonly { readonly nodeId?: string; readonly snapshot: ObserverSnapshot | null }[] {
  return 'nodes' in snapshot ? snapshot.nodes : [{ snapshot }];
}

/**
 * Messages per second of one node between an earlier and a later snapshot. Messages of processes that are not in
 * `after` are not counted. Returns `undefined` if `after` is not later than `before`.
 */
export function ratesBetween(before: ObserverSnapshot, after: ObserverSnapshot): NodeRates | undefined {
  const seconds = (after.monotonic - before.monotonic) / 1000;
  if (seconds <= 0) return undefined;
  const processes = new Map<string, number>();
  const rowBefore = rowFinder(before.servers);
  let total = 0;
  after.servers.forEach((row, index) => {
    const earlier = rowBefore(row.id, index);
    if (earlier === row) return;
    // If the process was started after the earlier snapshot, all its messages are new.
    const handled = row.messageCount - (earlier?.startedMonotonic === row.startedMonotonic ? earlier.messageCount : 0);
    if (handled <= 0) return;
    total += handled;
    processes.set(row.id, handled / seconds);
  });
  return { messagesPerSecond: total / seconds, processes };
}

/**
 * Finds rows by id. Most rows keep their index between snapshots, so a map by id is built only when a row has changed
 * its index.
 */
function rowFinder(rows: readonly GenServerStats[]): (id: string, index: number) => GenServerStats | undefined {
  let byId: ReadonlyMap<string, GenServerStats> | undefined;
  return (id, index) => {
    const sameIndex = rows[index];
    if (sameIndex?.id === id) return sameIndex;
    byId ??= new Map(rows.map((row) => [row.id, row]));
    return byId.get(id);
  };
}

/**
 * What the next rates are computed from: the last snapshot (`base`) and the last rates of each node, by node id. The
 * key is `undefined` for snapshots of one node.
 */
export type RateHistory = ReadonlyMap<
  string | undefined,
  { readonly base: ObserverSnapshot; readonly rates?: NodeRates }
>;

export const emptyRateHistory: RateHistory = new Map();

/**
 * Returns the history after one more snapshot, with new rates. A node that is not connected keeps its last snapshot but
 * no rates. A node that is missing from the snapshot is forgotten.
 */
export function withSnapshot(history: RateHistory, snapshot: ObserverSnapshot | ClusterObserverSnapshot): RateHistory {
  const next = new Map<string | undefined, { readonly base: ObserverSnapshot; readonly rates?: NodeRates }>();
  for (const { nodeId, snapshot: after } of nodesOf(snapshot)) {
    const held = history.get(nodeId);
    if (after === null) {
      if (held !== undefined) next.set(nodeId, { base: held.base });
    } else if (held === undefined || isOfEarlierLife(held.base, after)) {
      // The first snapshot of this node, or of a new life of this node: there is nothing to compare with.
      next.set(nodeId, { base: after });
    } else {
      const rates = ratesBetween(held.base, after);
      if (rates === undefined) next.set(nodeId, held);
      else next.set(nodeId, { base: after, rates: { ...(nodeId !== undefined && { nodeId }), ...rates } });
    }
  }
  return next;
}

/**
 * Whether the snapshots show that the node was restarted between them. Within one life, neither the monotonic clock nor
 * the version goes back.
 */
function isOfEarlierLife(before: ObserverSnapshot, after: ObserverSnapshot): boolean {
  return after.monotonic < before.monotonic || after.version < before.version;
}

/** The latest rates of all nodes in a history. */
export function ratesOf(history: RateHistory): Rates {
  const nodes = [...history.values()].flatMap(({ rates }) => rates ?? []);
  return { messagesPerSecond: nodes.reduce((sum, node) => sum + node.messagesPerSecond, 0), nodes };
}

/**
 * Turns snapshots of a node or of a cluster into messages per second of each process and node. The first snapshot emits
 * nothing. While the snapshot of a node does not change, its rates do not change either.
 *
 * @example
 * ClusterObserver.poll$(1000).pipe(rates()).subscribe(({ messagesPerSecond }) => console.log(messagesPerSecond))
 */
export function rates(): OperatorFunction<ObserverSnapshot | ClusterObserverSnapshot, Rates> {
  return pipe(distinctUntilChanged(), scan(withSnapshot, emptyRateHistory), skip(1), map(ratesOf));
}
