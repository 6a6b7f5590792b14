import type { NodeRow, ProcessRow } from '../../view-model/rows.js';

/** How long a process had been running at `viewedAt`, a moment of the server's monotonic clock, ms; clocks differ. */
export function uptimeOf(row: ProcessRow, node: NodeRow | undefined, viewedAt: number): number {
  return Math.max(0, viewedAt + (node?.monotonicAheadMs ?? 0) - row.startedMonotonic);
}
