import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  addToHistory,
  CLOCK_STEP_MS,
  emptyHistory,
  SERIES,
  SPAN_MS,
  STEP_MS,
  seriesOf,
} from '../../../src/dashboard/view-model/chart-history.js';
import {
  type ClusterView,
  emptyViewState,
  nextViewState,
  summaryOf,
  type ViewState,
} from '../../../src/dashboard/view-model/cluster-view.js';
import { type ViewChanges, viewChanges, withViewChanges } from '../../../src/dashboard/view-model/feed-protocol.js';
import { COLUMNS, filterOf, labelOf, tableOf } from '../../../src/dashboard/view-model/process-table.js';
import { treeOf } from '../../../src/dashboard/view-model/tree-lines.js';
import { type ProcessRow, restartsOf } from '../../../src/dashboard/view-model/view-rows.js';
import type { ClusterObserverSnapshot } from '../../../streams/index.js';
import { clusterHistory } from '../../helpers/cluster-histories.js';

/** The view of each snapshot, and of nothing before. */
function viewed(snapshots: readonly ClusterObserverSnapshot[]): readonly ViewState[] {
  const all = [emptyViewState];
  for (const snapshot of snapshots) all.push(nextViewState(all.at(-1) ?? emptyViewState, snapshot));
  return all;
}

const views = clusterHistory.map((snapshots) => viewed(snapshots).map(({ view }) => view));

const rowsOf = (view: ClusterView): readonly ProcessRow[] => view.nodes.flatMap(({ processes }) => processes);

/** Processes are in no order that means anything. */
function unordered({ timestamp, monotonic, nodes, emptyGroups }: ClusterView): object {
  return {
    emptyGroups,
    timestamp,
    monotonic,
    nodes: nodes.map(({ node, processes }) => ({ node, processes: new Map(processes.map((row) => [row.key, row])) })),
  };
}

/** As it arrives. */
function sent(changes: ViewChanges): ViewChanges {
  return JSON.parse(JSON.stringify(changes));
}

const last = <Item>(items: readonly Item[]): Item => {
  const item = items.at(-1);
  if (item === undefined) throw new Error('there is none');
  return item;
};

describe('what changed between two views', () => {
  test.prop([views, fc.nat(), fc.nat()])('leads from the one to the other, whichever they are', (all, one, other) => {
    const before = all[one % all.length] ?? emptyViewState.view;
    const after = all[other % all.length] ?? emptyViewState.view;
    expect(unordered(withViewChanges(before, sent(viewChanges(before, after))))).toEqual(unordered(after));
  });

  test.prop([views])('leads there from nothing, and step by step', (all) => {
    let held: ClusterView = { timestamp: 0, monotonic: 0, nodes: [] };
    let before: ClusterView | undefined;
    for (const view of all) {
      held = withViewChanges(held, sent(viewChanges(before, view)));
      before = view;
      expect(unordered(held)).toEqual(unordered(view));
    }
  });

  test.prop([views])('leaves alone what did not change', (all) => {
    const [before = emptyViewState.view, after = emptyViewState.view] = all.slice(-2);
    const changes = sent(viewChanges(before, after));
    const rows = new Set(rowsOf(before));
    const changed = new Set(
      changes.processes.flatMap(({ nodeId, rows: packed }) => packed.map((row) => `${nodeId} ${row[1]}`)),
    );
    for (const row of rowsOf(withViewChanges(before, changes))) expect(rows.has(row)).toBe(!changed.has(row.key));
    expect(viewChanges(after, after).processes).toEqual([]);
  });
});

