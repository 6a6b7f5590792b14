import { COUNT_COLUMNS, type CountColumn, SERVER_COUNTS } from '../../../../streams/index.js';
import { formatCount, formatMs, formatRate, formatShortCount, formatUptime, UNKNOWN } from '../../view-model/format.js';
import { type ProcessRow, restartsOf } from '../../view-model/rows.js';
import { type Column, isAmount, type Sorting } from '../../view-model/table.js';

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
export const HINTS: Partial<Record<Column, string>> = {
  queueSize: 'Messages waiting in the mailbox',
  rate: 'Messages handled a second',
  waitP99: 'Time in the mailbox: 99 of 100 messages wait no longer',
  handleP99: 'Time in the handler: 99 of 100 messages take no longer',
  ...countTexts('help'),
  restarts: 'How often its supervisor has restarted it; of a supervisor: all restarts of its children',
  uptime: 'Time since it started',
};

/** The formatted value of a process in a column of amounts. `uptimeMs`: absent if the node is not connected. */
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

/** The whole number behind a figure that was shortened. */
export function wholeOf(row: ProcessRow, column: Column, figure: string): string | undefined {
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

/** The CSS classes of the cells of a column. */
export function cellClass(column: Column): string {
  const isCount = COUNT_COLUMNS.some((name) => name === column);
  return `cell is-${column}${isAmount(column) ? ' is-amount' : ''}${isCount ? ' is-count' : ''}`;
}

/** A count with its noun: 1 restart, 2 restarts. */
export function counted(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** Whether a formatted value is zero or unknown. Such values are shown dimmed. */
export function isQuiet(text: string): boolean {
  return text === UNKNOWN || text === '0' || text === '0 ms';
}

/** The column whose cells have bars, and the value of a full bar: the largest in the column. */
export interface Measure {
  readonly column: (typeof MEASURED)[number];
  readonly top: number;
}

const MEASURED = ['queueSize', 'rate', 'waitP99', 'handleP99', ...COUNT_COLUMNS] as const;

/** The measure of the column by which `rows` are sorted. `undefined`: the column has no bars, or only zeros. */
export function measureOf(rows: readonly ProcessRow[], { column, direction }: Sorting): Measure | undefined {
  const measured = MEASURED.find((each) => each === column);
  if (measured === undefined) return undefined;
  const isKnown = (row: ProcessRow): boolean => amountOf(row, measured) !== undefined;
  // Rows without a value come last.
  const largest = direction === 'descending' ? rows[0] : rows.findLast(isKnown);
  const top = (largest && amountOf(largest, measured)) ?? 0;
  return top > 0 ? { column: measured, top } : undefined;
}

/** The value of a row in a column with bars. */
export function amountOf(row: ProcessRow, column: Measure['column']): number | undefined {
  return column === 'restarts' ? restartsOf(row) : row[column];
}
