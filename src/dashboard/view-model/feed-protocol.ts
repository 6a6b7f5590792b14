import { type Registrations, SERVER_COUNT_NAMES } from '../../../streams/index.js';
import type { History } from './chart-history.js';
import type { ClusterView, NodeView } from './cluster-view.js';
import type { EmptyGroup } from './empty-groups.js';
import type { LogLine } from './log-lines.js';
import { keyOf, type NodeRow, type ProcessRow } from './view-rows.js';

/**
 * A message from the server of a dashboard to a browser, sent as one JSON text. The browser sends no messages. The
 * server does not send new points of the history, because the browser derives them from the views.
 */
export type FeedMessage =
  /** The first message of a connection. The next `view` message contains the changes from an empty view. */
  | { readonly type: 'welcome'; readonly version: string }
  /**
   * The changes to the next view. The first views of a connection contain all nodes, but only some of their processes:
   * each of these views contains more processes than the previous one.
   */
  | ({ readonly type: 'view' } & ViewChanges)
  /** The history so far. Sent once, after the first view that contains all processes. */
  | { readonly type: 'history'; readonly history: History }
  /** New lines of the log. With `isWhole`, all lines of the log. */
  | { readonly type: 'log'; readonly log: readonly LogLine[]; readonly isWhole?: true }
  /**
   * Whether the server receives data of the cluster. `problem` says, as text for the user, why the server receives no
   * data. The server sends a problem at each failed attempt to get data. `null`: the server receives data again. Before
   * the first `status` message, there is no problem.
   */
  | { readonly type: 'status'; readonly problem: string | null };

/** The changes from one view to the next. */
export interface ViewChanges {
  readonly timestamp: number;
  readonly monotonic: number;
  /** All nodes, in order. */
  readonly nodes: readonly NodeRow[];
  /** The changes of the processes of each node. Nodes without such changes are omitted. */
  readonly processes: readonly NodeChanges[];
  /** All groups that have lost their last member, not only the changed ones. Absent: none. */
  readonly emptyGroups?: readonly EmptyGroup[] | undefined;
}

interface NodeChanges {
  readonly nodeId: string;
  /** The new rows and the changed rows. Each row contains all {@link FIELDS}, not only the changed ones. */
  readonly rows: readonly PackedRow[];
  /** The ids of the processes that are no longer in the view. */
  readonly removed: readonly string[];
  /**
   * The global names and groups of the processes in `rows`, for those processes whose names or groups have changed.
   * `null`: the process has none any more. Absent: none have changed. These values are not part of a row, because they
   * change far more rarely than its figures.
   */
  readonly registrations?: readonly (readonly [id: string, registrations: Registrations | null])[];
}

const FIELDS = [
  'id',
  'name',
  'childId',
  'distributedSupervisor',
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

/**
 * A row as an array: the process id of its supervisor, then a value for each of {@link FIELDS}. `null`: the value is
 * absent.
 */
type PackedRow = readonly (string | number | null)[];

/**
 * Returns the changes from one view to the next. `before` is `undefined` for a browser that has no view. If the list of
 * processes of a node is the same object in both views, it is not compared.
 */
export function viewChanges(before: ClusterView | undefined, after: ClusterView): ViewChanges {
  const earlier = new Map(before?.nodes.map((view) => [view.node.nodeId, view]));
  return {
    timestamp: after.timestamp,
    monotonic: after.monotonic,
    ...(after.emptyGroups !== undefined && { emptyGroups: after.emptyGroups }),
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
    const changed = processes.flatMap((row, at) => (row === earlier[at] ? [] : [[earlier[at], row] as const]));
    return changed.length === 0 ? [] : [{ nodeId, ...rowChanges(changed), removed: [] }];
  }
  const gone = new Map(earlier.map((row) => [row.id, row]));
  const changed: ChangedRow[] = [];
  for (const row of processes) {
    const before = gone.get(row.id);
    if (before !== row) changed.push([before, row]);
    gone.delete(row.id);
  }
  if (changed.length === 0 && gone.size === 0) return [];
  return [{ nodeId, ...rowChanges(changed), removed: [...gone.keys()] }];
}

type ChangedRow = readonly [before: ProcessRow | undefined, row: ProcessRow];

function rowChanges(changed: readonly ChangedRow[]): Pick<NodeChanges, 'rows' | 'registrations'> {
  const registrations = changed.flatMap(([before, { id, registrations = null }]) =>
    registrations === (before?.registrations ?? null) ? [] : [[id, registrations] as const],
  );
  const rows = changed.map(([, row]) => pack(row));
  return registrations.length === 0 ? { rows } : { rows, registrations };
}

/**
 * The approximate number of processes that each of the first views adds. Because of this limit, a browser with a slow
 * connection soon shows some processes.
 */
const ROWS_AT_ONCE = 1000;

/**
 * Returns the maximum number of processes of each node in the next view of a new browser. The number is the same for
 * all nodes, so the browser soon shows processes of each node.
 *
 * @param before maximum number of processes of each node in the last view of the browser
 * @returns the new maximum, or Infinity once the view contains all processes
 */
export function nextRowsPerNode(view: ClusterView, before: number): number {
  const unfinished = view.nodes.filter(({ processes }) => processes.length > before).length;
  const next = before + Math.ceil(ROWS_AT_ONCE / Math.max(1, unfinished));
  return view.nodes.every(({ processes }) => processes.length <= next) ? Number.POSITIVE_INFINITY : next;
}

/** Returns the view with only the first `rowsPerNode` processes of each node. */
export function withFirstRows(view: ClusterView, rowsPerNode: number): ClusterView {
  if (rowsPerNode === Number.POSITIVE_INFINITY) return view;
  return {
    ...view,
    nodes: view.nodes.map(({ node, processes }) => ({ node, processes: processes.slice(0, rowsPerNode) })),
  };
}

/** Returns the view after the changes. Unchanged rows of the result are the same objects as in `before`. */
export function withViewChanges(before: ClusterView, changes: ViewChanges): ClusterView {
  const earlier = new Map(before.nodes.map((view) => [view.node.nodeId, view.processes]));
  const changed = new Map(changes.processes.map((each) => [each.nodeId, each]));
  return {
    timestamp: changes.timestamp,
    monotonic: changes.monotonic,
    ...(changes.emptyGroups !== undefined && { emptyGroups: changes.emptyGroups }),
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
  const changed = new Map(changes.registrations);
  for (const packed of changes.rows) {
    const row = unpack(changes.nodeId, packed);
    const registrations = changed.has(row.id) ? changed.get(row.id) : rows.get(row.id)?.registrations;
    rows.set(row.id, registrations ? { ...row, registrations } : row);
  }
  return [...rows.values()];
}

function pack(row: ProcessRow): PackedRow {
  // A supervisor is always on the same node as its child. So the row omits the node id from the key of the supervisor.
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
