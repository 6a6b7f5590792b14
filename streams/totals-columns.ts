import { MAX_PROCESS_NAME } from './columns.js';
import {
  DURATION_BUCKETS,
  type DurationTotals,
  emptyTotals,
  type NamedTotalsRow,
  type ProcessTotals,
  TOTAL_COUNT_NAMES,
  type TotalCountName,
  type Totals,
} from './totals.js';

/** Durations as they are sent: the sum, ms, then the counts of the buckets; those at the end that are 0 are left out. */
type PackedDurations = readonly number[];

/** Totals, a column for each figure. The first row is that of all processes; its name is empty. */
export interface TotalsColumns extends Readonly<Record<TotalCountName, readonly number[]>> {
  readonly kind: readonly ('all' | NamedTotalsRow['kind'])[];
  readonly name: readonly string[];
  readonly wait: readonly PackedDurations[];
  readonly handle: readonly PackedDurations[];
}

/** The kinds of rows of totals on the wire. */
export const TOTALS_KINDS = ['all', 'name', 'label', 'other'] as const satisfies TotalsColumns['kind'];

/** @param named which of the named totals to send; those of all processes are always sent */
export function totalsColumns(totals: Totals, named: readonly NamedTotalsRow[]): TotalsColumns {
  const rows: readonly ProcessTotals[] = [totals.all, ...named];
  const counts = TOTAL_COUNT_NAMES.map((name) => [name, rows.map((row) => row[name])]);
  return {
    kind: ['all', ...named.map(({ kind }) => kind)],
    name: ['', ...named.map(({ name }) => name.slice(0, MAX_PROCESS_NAME))],
    ...(Object.fromEntries(counts) as Record<TotalCountName, readonly number[]>),
    wait: rows.map(({ wait }) => packDurations(wait)),
    handle: rows.map(({ handle }) => packDurations(handle)),
  };
}

/** The named totals that changed after `version`. Few are held at all, so each is looked at. */
export function namedTotalsSince({ named }: Totals, version: number): readonly NamedTotalsRow[] {
  return named.rows.filter((row) => row.version > version);
}

/** The totals after those that were sent with `version`. */
export function withTotals(held: Totals | undefined, columns: TotalsColumns, version: number): Totals {
  const before = held ?? emptyTotals;
  const named = before.named.edit();
  let rowOfAll: number | undefined;
  columns.kind.forEach((kind, row) => {
    if (kind === 'all') {
      rowOfAll = row;
      return;
    }
    const name = columns.name[row] ?? '';
    const id = kind === 'other' ? kind : `${kind}:${name}`;
    named.set(Object.freeze({ id, kind, name, version, ...totalsIn(columns, row) }));
  });
  if (rowOfAll === undefined) return Object.freeze({ all: before.all, named: named.done() });
  return new ReceivedTotals(columns, rowOfAll, named.done());
}

/** Each report has the totals of all processes, and few are read: they are unpacked then. */
class ReceivedTotals implements Totals {
  readonly named: Totals['named'];
  readonly #columns: TotalsColumns;
  readonly #row: number;
  #all: ProcessTotals | undefined;

  constructor(columns: TotalsColumns, row: number, named: Totals['named']) {
    this.named = named;
    this.#columns = columns;
    this.#row = row;
    Object.freeze(this);
  }

  get all(): ProcessTotals {
    this.#all ??= Object.freeze(totalsIn(this.#columns, this.#row));
    return this.#all;
  }
}

function totalsIn(columns: TotalsColumns, row: number): ProcessTotals {
  const counts = TOTAL_COUNT_NAMES.map((name) => [name, columns[name][row] ?? 0]);
  return {
    ...(Object.fromEntries(counts) as Record<TotalCountName, number>),
    wait: unpackDurations(columns.wait[row]),
    handle: unpackDurations(columns.handle[row]),
  };
}

function packDurations({ counts, sumMs }: DurationTotals): PackedDurations {
  return [sumMs, ...counts.slice(0, counts.findLastIndex((count) => count > 0) + 1)];
}

function unpackDurations([sumMs = 0, ...counts]: PackedDurations = []): DurationTotals {
  const missing = Math.max(0, DURATION_BUCKETS - counts.length);
  return Object.freeze({ sumMs, counts: Object.freeze([...counts, ...new Array<number>(missing).fill(0)]) });
}
