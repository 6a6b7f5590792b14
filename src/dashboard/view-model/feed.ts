import { SERVER_COUNT_NAMES } from '../../../streams/index.js';
import type { ClusterView, NodeView } from './cluster-view.js';
import type { History } from './history.js';
import type { LogLine } from './log.js';
import { keyOf, type NodeRow, type ProcessRow } from './rows.js';

/**
 * What a dashboard's server sends to a browser, each as one JSON text. The browser sends nothing; what follows from the
 * views, as the further history does, it makes itself.
 */
export type FeedMessage =
  /** The first: all there is to build on. The first view after it builds on nothing. */
  | { readonly type: 'welcome'; readonly version: string; readonly history: History; readonly log: readonly LogLine[] }
  | ({ readonly type: 'view' } & ViewChanges)
  | { readonly type: 'log'; readonly log: readonly LogLine[] }
  /**
   * Whether the server is connected to the cluster. `problem`: why not, for people, sent again every few seconds; `null`:
   * it does again. Until the first of these all is well.
   */
  | { readonly type: 'status'; readonly problem: string | null };

/** What one view has that another has not. */
export interface ViewChanges {
  readonly timestamp: number;
  readonly monotonic: number;
  /** All nodes, in order. */
  readonly nodes: readonly NodeRow[];
  /** Nodes whose processes changed. */
  readonly processes: readonly NodeChanges[];
}

interface NodeChanges {
  readonly nodeId: string;
  /** New rows, and changed ones as they are now, as {@link FIELDS}. */
  readonly rows: readonly PackedRow[];
  /** The ids of those that are gone. */
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

/** The id of its supervisor, then a value for each of {@link FIELDS}; `null`: it has none. */
type PackedRow = readonly (string | number | null)[];

/** From a view, or from nothing, to another. Costs a look at each process of the nodes where something changed. */
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
  // Mostly all stand where they stood, and need not be looked for.
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

/** The view that the changes lead to. Rows that did not change are the same objects. */
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
  // All keys of a node begin with its id.
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
