import { COUNT_COLUMNS, type CountColumn, SERVER_COUNTS } from '../../../../streams/index.js';
import { formatCount, formatMs, formatRate, formatShortCount, formatUptime, UNKNOWN } from '../../view-model/format.js';
import { type Column, isAmount, type Sorting } from '../../view-model/process-table.js';
import { type ProcessRow, restartsOf } from '../../view-model/view-rows.js';

/** The titles of the columns. */
export const TITLES: Record<Column, string> = {
  name: 'Name',
  node: 'Node',
  kind: 'Kind',
  status: 'Status',
  queueSize: 'Queue',
  rate: 'Msgs/s',
  waitP99: 'p99 wait',
  handleP99: 'p99 handle',
  ...countTexts('label'),
  uptime: 'Uptime',
};

/** The tooltips of the column titles. */
export const TOOLTIPS: Partial<Record<Column, string>> = {
  queueSize: 'Messages waiting in the mailbox',
  rate: 'Messages handled per second',
  waitP99: 'Time in the mailbox: 99 of 100 messages wait at most this long',
  handleP99: 'Time in the handler: 99 of 100 messages take at most this long',
  ...countTexts('help'),
  restarts: 'How often its supervisor has restarted the process; for a supervisor: all restarts of its children',
  uptime: 'Time since the process started',
};

/**
 * Returns the formatted value of a process in a column of amounts. For other columns, returns `UNKNOWN`. `uptimeMs` is
 * `undefined` if the node is not connected.
 */
export function figureOf(row: ProcessRow, column: Column, uptimeMs: number | undefined): string {
  switch (column) {
    case 'queueSize':
      return formatShortCount(row[column]);
    case 'restarts':
      return formatShortCount(restartsOf(row));
    case 'rate':
      return formatRate(row.rate);
    case 'waitP99':
    case 'handleP99':
      return formatMs(row[column]);
    case 'uptime':
      return formatUptime(uptimeMs);
    case 'name':
    case 'node':
    case 'kind':
    case 'status':
      return UNKNOWN;
    default:
      return formatShortCount(row[column]);
  }
}

/**
 * Returns the count in full, for a tooltip. Returns `undefined` if `figure` already shows the count in full, if the
 * count is not known, or if the column has no counts.
 */
export function fullCount(row: ProcessRow, column: Column, figure: string): string | undefined {
  const count =
    column === 'queueSize'
      ? row.queueSize
      : COUNT_COLUMNS.some((each) => each === column)
        ? amountOf(row, column as CountColumn)
        : undefined;
  const whole = formatCount(count);
  return count === undefined || whole === figure ? undefined : whole;
}

function countTexts(text: 'label' | 'help'): Readonly<Record<CountColumn, string>> {
  const entries = COUNT_COLUMNS.map((name) => [name, SERVER_COUNTS[name][text]]);
  return Object.fromEntries(entries) as Record<CountColumn, string>;
}

/** Returns the CSS classes of the cells in a column. */
export function cellClass(column: Column): string {
  const isCount = COUNT_COLUMNS.some((name) => name === column);
  return `cell is-${column}${isAmount(column) ? ' is-amount' : ''}${isCount ? ' is-count' : ''}`;
}

/** Returns a count with its noun. Adds an `s` unless the count is 1: `1 restart`, `2 restarts`. */
export function counted(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** Whether a formatted value is zero or unknown. Such values are shown dimmed. */
export function isZeroOrUnknown(text: string): boolean {
  return text === UNKNOWN || text === '0' || text === '0 ms';
}

/** The scale of the bars in the table. */
export interface BarScale {
  /** The column whose cells have bars. */
  readonly column: (typeof COLUMNS_WITH_BARS)[number];
  /** The value of a full bar: the largest value of the column. */
  readonly max: number;
}

const COLUMNS_WITH_BARS = ['queueSize', 'rate', 'waitP99', 'handleP99', ...COUNT_COLUMNS] as const;

/**
 * Returns the scale of the bars in the column by which `rows` are already sorted. Returns `undefined` if that column
 * has no bars, or has no value above zero.
 */
export function barScaleOf(rows: readonly ProcessRow[], { column, direction }: Sorting): BarScale | undefined {
  const measured = COLUMNS_WITH_BARS.find((each) => each === column);
  if (measured === undefined) return undefined;
  const isKnown = (row: ProcessRow): boolean => amountOf(row, measured) !== undefined;
  // Rows without a value come last in both directions. So in ascending order, the largest value is the last known one.
  const largest = direction === 'descending' ? rows[0] : rows.findLast(isKnown);
  const max = (largest && amountOf(largest, measured)) ?? 0;
  return max > 0 ? { column: measured, max } : undefined;
}

/** Returns the value of a row in a column with bars. `undefined`: not known. */
export function amountOf(row: ProcessRow, column: BarScale['column']): number | undefined {
  return column === 'restarts' ? restartsOf(row) : row[column];
}
