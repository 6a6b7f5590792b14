import type { GenServerStats, ProcessTreeNode, SupervisorStats } from './snapshot.js';

/**
 * The supervision tree of the rows of one node. Roots are the processes without a supervisor, or whose supervisor is
 * not among the rows; siblings stand in the order they were started, supervisors first.
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
