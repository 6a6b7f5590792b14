import { COUNT_COLUMNS } from '../../../streams/index.js';
import type { ClusterView } from './cluster-view.js';
import { type NodeRow, type ProcessRow, restartsOf } from './view-rows.js';
import { visibleText } from './visible-text.js';

/** The columns of the process table, in display order. The table can be sorted by each column. */
export const COLUMNS = [
  'name',
  'node',
  'kind',
  'status',
  'queueSize',
  'rate',
  'waitP99',
  'handleP99',
  ...COUNT_COLUMNS,
  'uptime',
] as const;

export type Column = (typeof COLUMNS)[number];

export interface Sorting {
  readonly column: Column;
  readonly direction: 'ascending' | 'descending';
}

/** Criteria that select processes. An absent field excludes no process. */
export interface Filter {
  /**
   * Words, separated by blanks, that must all match. A word matches if it is part of the name, the id, the child id or
   * the node id, or equals the kind, such as `supervisor`. Case is ignored.
   */
  readonly text?: string;
  readonly nodeId?: string;
  readonly kind?: ProcessRow['kind'];
}

/**
 * Returns the initial direction for sorting by a column: text from A to Z, amounts from the largest to the smallest.
 */
export function firstDirection(column: Column): Sorting['direction'] {
  return isAmount(column) ? 'descending' : 'ascending';
}

/**
 * Returns the rows that pass the filter, sorted. In both directions, rows without a value in the column of the sorting
 * come last. Rows with equal values are sorted by label.
 */
export function tableOf(view: ClusterView, filter: Filter, sorting: Sorting): readonly ProcessRow[] {
  const passes = filterOf(filter);
  const entries: Entry[] = [];
  for (const { node, processes } of view.nodes) {
    if (filter.nodeId !== undefined && node.nodeId !== filter.nodeId) continue;
    for (const row of processes)
      if (passes(row)) entries.push({ row, label: labelOf(row), value: cellOf(row, node, sorting.column) });
  }
  return entries.sort(comparator(sorting.direction)).map(({ row }) => row);
}

/**
 * Returns the label of a process in visible characters: its name. Without a name, the label is the process id, followed
 * by the id of the child spec if there is one. For an instance of a distributed supervisor, the name of that supervisor
 * takes the place of a missing child id.
 */
export function labelOf({ name, id, childId, kind, distributedSupervisor }: ProcessRow): string {
  const place = childId ?? (kind === 'supervisor' ? distributedSupervisor : undefined);
  return visibleText(name ?? (place === undefined ? id : `${id} ${place}`));
}

interface Entry {
  readonly row: ProcessRow;
  readonly label: string;
  readonly value: string | number | undefined;
}

/** Whether the column holds amounts rather than text. */
export function isAmount(column: Column): boolean {
  return column !== 'name' && column !== 'node' && column !== 'kind' && column !== 'status';
}

function cellOf(row: ProcessRow, node: NodeRow, column: Column): string | number | undefined {
  switch (column) {
    case 'name':
      return labelOf(row);
    case 'node':
      return row.nodeId;
    case 'uptime':
      // The start time, on the dashboard's clock for all nodes, negated: a larger value means a longer uptime.
      return node.monotonicAheadMs - row.startedMonotonic;
    case 'restarts':
      return restartsOf(row);
    default:
      return row[column];
  }
}

/**
 * Returns a predicate that checks the text and the kind of a filter. The predicate ignores the node id of the filter.
 */
export function filterOf({ text = '', kind }: Filter): (row: ProcessRow) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => {
    if (kind !== undefined && row.kind !== kind) return false;
    if (words.length === 0) return true;
    const searched = `${row.name ?? ''} ${row.id} ${row.childId ?? ''} ${row.nodeId}`.toLowerCase();
    return words.every((word) => searched.includes(word) || word === row.kind);
  };
}

function comparator(direction: Sorting['direction']): (a: Entry, b: Entry) => number {
  const sign = direction === 'ascending' ? 1 : -1;
  return (a, b) => {
    if (a.value !== b.value) {
      if (a.value === undefined) return 1;
      if (b.value === undefined) return -1;
      return a.value < b.value ? -sign : sign;
    }
    if (a.label !== b.label) return a.label < b.label ? -1 : 1;
    return a.row.key < b.row.key ? -1 : 1;
  };
}
