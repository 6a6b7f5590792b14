import type { ClusterView, NodeView } from './cluster-view.js';
import type { NodeRow, ProcessRow } from './rows.js';
import { type Filter, filterOf } from './table.js';

/** One line of the supervision tree of the cluster: a node, or a process below it. */
export type TreeLine = {
  /** The id of the node, or the key of the process: what `collapsed` holds. */
  readonly key: string;
  /** 0: a node. */
  readonly depth: number;
  /** How many lines are directly below; they are shown unless the line is collapsed. */
  readonly children: number;
  readonly isCollapsed: boolean;
  /** Its place among those with the same parent, from 1, and how many there are. */
  readonly position: number;
  readonly siblings: number;
} & ({ readonly type: 'node'; readonly node: NodeRow } | { readonly type: 'process'; readonly row: ProcessRow });

/** The tree as lines, top down; what is below the lines named in `collapsed` is left out. */
export function treeOf({ nodes }: ClusterView, collapsed: ReadonlySet<string>): readonly TreeLine[] {
  const lines: TreeLine[] = [];
  nodes.forEach((view, index) => {
    const { node } = view;
    const childrenOf = childrenByParent(view);
    const roots = childrenOf.get(undefined) ?? [];
    const isCollapsed = collapsed.has(node.nodeId);
    const place = { position: index + 1, siblings: nodes.length };
    lines.push({ type: 'node', key: node.nodeId, depth: 0, children: roots.length, isCollapsed, ...place, node });
    if (!isCollapsed) append(lines, roots, 1, childrenOf, collapsed);
  });
  return lines;
}

/** The view without the processes that do not pass, unless one that passes is somewhere below. */
export function branchesOf(view: ClusterView, filter: Filter): ClusterView {
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
  const tops = topsOf(processes, byKey);
  const children = new Map<string | undefined, ProcessRow[]>();
  for (const row of processes) {
    const parent = tops.has(row) ? undefined : row.parentKey;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [row]);
    else siblings.push(row);
  }
  for (const siblings of children.values()) siblings.sort(bySeniority);
  return children;
}

/** Processes whose supervisor is missing. Of a cycle, which only a wrong report can make, one: none is left out. */
function topsOf(processes: readonly ProcessRow[], byKey: ReadonlyMap<string, ProcessRow>): ReadonlySet<ProcessRow> {
  const tops = new Set<ProcessRow>();
  const isBelowOne = new Set<ProcessRow>();
  for (const row of processes) {
    const path = new Set<ProcessRow>();
    let top = row;
    for (let next: ProcessRow | undefined = row; next !== undefined && !path.has(next) && !isBelowOne.has(next); ) {
      top = next;
      path.add(next);
      next = byKey.get(next.parentKey ?? '');
    }
    if (!isBelowOne.has(byKey.get(top.parentKey ?? '') ?? top)) tops.add(top);
    for (const each of path) isBelowOne.add(each);
  }
  return tops;
}

/** Supervisors first, then the oldest first. */
function bySeniority(a: ProcessRow, b: ProcessRow): number {
  if (a.kind !== b.kind) return a.kind === 'supervisor' ? -1 : 1;
  if (a.startedMonotonic !== b.startedMonotonic) return a.startedMonotonic - b.startedMonotonic;
  // p9 before p10
  return a.id.length - b.id.length || (a.id < b.id ? -1 : 1);
}

function append(
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
    if (!isCollapsed) append(lines, below, depth + 1, childrenOf, collapsed);
  });
}
