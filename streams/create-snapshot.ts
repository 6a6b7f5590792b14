import { deepFreeze } from './deep-freeze.js';
import type { NodeModel } from './evolve.js';
import type { Moment } from './moment.js';
import { processTree } from './process-tree.js';
import type { MemoryStats, NodeVitals, ObserverSnapshot, ProcessTreeNode } from './snapshot.js';

/** The snapshot that a model shows at one moment of its node. Its arrays and rows are the model's own. */
export function snapshotOf(
  model: NodeModel,
  { timestamp, monotonic }: Moment,
  memoryStats: MemoryStats,
  vitals?: NodeVitals,
): ObserverSnapshot {
  const servers = model.servers.rows;
  const supervisors = model.supervisors.rows;
  let tree: readonly ProcessTreeNode[] | undefined;
  return Object.freeze({
    timestamp,
    monotonic,
    version: model.version,
    servers,
    supervisors,
    get tree() {
      tree ??= processTree(servers, supervisors);
      return tree;
    },
    processCount: servers.length + supervisors.length,
    totalMessages: model.servers.total,
    totalRestarts: model.supervisors.total,
    memoryStats: deepFreeze(memoryStats),
    ...(vitals !== undefined && { vitals: deepFreeze(vitals) }),
  });
}
