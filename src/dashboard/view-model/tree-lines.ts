import type { ClusterView, NodeView } from './cluster-view.js';
import { type Filter, filterOf } from './process-table.js';
import type { NodeRow, ProcessRow } from './view-rows.js';

/** One line of the supervision tree of the cluster. A line shows a node, or a process of the nearest node above it. */
export type TreeLine = {
  /** The id of the node, or the key of the process. The set of collapsed lines contains such keys. */
  readonly key: string;
  /** The nesting level. The level of a node is 0. */
  readonly depth: number;
  /** The number of direct children. The children are shown unless the line is collapsed. */
  readonly children: number;
  readonly isCollapsed: boolean;
  /** The position among the lines with the same parent, from 1. */
  readonly position: number;
  /** The number of lines with the same parent, including this line. */
  readonly siblings: number;
} & ({ readonly type: 'node'; readonly node: NodeRow } | { readonly type: 'process'; readonly row: ProcessRow });

/** Returns the lines of the supervision tree, from top to bottom. Omits the descendants of lines in `collapsed`. */
export function treeOf({ nodes }: ClusterView, collapsed: ReadonlySet<string>): readonly TreeLine[] {
  const lines: TreeLine[] = [];
  nodes.forEach((view, index) => {
    const { node } = view;
    const childrenOf = childrenByParent(view);
    const roots = childrenOf.get(undefined) ?? [];
    const isCollapsed = collapsed.has(node.nodeId);
    const place = { position: index + 1, siblings: nodes.length };
    lines.push({ type: 'node', key: node.nodeId, depth: 0, children: roots.length, isCollapsed, ...place, node });
    if (!isCollapsed) appendLines(lines, roots, 1, childrenOf, collapsed);
  });
  return lines;
}

/**
 * Returns the view with only the processes that pass the filter, and their ancestors. If the filter has a node id, the
 * view contains only that node. Otherwise, it contains all nodes, even nodes without processes.
 */
export function filterTree(view: ClusterView, filter: Filter): ClusterView {
  const { text = '', nodeId, kind } = filter;
  if (text.trim() === '' && nodeId === undefined && kind === undefined) return view;
  const passes = filterOf(filter);
  const nodes = view.nodes.flatMap(({ node, processes }) => {
    if (nodeId !== undefined && node.nodeId !== nodeId) return [];
    const byKey = new Map(processes.map((row) => [row.key, row]));
    const kept = new Set<ProcessRow>();
    for (const row of processes) {
      if (!passes(row)) continue;
      let next: ProcessRow | undefined = row;
      for (; next !== undefined && !kept.has(next); next = byKey.get(next.parentKey ?? '')) kept.add(next);
    }
    return { node, processes: processes.filter((row) => kept.has(row)) };
  });
  return { ...view, nodes };
}

type ChildrenOf = ReadonlyMap<string | undefined, readonly ProcessRow[]>;

function childrenByParent({ processes }: NodeView): ChildrenOf {
  const byKey = new Map(processes.map((row) => [row.key, row]));
  const roots = rootsOf(processes, byKey);
  const children = new Map<string | undefined, ProcessRow[]>();
  for (const row of processes) {
    const parent = roots.has(row) ? undefined : row.parentKey;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [row]);
    else siblings.push(row);
  }
  for (const siblings of children.values()) siblings.sort(byKindThenAge);
  return children;
}

/**
 * Returns the root processes of a node: each process without a known supervisor, and one process of each cycle of
 * supervisors. Only an invalid report contains such a cycle. The cycle needs a root, because processes are shown below
 * a root only.
 */
function rootsOf(processes: readonly ProcessRow[], byKey: ReadonlyMap<string, ProcessRow>): ReadonlySet<ProcessRow> {
  const roots = new Set<ProcessRow>();
  /** The roots that are known already, and the processes below them. */
  const hasRoot = new Set<ProcessRow>();
  for (const row of processes) {
    const path = new Set<ProcessRow>();
    let top = row;
    for (let next: ProcessRow | undefined = row; next !== undefined && !path.has(next) && !hasRoot.has(next); ) {
      top = next;
      path.add(next);
      next = byKey.get(next.parentKey ?? '');
    }
    if (!hasRoot.has(byKey.get(top.parentKey ?? '') ?? top)) roots.add(top);
    for (const each of path) hasRoot.add(each);
  }
  return roots;
}

/** Compares two processes: supervisors come before GenServers, and older processes before younger processes. */
function byKindThenAge(a: ProcessRow, b: ProcessRow): number {
  if (a.kind !== b.kind) return a.kind === 'supervisor' ? -1 : 1;
  if (a.startedMonotonic !== b.startedMonotonic) return a.startedMonotonic - b.startedMonotonic;
  // Ids are compared by length first, so that p9 comes before p10.
  return a.id.length - b.id.length || (a.id < b.id ? -1 : 1);
}

function appendLines(
  lines: TreeLine[],
  rows: readonly ProcessRow[],
  depth: number,
  childrenOf: ChildrenOf,
  collapsed: ReadonlySet<string>,
): void {
  rows.forEach((row, index) => {
    const below = childrenOf.get(row.key) ?? [];
    const isCollapsed = collapsed.has(row.key);
    const place = { position: index + 1, siblings: rows.length };
    lines.push({ type: 'process', key: row.key, depth, children: below.length, isCollapsed, ...place, row });
    if (!isCollapsed) appendLines(lines, below, depth + 1, childrenOf, collapsed);
  });
}
