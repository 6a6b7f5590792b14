import { formatCount, formatMs, formatRate, formatUptime, UNKNOWN } from '../../view/format.js';
import type { ProcessRow } from '../../view/rows.js';
import type { Column } from '../../view/table.js';

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
  restarts: 'Restarts of the children of a supervisor',
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

/** Nothing happens there, or nothing is known: no place for the eye to rest on. */
export function isQuiet(text: string): boolean {
  return text === UNKNOWN || text === '0' || text === '0 ms';
}
