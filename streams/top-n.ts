import { map, type OperatorFunction, pipe, scan } from 'rxjs';
import { emptyRateHistory, nodesOf, type RateHistory, type Rates, ratesOf, withSnapshot } from './message-rates.js';
import type { ServerCountName } from './server-counts.js';
import type { ClusterObserverSnapshot, GenServerStats, ObserverSnapshot, SupervisorStats } from './snapshot.js';

/**
 * What processes are ranked by.
 * - `queue`: messages waiting in the mailbox.
 * - `rate`: messages handled per second.
 * - `wait_p99`, `handle_p99`: 99th percentile of the time in the mailbox or in the handler, ms.
 * - `restarts`: ranks supervisors, by the restarts of their children.
 * - any other count: ranks GenServers by that count.
 */
export type TopBy = 'queue' | 'rate' | 'wait_p99' | 'handle_p99' | ServerCountName;

export interface TopRow {
  /** Absent: the ranking is of a snapshot of one node, which has no node id. */
  readonly nodeId?: string;
  readonly id: string;
  readonly name?: string;
  /** The value that the process is ranked by. */
  readonly value: number;
  /** The row of the process: of a supervisor if ranked by `restarts`, otherwise of a GenServer. */
  readonly stats: GenServerStats | SupervisorStats;
}

/**
 * Keeps the `n` items with the largest values. The items are in a binary heap with the smallest value at the root, so
 * that most calls of `offer` cost one comparison.
 */
class Largest<Item> {
  readonly #n: number;
  readonly #heap: { readonly value: number; readonly order: number; readonly item: Item }[] = [];
  #offers = 0;

  constructor(n: number) {
    this.#n = n;
  }

  /**
   * If `value` is among the `n` largest so far, calls `make` and keeps its result. Of equal values, the first one wins.
   */
  offer(value: number, make: () => Item): void {
    this.#offers += 1;
    const heap = this.#heap;
    const smallest = heap[0];
    if (heap.length >= this.#n) {
      if (smallest === undefined || value <= smallest.value) return;
      this.#removeSmallest();
    }
    heap.push({ value, order: this.#offers, item: make() });
    for (let at = heap.length - 1; at > 0 && this.#isLess(at, (at - 1) >> 1); at = (at - 1) >> 1) {
      this.#swap(at, (at - 1) >> 1);
    }
  }

  /** The items, largest value first. Items with equal values are in the order in which they were offered. */
  items(): readonly Item[] {
    return this.#heap.toSorted((a, b) => b.value - a.value || a.order - b.order).map(({ item }) => item);
  }

  #removeSmallest(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let at = 0; ; ) {
      let least = at;
      if (this.#isLess(2 * at + 1, least)) least = 2 * at + 1;
      if (this.#isLess(2 * at + 2, least)) least = 2 * at + 2;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  /**
   * Compares the items at two heap positions. Of two items with equal values, the later offered item counts as less.
   */
  #isLess(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return false;
    return one.value < other.value || (one.value === other.value && one.order > other.order);
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}

type RowValue = (row: GenServerStats) => number | undefined;

/**
 * Ranks the processes of a node, or of the connected nodes of a cluster, and returns at most `n` of them, highest value
 * first. Processes with the value 0 are left out. The cost is one pass over the rows, plus sorting the result.
 *
 * @param rates required for `by: 'rate'`; without `rates` that result is empty
 */
export function topOf(
  snapshot: ObserverSnapshot | ClusterObserverSnapshot,
  n: number,
  by: TopBy,
  rates?: Rates,
): readonly TopRow[] {
  const largest = new Largest<TopRow>(n);
  for (const { nodeId, snapshot: node } of nodesOf(snapshot)) {
    if (node === null) continue;
    const offer = (stats: GenServerStats | SupervisorStats, value = 0): void => {
      if (value > 0) largest.offer(value, () => topRow(nodeId, stats, value));
    };
    if (by === 'restarts') {
      for (const row of node.supervisors) offer(row, row.totalRestarts);
      continue;
    }
    const ofNode = rates?.nodes.find((candidate) => candidate.nodeId === nodeId);
    const values: Readonly<Partial<Record<TopBy, RowValue>>> = {
      queue: (row) => row.queueSize,
      rate: (row) => ofNode?.processes.get(row.id),
      wait_p99: (row) => row.latency?.wait.p99,
      handle_p99: (row) => row.latency?.handle.p99,
    };
    const value = values[by] ?? ((row: GenServerStats) => row[by as ServerCountName]);
    for (const row of node.servers) offer(row, value(row));
  }
  return largest.items();
}

function topRow(nodeId: string | undefined, stats: GenServerStats | SupervisorStats, value: number): TopRow {
  const { id, name } = stats;
  return { ...(nodeId !== undefined && { nodeId }), id, ...(name !== undefined && { name }), value, stats };
}

interface Ranked {
  readonly history: RateHistory;
  readonly top: readonly TopRow[];
}

/**
 * Turns each snapshot of a node or of a cluster into its `n` processes with the highest value. For `by: 'rate'` the
 * first result is empty, because a rate needs two snapshots.
 *
 * @example
 * ClusterObserver.poll$(1000).pipe(topN(10, 'wait_p99')).subscribe(console.table)
 */
export function topN(
  n: number,
  by: TopBy,
): OperatorFunction<ObserverSnapshot | ClusterObserverSnapshot, readonly TopRow[]> {
  const empty: Ranked = { history: emptyRateHistory, top: [] };
  return pipe(
    scan(({ history }: Ranked, snapshot: ObserverSnapshot | ClusterObserverSnapshot): Ranked => {
      // Only rates need the earlier snapshots.
      const next = by === 'rate' ? withSnapshot(history, snapshot) : history;
      return { history: next, top: topOf(snapshot, n, by, by === 'rate' ? ratesOf(next) : undefined) };
    }, empty),
    map(({ top }) => top),
  );
}
