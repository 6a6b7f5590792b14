import { map, type OperatorFunction, pipe, scan } from 'rxjs';
import { emptyRateHistory, nodesOf, type RateHistory, type Rates, ratesOf, withSnapshot } from './rates.js';
import type { ServerCountName } from './server-fields.js';
import type { ClusterObserverSnapshot, GenServerStats, ObserverSnapshot, SupervisorStats } from './snapshot.js';

/**
 * What processes are ranked by: messages waiting, messages per second, the 99th percentile of the time in the mailbox or in
 * the handlers (ms), the restarts of a supervisor's children, or another count of a GenServer.
 */
export type TopBy = 'queue' | 'rate' | 'wait_p99' | 'handle_p99' | ServerCountName;

export interface TopRow {
  /** Absent: the node whose own snapshot this is. */
  readonly nodeId?: string;
  readonly id: string;
  readonly name?: string;
  /** What it was chosen by. */
  readonly value: number;
  /** Of a supervisor when chosen by restarts, else of a GenServer. */
  readonly stats: GenServerStats | SupervisorStats;
}

/** The `n` largest of what it is offered: a heap of at most `n`, the smallest on top, so that most offers cost one look. */
class Largest<Item> {
  readonly #n: number;
  readonly #heap: { readonly value: number; readonly order: number; readonly item: Item }[] = [];
  #offers = 0;

  constructor(n: number) {
    this.#n = n;
  }

  /** `make` is called only if there is room for it. */
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

  /** Largest first; of equals, the one that was offered first. */
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

  /** Of equals, the one that was offered last is the lesser. */
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
 * The at most `n` processes of a node or of a cluster with the most of it, most first; those with nothing of it are left
 * out. Looks at each row once and sorts only what it found. `rates` are needed to choose by rate.
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
 * The `n` processes with the highest value, at each snapshot of a node or of a cluster. By rate the first result is
 * empty: a rate needs two snapshots.
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
      // Only rates need the past.
      const next = by === 'rate' ? withSnapshot(history, snapshot) : history;
      return { history: next, top: topOf(snapshot, n, by, by === 'rate' ? ratesOf(next) : undefined) };
    }, empty),
    map(({ top }) => top),
  );
}
