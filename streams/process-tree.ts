import type { GenServerStats, ProcessTreeNode, SupervisorStats } from './snapshot.js';

/**
 * Builds the supervision tree from the rows of one node. A process without a supervisor is a root, and so is a process
 * with a supervisor that has no row. Among siblings, supervisors come first; both kinds keep the order of their rows.
 */
export function processTree(
  servers: readonly GenServerStats[],
  supervisors: readonly SupervisorStats[],
): readonly ProcessTreeNode[] {
  const childrenOf = new Map<string, ProcessTreeNode[]>(supervisors.map(({ id }) => [id, []]));
  const roots: ProcessTreeNode[] = [];
  const place = (parentId: string | undefined, node: ProcessTreeNode): void => {
    const siblings = parentId === undefined ? undefined : childrenOf.get(parentId);
    (siblings ?? roots).push(node);
  };
  for (const stats of supervisors) {
    const children = childrenOf.get(stats.id) ?? [];
    place(stats.parentId, Object.freeze({ type: 'supervisor', id: stats.id, ...labelled(stats), stats, children }));
  }
  for (const stats of servers) {
    place(stats.parentId, Object.freeze({ type: 'genserver', id: stats.id, ...labelled(stats), stats }));
  }
  for (const children of childrenOf.values()) Object.freeze(children);
  return Object.freeze(roots);
}

function labelled({ name, childId }: GenServerStats | SupervisorStats): Pick<ProcessTreeNode, 'name' | 'childId'> {
  return { ...(name !== undefined && { name }), ...(childId !== undefined && { childId }) };
}
