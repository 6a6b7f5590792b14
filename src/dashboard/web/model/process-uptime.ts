import type { NodeRow, ProcessRow } from '../../view-model/view-rows.js';

/**
 * Returns the uptime of a process at the time of the view, ms. `viewedAt` is the time of the view, ms of the server's
 * monotonic clock, not of the node's.
 */
export function uptimeOf(row: ProcessRow, node: NodeRow | undefined, viewedAt: number): number {
  return Math.max(0, viewedAt + (node?.monotonicAheadMs ?? 0) - row.startedMonotonic);
}
