import { deepFreeze } from './deep-freeze.js';
import type { Moment } from './moment.js';
import { type NodeModel, sumsOf } from './node-model.js';
import { processTree } from './process-tree.js';
import type { MemoryStats, NodeVitals, ObserverSnapshot, ProcessTreeNode } from './snapshot.js';
import { type NodeTotals, nodeTotals } from './totals.js';

/** Makes the snapshot of a model at one moment. The snapshot shares the rows of the model and does not copy them. */
export function snapshotOf(
  model: NodeModel,
  { timestamp, monotonic }: Moment,
  memoryStats: MemoryStats,
  vitals?: NodeVitals,
): ObserverSnapshot {
  const sums = sumsOf(model);
  let totals: NodeTotals | undefined;
  let tree: readonly ProcessTreeNode[] | undefined;
  return Object.freeze({
    timestamp,
    monotonic,
    version: model.version,
    // The array of rows is made when it is first read, because most snapshots are replaced before their rows are read.
    get servers() {
      return model.servers.rows;
    },
    get supervisors() {
      return model.supervisors.rows;
    },
    get tree() {
      tree ??= processTree(model.servers.rows, model.supervisors.rows);
      return tree;
    },
    get totals() {
      totals ??= model.totals && nodeTotals(model.totals);
      return totals;
    },
    processCount: sums.servers + sums.supervisors,
    serverCount: sums.servers,
    supervisorCount: sums.supervisors,
    totalMessages: sums.messages,
    totalRestarts: sums.restarts,
    ...(model.truncated !== undefined && { truncated: 'rows' as const }),
    memoryStats: deepFreeze(memoryStats),
    ...(vitals !== undefined && { vitals: deepFreeze(vitals) }),
  });
}
