import { formatCount, formatMs, formatRate, formatUptime, UNKNOWN } from '../../view-model/format.js';
import type { ProcessRow } from '../../view-model/rows.js';
import type { Column, Sorting } from '../../view-model/table.js';

/** What a column is called, and what stands in it. */
export const TITLES: Record<Column, string> = {
  name: 'Name',
  node: 'Node',
  kind: 'Kind',
  state: 'State',
  queue: 'Queue',
  rate: 'Msgs/s',
  waitP99: 'p99 wait',
  handleP99: 'p99 handle',
  restarts: 'Restarts',
  uptime: 'Uptime',
};

/** What its title leaves unsaid. */
export const HINTS: Partial<Record<Column, string>> = {
  queue: 'Messages waiting in the mailbox',
  rate: 'Messages handled a second',
  waitP99: 'Time in the mailbox: 99 of 100 messages wait no longer',
  handleP99: 'Time in the handler: 99 of 100 messages take no longer',
  restarts: 'How often it was restarted; of a supervisor: its children, all in all',
  uptime: 'Time since it started',
};

/** The figures of a process. `uptimeMs`: absent when its node is not connected. */
export function figureOf(row: ProcessRow, column: Column, uptimeMs: number | undefined): string {
  switch (column) {
    case 'queue':
    case 'restarts':
      return formatCount(row[column]);
    case 'rate':
      return formatRate(row.rate);
    case 'waitP99':
    case 'handleP99':
      return formatMs(row[column]);
    case 'uptime':
      return formatUptime(uptimeMs);
    default:
      return UNKNOWN;
  }
}

/** A count and what is counted: 1 restart, 2 restarts. */
export function counted(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** Nothing happens there, or nothing is known: no place for the eye to rest on. */
export function isQuiet(text: string): boolean {
  return text === UNKNOWN || text === '0' || text === '0 ms';
}

/** What the bars of a column are measured by: the largest value in it. */
export interface Measure {
  readonly column: (typeof MEASURED)[number];
  readonly top: number;
}

const MEASURED = ['queue', 'rate', 'waitP99', 'handleP99', 'restarts'] as const;

/** Of the column by which `rows` are sorted; absent: it holds no amounts, or none but zero. */
export function measureOf(rows: readonly ProcessRow[], { column, direction }: Sorting): Measure | undefined {
  const measured = MEASURED.find((each) => each === column);
  if (measured === undefined) return undefined;
  const isKnown = (row: ProcessRow): boolean => row[measured] !== undefined;
  // Rows without a value come last.
  const largest = direction === 'descending' ? rows[0] : rows.findLast(isKnown);
  const top = largest?.[measured] ?? 0;
  return top > 0 ? { column: measured, top } : undefined;
}
