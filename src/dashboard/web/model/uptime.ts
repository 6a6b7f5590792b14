import type { NodeRow, ProcessRow } from '../../view/rows.js';

/** How long a process has been running, ms; clocks differ. `serverNow`: on the clock that views speak of. */
export function uptimeOf(row: ProcessRow, node: NodeRow | undefined, serverNow: number): number {
  return Math.max(0, serverNow + (node?.clockAheadMs ?? 0) - row.startedAt);
}
