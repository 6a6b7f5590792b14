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
import { type NodeRow, nodeRow, type ProcessRow, serverRow, supervisorRow } from './rows.js';

/** One node and its processes. Of a node that is not connected, as they were last seen. */
export interface NodeView {
  readonly node: NodeRow;
  /** In no order that means anything. Those that did not change are the same objects as before. */
  readonly processes: readonly ProcessRow[];
}

/** What a dashboard shows of the cluster at one moment. Plain data; shares with the view before what did not change. */
export interface ClusterView {
  /** ms since the epoch, on the reader's clock */
  readonly timestamp: number;
  /** The same moment on the reader's monotonic clock, ms. */
  readonly monotonic: number;
  readonly nodes: readonly NodeView[];
}

/** A view, and what it takes to make the next one. */
export interface Viewed {
  readonly view: ClusterView;
  readonly rates: RateHistory;
  /** The rows behind the view, by node. */
  readonly sources: ReadonlyMap<string, Source>;
}

interface Source {
  readonly snapshot: ObserverSnapshot | undefined;
  readonly rates: NodeRates | undefined;
  readonly view: NodeView;
}

export const emptyViewState: Viewed = {
  view: { timestamp: 0, monotonic: 0, nodes: [] },
  rates: emptyRateHistory,
  sources: new Map(),
};

/** The view of one more snapshot. A step of a scan: `snapshot$.pipe(scan(viewNext, nothingViewed))`. */
export function viewNext(before: Viewed, snapshot: ClusterObserverSnapshot): Viewed {
  const rates = withSnapshot(before.rates, snapshot);
  const ratesByNode = new Map(ratesOf(rates).nodes.map((each) => [each.nodeId, each]));
  const sources = new Map<string, Source>();
  const monotonic = Math.round(snapshot.monotonic);
  const nodes = snapshot.nodes.map((node) => {
    const source = sourceOf(node, monotonic, ratesByNode.get(node.nodeId), before.sources.get(node.nodeId));
    sources.set(node.nodeId, source);
    return source.view;
  });
  return { view: { timestamp: snapshot.timestamp, monotonic, nodes }, rates, sources };
}

function sourceOf(
  node: NodeObserverSnapshot,
  viewedAt: number,
  rates: NodeRates | undefined,
  before: Source | undefined,
): Source {
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
  before: Source | undefined,
): readonly ProcessRow[] {
  if (snapshot === undefined) return [];
  if (before?.snapshot === snapshot && before.rates === rates) return before.view.processes;
  const earlier = before?.snapshot;
  const rowsBefore = before?.view.processes ?? [];
  const supervisorsBefore = finder(earlier?.supervisors ?? [], rowsBefore, 0);
  const serversBefore = finder(earlier?.servers ?? [], rowsBefore, earlier?.supervisors.length ?? 0);
  const supervisors = snapshot.supervisors.map(
    (stats, index) => supervisorsBefore(stats, index) ?? supervisorRow(nodeId, stats),
  );
  const servers = snapshot.servers.map((stats, index) => {
    const rate = rates === undefined ? undefined : thousandths(rates.processes.get(stats.id) ?? 0);
    const row = serversBefore(stats, index);
    return row !== undefined && row.rate === rate ? row : serverRow(nodeId, stats, rate);
  });
  const rows = [...supervisors, ...servers];
  const isSame = rows.length === rowsBefore.length && rows.every((row, index) => row === rowsBefore[index]);
  return isSame ? rowsBefore : rows;
}

/** Three decimals are exact enough, and short in a message. */
function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Finds the row that was made of these very stats. Most stand where they stood: an index is made when one does not. */
function finder<Stats extends GenServerStats | SupervisorStats>(
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

/** What stands in the head of a dashboard. Sums over the connected nodes. */
export interface Summary {
  readonly nodes: number;
  readonly connected: number;
  readonly processes: number;
  readonly queue: number;
  readonly messages: number;
  readonly restarts: number;
  /** Messages a second. Absent: not known yet. */
  readonly rate?: number;
  /**
   * When the oldest data shown of a connected node arrived; while none is connected, when anything was heard last. ms of
   * the reader's monotonic clock.
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
    processes: sum(({ processCount: processes }) => processes),
    queue: sum(({ queueSize: queue }) => queue),
    messages: sum(({ totalMessages: messages }) => messages),
    restarts: sum(({ totalRestarts: restarts }) => restarts),
    ...(isRated && { rate: sum(({ rate = 0 }) => rate) }),
    ...(heard.length > 0 && { oldestHeardAt: connected.length > 0 ? Math.min(...heard) : Math.max(...heard) }),
  };
}
