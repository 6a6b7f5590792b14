import { SERVER_COUNT_NAMES } from '../../../streams/index.js';
import type { ClusterView, NodeView } from './cluster-view.js';
import type { History } from './history.js';
import type { LogLine } from './log.js';
import { keyOf, type NodeRow, type ProcessRow } from './rows.js';

/**
 * A message from a dashboard's server to a browser, sent as one JSON text. The browser sends no messages. New points of
 * the history are not sent, because the browser derives them from the views.
 */
export type FeedMessage =
  /** The first message of a connection. Data from an earlier connection is out of date. */
  | { readonly type: 'welcome'; readonly version: string }
  /** The next view. The first views contain all nodes, but only some of their processes; each view adds more. */
  | ({ readonly type: 'view' } & ViewChanges)
  /** The history so far. Sent once, after all processes. */
  | { readonly type: 'history'; readonly history: History }
  /** New lines of the log or, with `isWhole`, all lines. */
  | { readonly type: 'log'; readonly log: readonly LogLine[]; readonly isWhole?: true }
  /**
   * Whether the server receives data of the cluster. `problem`: why it receives none, as text for the user; sent at each
   * failed attempt. `null`: it receives data again. Before the first `status`, there is no problem.
   */
  | { readonly type: 'status'; readonly problem: string | null };

/** The changes from one view to the next. */
export interface ViewChanges {
  readonly timestamp: number;
  readonly monotonic: number;
  /** All nodes, in order. */
  readonly nodes: readonly NodeRow[];
  /** The changes of processes, for each node with such changes. */
  readonly processes: readonly NodeChanges[];
}

interface NodeChanges {
  readonly nodeId: string;
  /** The new and the changed rows. Each of them contains all {@link FIELDS}, not only the changed ones. */
  readonly rows: readonly PackedRow[];
  /** The ids of the processes that are gone. */
  readonly removed: readonly string[];
}

const FIELDS = [
  'id',
  'name',
  'childId',
  'kind',
  'status',
  'queueSize',
  'messageCount',
  'rate',
  'waitP99',
  'handleP99',
  ...SERVER_COUNT_NAMES,
  'totalRestarts',
  'childCount',
  'strategy',
  'startedAt',
  'startedMonotonic',
] as const;

/** A row as an array: the id of its supervisor, then a value for each of {@link FIELDS}. `null`: the value is absent. */
type PackedRow = readonly (string | number | null)[];

/**
 * Computes the changes from one view to the next. `before` is `undefined` for a browser without a view. For each node
 * with a new list of processes, all its processes are compared.
 */
export function viewChanges(before: ClusterView | undefined, after: ClusterView): ViewChanges {
  const earlier = new Map(before?.nodes.map((view) => [view.node.nodeId, view]));
  return {
    timestamp: after.timestamp,
    monotonic: after.monotonic,
    nodes: after.nodes.map(({ node }) => node),
    processes: after.nodes.flatMap((view) => nodeChanges(earlier.get(view.node.nodeId), view)),
  };
}

function nodeChanges(before: NodeView | undefined, { node, processes }: NodeView): readonly NodeChanges[] {
  const earlier = before?.processes ?? [];
  if (earlier === processes) return [];
  const { nodeId } = node;
  // If all processes keep their positions, which is the usual case, no index is needed.
  if (earlier.length === processes.length && processes.every(({ id }, at) => id === earlier[at]?.id)) {
    const changed = processes.filter((row, at) => row !== earlier[at]);
    return changed.length === 0 ? [] : [{ nodeId, rows: changed.map(pack), removed: [] }];
  }
  const gone = new Map(earlier.map((row) => [row.id, row]));
  const rows: PackedRow[] = [];
  for (const row of processes) {
    if (gone.get(row.id) !== row) rows.push(pack(row));
    gone.delete(row.id);
  }
  return rows.length === 0 && gone.size === 0 ? [] : [{ nodeId, rows, removed: [...gone.keys()] }];
}

/** The number of processes in one message to a new browser. On a slow connection, the first of them arrive sooner. */
const ROWS_AT_ONCE = 1000;

/**
 * The number of processes of each node in the next view of a new browser. All nodes grow together, so that the browser
 * soon shows processes of each node.
 *
 * @param before number of processes of each node in the browser's last view
 * @returns the new number, or Infinity once all processes fit
 */
export function nextRowsPerNode(view: ClusterView, before: number): number {
  const unfinished = view.nodes.filter(({ processes }) => processes.length > before).length;
  const next = before + Math.ceil(ROWS_AT_ONCE / Math.max(1, unfinished));
  return view.nodes.every(({ processes }) => processes.length <= next) ? Number.POSITIVE_INFINITY : next;
}

/** The view with at most the first `rowsPerNode` processes of each node. */
export function withFirstRows(view: ClusterView, rowsPerNode: number): ClusterView {
  if (rowsPerNode === Number.POSITIVE_INFINITY) return view;
  return {
    ...view,
    nodes: view.nodes.map(({ node, processes }) => ({ node, processes: processes.slice(0, rowsPerNode) })),
  };
}

/** Applies changes to a view. Unchanged rows of the result are the same objects as before. */
export function withViewChanges(before: ClusterView, changes: ViewChanges): ClusterView {
  const earlier = new Map(before.nodes.map((view) => [view.node.nodeId, view.processes]));
  const changed = new Map(changes.processes.map((each) => [each.nodeId, each]));
  return {
    timestamp: changes.timestamp,
    monotonic: changes.monotonic,
    nodes: changes.nodes.map((node) => ({
      node,
      processes: processesAfter(earlier.get(node.nodeId) ?? [], changed.get(node.nodeId)),
    })),
  };
}

function processesAfter(before: readonly ProcessRow[], changes: NodeChanges | undefined): readonly ProcessRow[] {
  if (changes === undefined) return before;
  const rows = new Map(before.map((row) => [row.id, row]));
  for (const id of changes.removed) rows.delete(id);
  for (const packed of changes.rows) {
    const row = unpack(changes.nodeId, packed);
    rows.set(row.id, row);
  }
  return [...rows.values()];
}

function pack(row: ProcessRow): PackedRow {
  // A parent is always on the same node, so its process id suffices: its key without the node id.
  const parentId = row.parentKey?.slice(keyOf(row.nodeId, '').length) ?? null;
  return [parentId, ...FIELDS.map((field) => row[field] ?? null)];
}

function unpack(nodeId: string, [parentId, ...values]: PackedRow): ProcessRow {
  const fields = Object.fromEntries(
    FIELDS.flatMap((field, index) => {
      const value = values[index] ?? null;
      return value === null ? [] : [[field, value]];
    }),
  ) as Pick<ProcessRow, (typeof FIELDS)[number]>;
  const parent = typeof parentId === 'string' ? { parentKey: keyOf(nodeId, parentId) } : {};
  return { key: keyOf(nodeId, fields.id), nodeId, ...parent, ...fields };
}
