import { addToHistory } from '../view-model/chart-history.js';
import type { ClusterView } from '../view-model/cluster-view.js';
import { matches, withEntries } from '../view-model/log-lines.js';
import { namesTableOf } from '../view-model/names.js';
import { type Filter, tableOf } from '../view-model/process-table.js';
import { filterTree, treeOf } from '../view-model/tree-lines.js';
import { handleKey } from './key-handler.js';
import { reconcile } from './list-cursor.js';
import { namesLines } from './names-lines.js';
import type { ClusterData, Event, Overlay, State } from './state.js';
import { logList, namesList, nodeList, processList, processOf, relativeList, treeList } from './view-lists.js';

/** Returns the state after an event. No other function changes the state of the store. */
export function reduce(state: State, event: Event): State {
  return withDerivedState(state, applyEvent(state, event));
}

function applyEvent(state: State, event: Event): State {
  switch (event.type) {
    case 'view': {
      const { view, now } = event;
      const history = addToHistory(state.live.history, view);
      return withLiveData({ ...state, now }, { ...state.live, view, history }, { updates: 1, entries: 0 });
    }
    case 'log': {
      const log = withEntries(state.live.log, event.entries);
      return withLiveData(state, { ...state.live, log }, { updates: 0, entries: event.entries.length });
    }
    case 'links':
      return withLinks(state, event);
    case 'tick':
      return { ...state, now: event.now };
    case 'resize':
      return { ...state, size: event.size };
    case 'ended':
      return { ...state, hasEnded: true };
    case 'key':
      return handleKey(state, event.key);
  }
}

function withLiveData(
  state: State,
  live: ClusterData,
  more: { readonly updates: number; readonly entries: number },
): State {
  if (state.paused === undefined) return { ...state, live, shown: live };
  const { updates, entries } = state.paused;
  return { ...state, live, paused: { updates: updates + more.updates, entries: entries + more.entries } };
}

/**
 * Returns the state with the list and the cursor of the active view updated, and with the overlays of processes
 * updated. The list of another view is updated when the user opens that view.
 */
function withDerivedState(before: State, state: State): State {
  const listed = withViewList(before, state);
  return { ...listed, overlays: listed.overlays.map((overlay) => refreshedOverlay(overlay, listed)) };
}

function withViewList(before: State, state: State): State {
  const isSameView = state.view === before.view;
  const { filter, sorting } = state.processes;
  const { view, log } = state.shown;
  const isSameData = isSameView && view === before.shown.view && filter === before.processes.filter;
  switch (state.view) {
    case 'processes': {
      const isSame = isSameData && sorting === before.processes.sorting;
      const rows = isSame ? state.processes.rows : tableOf(view, filter, sorting);
      const listed = { ...state, processes: { ...state.processes, rows } };
      const cursor = reconcile(listed.processes.cursor, processList(listed));
      return { ...listed, processes: { ...listed.processes, cursor } };
    }
    case 'nodes':
      return { ...state, nodes: { cursor: reconcile(state.nodes.cursor, nodeList(state)) } };
    case 'tree': {
      const { collapsed } = state.tree;
      const isSame = isSameData && collapsed === before.tree.collapsed;
      const lines = isSame ? state.tree.lines : treeOf(filterTree(view, filter), collapsed);
      const listed = { ...state, tree: { ...state.tree, lines } };
      return { ...listed, tree: { ...listed.tree, cursor: reconcile(listed.tree.cursor, treeList(listed)) } };
    }
    case 'names': {
      const { expanded } = state.names;
      const isSame = isSameData && expanded === before.names.expanded;
      const names = isSame ? state.names : { ...state.names, ...listedNames(view, filter, expanded) };
      const listed = { ...state, names };
      return { ...listed, names: { ...names, cursor: reconcile(names.cursor, namesList(listed)) } };
    }
    case 'log': {
      const words = state.log.filter;
      const isSame = isSameView && log === before.shown.log && words === before.log.filter;
      const lines = isSame ? state.log.lines : log.filter(({ entry }) => matches(entry, words));
      const listed = { ...state, log: { ...state.log, lines, readUpTo: log.at(-1)?.number ?? 0 } };
      return { ...listed, log: { ...listed.log, cursor: reconcile(listed.log.cursor, logList(listed)) } };
    }
  }
}

function listedNames(
  view: ClusterView,
  { text = '' }: Filter,
  expanded: ReadonlySet<string>,
): Pick<State['names'], 'lines' | 'total'> {
  const table = namesTableOf(view, { text });
  return { lines: namesLines(table, expanded), total: table.total };
}

/**
 * Returns the state with the links in the overlay that shows this node. If the request failed, the overlay keeps its
 * links. An overlay without links gets the problem instead.
 */
function withLinks(state: State, { nodeId, links, problem }: Extract<Event, { type: 'links' }>): State {
  const overlays = state.overlays.map((overlay): Overlay => {
    if (overlay.type !== 'links' || overlay.nodeId !== nodeId) return overlay;
    if (links === undefined)
      return overlay.links === undefined && problem !== undefined ? { ...overlay, problem } : overlay;
    const slowestFirst = links.toSorted((a, b) => (b.roundTripMs ?? 0) - (a.roundTripMs ?? 0));
    return { ...overlay, links: slowestFirst };
  });
  return { ...state, overlays };
}

function refreshedOverlay(overlay: Overlay, state: State): Overlay {
  if (overlay.type !== 'process') return overlay;
  const found = processOf(state.shown, overlay.row.key);
  const next = { ...overlay, row: found ?? overlay.row, isGone: found === undefined };
  return { ...next, cursor: reconcile(next.cursor, relativeList(next, state)) };
}
