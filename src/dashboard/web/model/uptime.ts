import type { NodeRow, ProcessRow } from '../../view/rows.js';

/** How long a process had been running when the view was made, ms; clocks differ. */
export function uptimeOf(row: ProcessRow, node: NodeRow | undefined, viewedAt: number): number {
  return Math.max(0, viewedAt + (node?.clockAheadMs ?? 0) - row.startedAt);
}
