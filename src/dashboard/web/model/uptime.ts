import type { NodeRow, ProcessRow } from '../../view-model/rows.js';

/** The uptime of a process at `viewedAt`, ms. `viewedAt`: on the server's monotonic clock, which differs from the node's. */
export function uptimeOf(row: ProcessRow, node: NodeRow | undefined, viewedAt: number): number {
  return Math.max(0, viewedAt + (node?.monotonicAheadMs ?? 0) - row.startedMonotonic);
}
