import {
  type ClusterObserverSnapshot,
  emptyRateHistory,
  type GenServerStats,
  type NodeObserverSnapshot,
  type NodeRates,
  type ObserverSnapshot,
  type RateHistory,
  ratesOf,
  type SupervisorStats,
  withSnapshot,
} from '../../../streams/index.js';
import { type EmptyGroup, emptyGroupsAfter, groupsWithMembers } from './empty-groups.js';
import { type NodeRow, nodeRow, type ProcessRow, serverRow, supervisorRow } from './view-rows.js';

/** One node and its processes. If the node is not connected, its last known state. */
export interface NodeView {
  readonly node: NodeRow;
  /** The processes, in no particular order. Unchanged rows are the same objects as in the previous view. */
  readonly processes: readonly ProcessRow[];
}

/**
 * The cluster at one moment, as dashboards show it. Plain data. A list of processes that has not changed is the same
 * object as in the previous view.
 */
export interface ClusterView {
  /**
   * The time of this view, ms since the epoch. The clock is that of the machine that runs the dashboard, not the
   * browser.
   */
  readonly timestamp: number;
  /** The time of this view on the monotonic clock of the same machine, ms. */
  readonly monotonic: number;
  readonly nodes: readonly NodeView[];
  /** The groups that have lost their last member since the dashboard was started, and are still empty. Absent: none. */
  readonly emptyGroups?: readonly EmptyGroup[];
}

/** A view, and the state from which the next view is computed. */
export interface ViewState {
  readonly view: ClusterView;
  readonly rates: RateHistory;
  /** The names of the groups with members on connected nodes. */
  readonly groups: ReadonlySet<string>;
  /** The snapshot, rates and view of each node, by node id. */
  readonly sources: ReadonlyMap<string, NodeSource>;
}

interface NodeSource {
  readonly snapshot: ObserverSnapshot | undefined;
  readonly rates: NodeRates | undefined;
  readonly view: NodeView;
}

export const emptyViewState: ViewState = {
  view: { timestamp: 0, monotonic: 0, nodes: [] },
  rates: emptyRateHistory,
  groups: new Set(),
  sources: new Map(),
};

/** Returns the state after a snapshot. A reducer for `scan`: `snapshot$.pipe(scan(nextViewState, emptyViewState))`. */
export function nextViewState(before: ViewState, snapshot: ClusterObserverSnapshot): ViewState {
  const rates = withSnapshot(before.rates, snapshot);
  const ratesByNode = new Map(ratesOf(rates).nodes.map((each) => [each.nodeId, each]));
  const sources = new Map<string, NodeSource>();
  const monotonic = Math.round(snapshot.monotonic);
  const nodes = snapshot.nodes.map((node) => {
    const source = sourceOf(node, monotonic, ratesByNode.get(node.nodeId), before.sources.get(node.nodeId));
    sources.set(node.nodeId, source);
    return source.view;
  });
  const { timestamp } = snapshot;
  const groups = groupsWithMembers(nodes);
  const emptyGroups = emptyGroupsAfter(before.view.emptyGroups ?? [], before.groups, groups, timestamp);
  const view = { timestamp, monotonic, nodes, ...(emptyGroups.length > 0 && { emptyGroups }) };
  return { view, rates, groups, sources };
}

function sourceOf(
  node: NodeObserverSnapshot,
  viewedAt: number,
  rates: NodeRates | undefined,
  before: NodeSource | undefined,
): NodeSource {
  const snapshot = node.snapshot ?? node.lastSnapshot;
  const isLive = node.snapshot !== null;
  const rate = isLive ? rates?.messagesPerSecond : undefined;
  const processes = processesOf(node.nodeId, snapshot, isLive ? rates : undefined, before);
  const queue = snapshot?.servers.reduce((sum, { queueSize }) => sum + queueSize, 0) ?? 0;
  return {
    snapshot,
    rates: isLive ? rates : undefined,
    view: { node: nodeRow(node, viewedAt, queue, rate), processes },
  };
}