describe('the view of a snapshot', () => {
  test.prop([clusterHistory])('has every process of every node once, as it was last seen', (snapshots) => {
    const { nodes } = last(snapshots);
    const { view } = last(viewed(snapshots));
    expect(view.nodes.map(({ node }) => node.nodeId)).toEqual(nodes.map(({ nodeId }) => nodeId));
    for (const [index, { snapshot, lastSnapshot }] of nodes.entries()) {
      const known = snapshot ?? lastSnapshot;
      const ids = [...(known?.servers ?? []), ...(known?.supervisors ?? [])].map(({ id }) => id);
      expect(view.nodes[index]?.processes.map(({ id }) => id).sort()).toEqual(ids.sort());
    }
  });

  test.prop([clusterHistory])('shares each row whose process and rate did not change', (snapshots) => {
    const [before = emptyViewState, after = emptyViewState] = viewed(snapshots).slice(-2);
    const earlier = new Map(rowsOf(before.view).map((row) => [row.key, row]));
    for (const { node, processes } of after.view.nodes) {
      const statsBefore = new Set<object>(statsOf(before, node.nodeId));
      const byId = new Map(statsOf(after, node.nodeId).map((stats) => [stats.id, stats]));
      for (const row of processes) {
        const stats = byId.get(row.id);
        const then = earlier.get(row.key);
        if (stats === undefined || !statsBefore.has(stats) || then?.rate !== row.rate) continue;
        expect(row).toBe(then);
      }
      const known = before.view.nodes.find((view) => view.node.nodeId === node.nodeId)?.processes ?? [];
      const isSame = known.length === processes.length && processes.every((row, at) => row === known[at]);
      if (isSame && known.length > 0) expect(processes).toBe(known);
    }
  });

  test.prop([clusterHistory])('sums up what the cluster itself says', (snapshots) => {
    const { aggregated } = last(snapshots);
    const summary = summaryOf(last(viewed(snapshots)).view);
    expect(summary).toMatchObject({
      nodes: aggregated.totalNodeCount,
      connected: aggregated.connectedNodeCount,
      processes: aggregated.totalProcessCount,
      messages: aggregated.totalMessages,
      restarts: aggregated.totalRestarts,
    });
  });

  test.prop([clusterHistory])('has no rates of a node that is not connected', (snapshots) => {
    for (const { node, processes } of last(viewed(snapshots)).view.nodes) {
      if (node.status === 'connected') continue;
      expect([node.rate, ...processes.map(({ rate }) => rate)].filter((rate) => rate !== undefined)).toEqual([]);
    }
  });
});

function statsOf({ sources }: ViewState, nodeId: string) {
  const snapshot = sources.get(nodeId)?.snapshot;
  return [...(snapshot?.servers ?? []), ...(snapshot?.supervisors ?? [])];
}

const sorting = fc.record({
  column: fc.constantFrom(...COLUMNS),
  direction: fc.constantFrom('ascending' as const, 'descending' as const),
});
const filter = fc.record(
  {
    text: fc.constantFrom('', ' ', 'p1', 'P2', 'a p1', 'A', 'b  a', 'nobody'),
    nodeId: fc.constantFrom('a', 'b', 'x'),
    kind: fc.constantFrom('genserver' as const, 'supervisor' as const),
  },
  { requiredKeys: [] },
);

function shuffled(view: ClusterView, turn: number): ClusterView {
  const turned = <Item>(items: readonly Item[]): readonly Item[] => {
    const by = turn % (items.length || 1);
    return [...items.slice(by), ...items.slice(0, by)].toReversed();
  };
  return { ...view, nodes: turned(view.nodes.map((each) => ({ ...each, processes: turned(each.processes) }))) };
}

