import { distinctUntilChanged, map, type OperatorFunction, pipe, scan, skip } from 'rxjs';
import type { ClusterObserverSnapshot, GenServerStats, ObserverSnapshot } from './snapshot.js';

/** Messages per second, between two snapshots of one node. */
export interface NodeRates {
  /** Absent: the node whose own snapshots these are. */
  readonly nodeId?: string;
  readonly messagesPerSecond: number;
  /** By the id of the process; those that handled nothing are left out. */
  readonly processes: ReadonlyMap<string, number>;
}

/** Messages per second, between two snapshots. */
export interface Rates {
  readonly messagesPerSecond: number;
  /** The nodes of which two different snapshots are known. */
  readonly nodes: readonly NodeRates[];
}

/** The snapshots that one of a node, or of a cluster, consists of. A node that is not connected has none. */
export function nodesOf(
  snapshot: ObserverSnapshot | ClusterObserverSnapshot,
): readonly { readonly nodeId?: string; readonly snapshot: ObserverSnapshot | null }[] {
  return 'nodes' in snapshot ? snapshot.nodes : [{ snapshot }];
}

/** Messages per second of one node, from an earlier snapshot and a later one; `undefined` when no time lies between them. */
export function ratesBetween(before: ObserverSnapshot, after: ObserverSnapshot): NodeRates | undefined {
  const seconds = (after.monotonic - before.monotonic) / 1000;
  if (seconds <= 0) return undefined;
  const processes = new Map<string, number>();
  const earlier = rowFinder(before.servers);
  let total = 0;
  after.servers.forEach((row, index) => {
    const then = earlier(row.id, index);
    if (then === row) return;
    // Of a process that was started in between, all messages are new.
    const handled = row.messageCount - (then?.startedMonotonic === row.startedMonotonic ? then.messageCount : 0);
    if (handled <= 0) return;
    total += handled;
    processes.set(row.id, handled / seconds);
  });
  return { messagesPerSecond: total / seconds, processes };
}

/** Finds rows by id. Most stand where they stood, so that an index is made only when one does not. */
function rowFinder(rows: readonly GenServerStats[]): (id: string, index: number) => GenServerStats | undefined {
  let byId: ReadonlyMap<string, GenServerStats> | undefined;
  return (id, index) => {
    const there = rows[index];
    if (there?.id === id) return there;
    byId ??= new Map(rows.map((row) => [row.id, row]));
    return byId.get(id);
  };
}

/** The past that the next rates need: of each node, the last snapshot and rates. */
export type RateHistory = ReadonlyMap<
  string | undefined,
  { readonly base: ObserverSnapshot; readonly rates?: NodeRates }
>;

export const emptyRateHistory: RateHistory = new Map();

/** The history with one more snapshot. A node that is not connected keeps its place, without rates, while it is in the view. */
export function withSnapshot(history: RateHistory, snapshot: ObserverSnapshot | ClusterObserverSnapshot): RateHistory {
  const next = new Map<string | undefined, { readonly base: ObserverSnapshot; readonly rates?: NodeRates }>();
  for (const { nodeId, snapshot: after } of nodesOf(snapshot)) {
    const held = history.get(nodeId);
    if (after === null) {
      if (held !== undefined) next.set(nodeId, { base: held.base });
    } else if (held === undefined || isOfEarlierLife(held.base, after)) {
      // The first of this node, or of this life of it.
      next.set(nodeId, { base: after });
    } else {
      const rates = ratesBetween(held.base, after);
      if (rates === undefined) next.set(nodeId, held);
      else next.set(nodeId, { base: after, rates: { ...(nodeId !== undefined && { nodeId }), ...rates } });
    }
  }
  return next;
}

/** Within one life of a node, neither goes back. */
function isOfEarlierLife(before: ObserverSnapshot, after: ObserverSnapshot): boolean {
  return after.monotonic < before.monotonic || after.version < before.version;
}

/** The rates at the end of a history. */
export function ratesOf(history: RateHistory): Rates {
  const nodes = [...history.values()].flatMap(({ rates }) => rates ?? []);
  return { messagesPerSecond: nodes.reduce((sum, node) => sum + node.messagesPerSecond, 0), nodes };
}

/**
 * Messages per second of each process and node, of a node or of a cluster, from the second snapshot on. A node whose
 * snapshot has not changed keeps its rates.
 *
 * @example
 * ClusterObserver.poll$(1000).pipe(rates()).subscribe(({ messagesPerSecond }) => console.log(messagesPerSecond))
 */
export function rates(): OperatorFunction<ObserverSnapshot | ClusterObserverSnapshot, Rates> {
  return pipe(distinctUntilChanged(), scan(withSnapshot, emptyRateHistory), skip(1), map(ratesOf));
}