function processesOf(
  nodeId: string,
  snapshot: ObserverSnapshot | undefined,
  rates: NodeRates | undefined,
  before: NodeSource | undefined,
): readonly ProcessRow[] {
  if (snapshot === undefined) return [];
  if (before?.snapshot === snapshot && before.rates === rates) return before.view.processes;
  const earlier = before?.snapshot;
  const rowsBefore = before?.view.processes ?? [];
  const supervisorsBefore = rowFinder(earlier?.supervisors ?? [], rowsBefore, 0);
  const serversBefore = rowFinder(earlier?.servers ?? [], rowsBefore, earlier?.supervisors.length ?? 0);
  const supervisors = snapshot.supervisors.map(
    (stats, index) => supervisorsBefore(stats, index) ?? supervisorRow(nodeId, stats),
  );
  const servers = snapshot.servers.map((stats, index) => {
    const rate = rates === undefined ? undefined : rounded(rates.processes.get(stats.id) ?? 0);
    const row = serversBefore(stats, index);
    return row !== undefined && row.rate === rate ? row : serverRow(nodeId, stats, rate);
  });
  const rows = [...supervisors, ...servers];
  const isSame = rows.length === rowsBefore.length && rows.every((row, index) => row === rowsBefore[index]);
  return isSame ? rowsBefore : rows;
}

/** Rounds to three decimals, which keeps the serialized messages short. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * Returns a function that returns the previous row that was made from the same stats object; `undefined` if there is
 * none. Most rows keep their position, so the function builds an index only when a row has moved.
 */
function rowFinder<Stats extends GenServerStats | SupervisorStats>(
  statsBefore: readonly Stats[],
  rowsBefore: readonly ProcessRow[],
  offset: number,
): (stats: Stats, index: number) => ProcessRow | undefined {
  let indexOf: ReadonlyMap<Stats, number> | undefined;
  return (stats, index) => {
    if (statsBefore[index] === stats) return rowsBefore[offset + index];
    indexOf ??= new Map(statsBefore.map((each, at) => [each, at]));
    const at = indexOf.get(stats);
    return at === undefined ? undefined : rowsBefore[offset + at];
  };
}

/**
 * The figures in the header of a dashboard. `nodes` is the number of all nodes. The other counts and sums cover only
 * the connected nodes.
 */
export interface Summary {
  readonly nodes: number;
  readonly connected: number;
  readonly processes: number;
  readonly queue: number;
  readonly messages: number;
  readonly restarts: number;
  /** Messages per second. Absent: the rate is not known. */
  readonly rate?: number;
  /**
   * When the oldest data of a connected node arrived, ms of the dashboard's monotonic clock. If no node is connected:
   * when the newest data of any node arrived. Absent: no data has arrived.
   */
  readonly oldestHeardAt?: number;
}

export function summaryOf({ nodes }: ClusterView): Summary {
  const connected = nodes.flatMap(({ node }) => (node.status === 'connected' ? node : []));
  const sum = (value: (node: NodeRow) => number): number => connected.reduce((total, node) => total + value(node), 0);
  const shown = connected.length > 0 ? connected : nodes.map(({ node }) => node);
  const heard = shown.flatMap(({ heardAt }) => heardAt ?? []);
  const isRated = connected.some(({ rate }) => rate !== undefined);
  return {
    nodes: nodes.length,
    connected: connected.length,
    processes: sum(({ processCount }) => processCount),
    queue: sum(({ queueSize }) => queueSize),
    messages: sum(({ totalMessages }) => totalMessages),
    restarts: sum(({ totalRestarts }) => totalRestarts),
    ...(isRated && { rate: sum(({ rate = 0 }) => rate) }),
    ...(heard.length > 0 && { oldestHeardAt: connected.length > 0 ? Math.min(...heard) : Math.max(...heard) }),
  };
}
