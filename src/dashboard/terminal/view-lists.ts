import { type Log, type LogLine, linesAbout } from '../view-model/log-lines.js';
import { relativesOf } from '../view-model/process-relatives.js';
import type { TreeLine } from '../view-model/tree-lines.js';
import type { NodeRow, ProcessRow } from '../view-model/view-rows.js';
import { bodyRows, nodesViewHeights, tableRows } from './layout.js';
import type { List } from './list-cursor.js';
import type { NamesLine } from './names-lines.js';
import { registrationFigures } from './registration-figures.js';
import type { ClusterData, Overlay, State } from './state.js';

/** A line of the nodes table: the sums over all nodes, one node, or the problem of the node in the line above. */
export type NodeLine =
  | { readonly type: 'all'; readonly key: string }
  | { readonly type: 'node'; readonly key: string; readonly node: NodeRow }
  | { readonly type: 'problem'; readonly key: string; readonly node: NodeRow; readonly text: string };

function nodeLines({ view }: ClusterData): readonly NodeLine[] {
  const nodes = view.nodes.flatMap(({ node }): NodeLine[] => [
    { type: 'node', key: node.nodeId, node },
    ...(node.error === undefined
      ? []
      : [{ type: 'problem' as const, key: `${node.nodeId} problem`, node, text: node.error }]),
  ]);
  return [{ type: 'all', key: '' }, ...nodes];
}

export function processList({ processes, size }: State): List<ProcessRow> {
  return { items: processes.rows, keyOf: ({ key }) => key, height: tableRows(size), homeEnd: 'first' };
}

export function nodeList({ shown, size }: State): List<NodeLine> {
  const items = nodeLines(shown);
  return { items, keyOf: ({ key }) => key, height: nodesViewHeights(size, items.length).list, homeEnd: 'first' };
}

export function treeList({ tree, size }: State): List<TreeLine> {
  return { items: tree.lines, keyOf: ({ key }) => key, height: tableRows(size), homeEnd: 'first' };
}

export function namesList({ names, size }: State): List<NamesLine> {
  return { items: names.lines, keyOf: ({ key }) => key, height: tableRows(size), homeEnd: 'first' };
}

export function logList({ log, size }: State): List<LogLine> {
  return { items: log.lines, keyOf: ({ number }) => String(number), height: bodyRows(size), homeEnd: 'last' };
}

/** A process that can be opened from the details of another: its supervisor or one of its children. */
export interface Relative {
  readonly relation: 'parent' | 'child';
  readonly row: ProcessRow;
}

function relativeLines(row: ProcessRow, { view }: ClusterData): readonly Relative[] {
  const { supervisors, children } = relativesOf(row, view.nodes);
  return [
    ...supervisors.map((parent) => ({ relation: 'parent' as const, row: parent })),
    ...children.map((child) => ({ relation: 'child' as const, row: child })),
  ];
}

/** The height of the figures of a process, in lines. It suffices for a GenServer that reports all counts. */
export const FIGURE_ROWS = 8;

/**
 * The number of the other lines with fixed content: the heading, the blank line below the figures, and two list titles.
 */
const OTHER_ROWS = 4;

/**
 * Returns the heights of the list of relatives of a process and of the list of its log entries. `rows` is the height of
 * the whole view, in lines. The two lists share what the figures and the titles leave, in about equal parts.
 */
export function detailHeights(rows: number, row: ProcessRow): { readonly relatives: number; readonly entries: number } {
  const left = Math.max(4, rows - FIGURE_ROWS - registrationFigures(row).length - OTHER_ROWS);
  const entries = Math.max(2, Math.floor(left / 2));
  return { relatives: Math.max(1, left - entries), entries };
}

export function relativeList(overlay: Overlay & { type: 'process' }, { shown, size }: State): List<Relative> {
  return {
    items: relativeLines(overlay.row, shown),
    keyOf: ({ row }) => row.key,
    height: detailHeights(bodyRows(size), overlay.row).relatives,
    homeEnd: 'first',
  };
}

export function entriesAbout({ nodeId, id }: ProcessRow, { log }: ClusterData): Log {
  return linesAbout(log, nodeId, id);
}

export function processOf({ view }: ClusterData, key: string): ProcessRow | undefined {
  for (const { processes } of view.nodes) {
    const row = processes.find((each) => each.key === key);
    if (row !== undefined) return row;
  }
  return undefined;
}
