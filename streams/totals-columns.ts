import { MAX_PROCESS_NAME } from './row-encoding.js';
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

/** Durations as they are sent: the sum in ms, then the bucket counts without the zeros at the end. */
type PackedDurations = readonly number[];

/**
 * Totals as they are sent, with one array for each column. The first row has the kind `all`, an empty name, and the
 * totals of all processes; the other rows are named totals.
 */
export interface TotalsColumns extends Readonly<Record<TotalCountName, readonly number[]>> {
  readonly kind: readonly ('all' | NamedTotalsRow['kind'])[];
  readonly name: readonly string[];
  readonly wait: readonly PackedDurations[];
  readonly handle: readonly PackedDurations[];
}

/** The values of the column `kind`. */
export const TOTALS_KINDS = ['all', 'name', 'label', 'other'] as const satisfies TotalsColumns['kind'];

/**
 * Converts totals to columns.
 *
 * @param named the named totals to send; the totals of all processes are always sent
 */
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

/** The named totals that changed after `version`. A linear search, because there are at most about a thousand. */
export function namedTotalsSince({ named }: Totals, version: number): readonly NamedTotalsRow[] {
  return named.rows.filter((row) => row.version > version);
}

/**
 * Applies received columns to the totals that a reader holds, and returns the result.
 *
 * @param held the totals that the reader holds; `undefined` if none
 * @param version the version of the report that the columns came with
 */
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

/**
 * Unpacks the totals of all processes when they are first read. Every report has these totals, and most of them are
 * never read.
 */
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