describe('the table', () => {
  test.prop([views, filter, sorting, fc.nat()])('is in one order, whatever the order was', (all, what, by, turn) => {
    const view = last(all);
    expect(tableOf(shuffled(view, turn), what, by)).toEqual(tableOf(view, what, by));
  });

  test.prop([views, filter, sorting])('has each row that passes once, and no other', (all, what, by) => {
    const view = last(all);
    const passes = filterOf(what);
    const wanted = rowsOf(view).filter(
      (row) => passes(row) && (what.nodeId === undefined || row.nodeId === what.nodeId),
    );
    const table = tableOf(view, what, by);
    expect(new Set(table)).toEqual(new Set(wanted));
    expect(table).toHaveLength(wanted.length);
    for (const { name = '', id, childId = '', nodeId, kind } of table) {
      expect(what.kind ?? kind).toBe(kind);
      for (const word of (what.text ?? '').toLowerCase().split(' ')) {
        expect(`${name} ${id} ${childId} ${nodeId}`.toLowerCase()).toContain(word);
      }
    }
  });

  test.prop([views, sorting])('is sorted, those without a value last in either direction', (all, by) => {
    const nodes = new Map(last(all).nodes.map(({ node }) => [node.nodeId, node]));
    const cells = tableOf(last(all), {}, by).map((row) => {
      if (by.column === 'name') return labelOf(row);
      if (by.column === 'node') return row.nodeId;
      if (by.column === 'restarts') return restartsOf(row);
      if (by.column !== 'uptime') return row[by.column];
      return (nodes.get(row.nodeId)?.monotonicAheadMs ?? 0) - row.startedMonotonic;
    });
    const values = cells.filter((cell) => cell !== undefined);
    expect(cells.slice(0, values.length)).toEqual(values);
    const compared = values.slice(1).map((value, at) => compare(values[at], value));
    const wrong = by.direction === 'ascending' ? 1 : -1;
    expect(compared.filter((sign) => sign === wrong)).toEqual([]);
  });
});

function compare(a: string | number | undefined, b: string | number): number {
  if (a === undefined || a === b) return 0;
  return a < b ? -1 : 1;
}

describe('the tree', () => {
  test.prop([views])('has every process once, below its node', (all) => {
    const view = last(all);
    const lines = treeOf(view, new Set());
    const keys = lines.flatMap((line) => (line.type === 'process' ? line.key : []));
    expect([...keys].sort()).toEqual(
      rowsOf(view)
        .map(({ key }) => key)
        .sort(),
    );
    let nodeId = '';
    for (const line of lines) {
      if (line.type === 'node') nodeId = line.node.nodeId;
      else expect(line.row.nodeId).toBe(nodeId);
    }
  });

  test.prop([views])('numbers the lines as they stand, and a line has its parent above it', (all) => {
    const path: string[] = [];
    for (const line of treeOf(last(all), new Set())) {
      path.length = line.depth;
      expect(line.position).toBeGreaterThanOrEqual(1);
      expect(line.position).toBeLessThanOrEqual(line.siblings);
      if (line.type === 'process' && line.depth > 1) expect(line.row.parentKey).toBe(path[line.depth - 1]);
      path[line.depth] = line.key;
    }
  });

  test.prop([views, fc.nat()])('leaves out what is below a collapsed line, and nothing else', (all, which) => {
    const view = last(all);
    const lines = treeOf(view, new Set());
    const at = which % (lines.length || 1);
    const line = lines[at];
    if (line === undefined) return;
    const end = lines.findIndex(({ depth }, index) => index > at && depth <= line.depth);
    const kept = [...lines.slice(0, at + 1), ...(end === -1 ? [] : lines.slice(end))].map(({ key }) => key);
    expect(treeOf(view, new Set([line.key])).map(({ key }) => key)).toEqual(kept);
  });
});

describe('the history', () => {
  test.prop([views])('is in order, bounded, of one length, and of the past', (all) => {
    let history = emptyHistory;
    for (const view of all) {
      history = addToHistory(history, view);
      const { times, nodes } = history;
      expect(times.length).toBeLessThanOrEqual(SPAN_MS / STEP_MS + 1);
      expect(times.every((time, at) => at === 0 || time > (times[at - 1] ?? time))).toBe(true);
      expect(times.at(-1)).toBeLessThanOrEqual(view.timestamp + CLOCK_STEP_MS);
      for (const [nodeId, points] of Object.entries(nodes)) {
        expect(points).toHaveLength(times.length);
        expect(points.some((point) => point !== null)).toBe(true);
        for (const series of SERIES) expect(seriesOf(history, nodeId, series)).toHaveLength(times.length);
      }
    }
  });
});
