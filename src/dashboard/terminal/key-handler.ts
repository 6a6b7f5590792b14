import { firstDirection } from '../view-model/process-table.js';
import type { TreeLine } from '../view-model/tree-lines.js';
import { keyOf } from '../view-model/view-rows.js';
import type { Key, KeyName } from './keys.js';
import { bodyRows } from './layout.js';
import { visibleLinkCount } from './links-view.js';
import { type Cursor, initialCursor, type List, moveBy } from './list-cursor.js';
import { entryText } from './log-entry-text.js';
import { nextColumn } from './process-columns.js';
import { type Overlay, type State, VIEWS, type View } from './state.js';
import { wrap } from './text-fitting.js';
import { logList, namesList, nodeList, processList, processOf, relativeList, treeList } from './view-lists.js';

/** Returns the state after a keystroke. Does not update the lists of the views; see `reduce`. */
export function handleKey(state: State, key: Key): State {
  if (key.name === 'interrupt') return { ...state, hasQuit: true };
  if (state.isHelpOpen) return { ...state, isHelpOpen: false };
  if (state.isTypingFilter) return handleFilterKey(state, key);
  const overlay = state.overlays.at(-1);
  if (key.name === 'text') return handleText(state, key.text, overlay);
  if (overlay !== undefined) return handleOverlayKey(state, overlay, key.name);
  switch (key.name) {
    case 'tab':
      return { ...state, view: adjacentView(state.view, 1) };
    case 'backtab':
      return { ...state, view: adjacentView(state.view, -1) };
    case 'escape':
      return withFilter(state, '');
    case 'enter':
      return openSelected(state);
    case 'left':
    case 'right':
      if (state.view === 'names') return foldGroup(state, key.name === 'right');
      return state.view === 'tree' ? collapseOrExpand(state, key.name) : state;
    default:
      return moveCursor(state, key.name);
  }
}

function adjacentView(view: View, by: number): View {
  return VIEWS[(VIEWS.indexOf(view) + by + VIEWS.length) % VIEWS.length] ?? view;
}

function handleText(state: State, text: string, overlay: Overlay | undefined): State {
  switch (text) {
    case 'q':
      return { ...state, hasQuit: true };
    case '?':
      return { ...state, isHelpOpen: true };
    case 'p':
      return togglePause(state);
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
      return { ...state, overlays: [], view: VIEWS[Number(text) - 1] ?? state.view };
  }
  return overlay === undefined ? handleTextOfView(state, text) : state;
}

function handleTextOfView(state: State, text: string): State {
  const { processes, view, size } = state;
  if (text === '/' && view !== 'nodes') return { ...state, isTypingFilter: true };
  if (text === 'l' && view === 'nodes') return openLinks(state);
  if (view !== 'processes') return state;
  const { column, direction } = processes.sorting;
  if (text === 's') {
    const next = nextColumn(column, size);
    return withProcesses(state, { sorting: { column: next, direction: firstDirection(next) }, cursor: initialCursor });
  }
  if (text === 'S') {
    const other = direction === 'ascending' ? 'descending' : 'ascending';
    return withProcesses(state, { sorting: { column, direction: other }, cursor: initialCursor });
  }
  return state;
}

function togglePause(state: State): State {
  if (state.paused === undefined) return { ...state, paused: { updates: 0, entries: 0 } };
  const { paused: _, ...rest } = state;
  return { ...rest, shown: state.live };
}

function handleFilterKey(state: State, key: Key): State {
  const filter = filterOf(state);
  switch (key.name) {
    case 'text':
      return withFilter(state, filter + key.text);
    case 'backspace':
      return filter === '' ? { ...state, isTypingFilter: false } : withFilter(state, [...filter].slice(0, -1).join(''));
    case 'escape':
      return { ...withFilter(state, ''), isTypingFilter: false };
    case 'enter':
      return { ...state, isTypingFilter: false };
    case 'tab':
    case 'backtab':
      return handleKey({ ...state, isTypingFilter: false }, key);
    default:
      return moveCursor(state, key.name);
  }
}

function filterOf({ view, processes, log }: State): string {
  return view === 'log' ? log.filter : (processes.filter.text ?? '');
}

function withFilter(state: State, text: string): State {
  if (text === filterOf(state)) return state;
  if (state.view === 'log') return { ...state, log: { ...state.log, filter: text, cursor: initialCursor } };
  if (state.view === 'nodes') return state;
  const tree = { ...state.tree, cursor: initialCursor };
  const names = { ...state.names, cursor: initialCursor };
  return withProcesses({ ...state, tree, names }, { filter: { text }, cursor: initialCursor });
}

function withProcesses(state: State, part: Partial<State['processes']>): State {
  return { ...state, processes: { ...state.processes, ...part } };
}

function moveCursor(state: State, key: KeyName): State {
  switch (state.view) {
    case 'processes':
      return withProcesses(state, { cursor: stepCursor(state.processes.cursor, key, processList(state)) });
    case 'nodes':
      return { ...state, nodes: { cursor: stepCursor(state.nodes.cursor, key, nodeList(state)) } };
    case 'tree':
      return { ...state, tree: { ...state.tree, cursor: stepCursor(state.tree.cursor, key, treeList(state)) } };
    case 'names':
      return { ...state, names: { ...state.names, cursor: stepCursor(state.names.cursor, key, namesList(state)) } };
    case 'log':
      return { ...state, log: { ...state.log, cursor: stepCursor(state.log.cursor, key, logList(state)) } };
  }
}

function stepCursor<Item>(cursor: Cursor, key: KeyName, list: List<Item>): Cursor {
  const by = linesToMove(key, list.height, list.items.length);
  return by === 0 ? cursor : moveBy(cursor, by, list);
}

function linesToMove(key: KeyName, page: number, all: number): number {
  switch (key) {
    case 'up':
      return -1;
    case 'down':
      return 1;
    case 'pageup':
      return -page;
    case 'pagedown':
      return page;
    case 'home':
      return -all;
    case 'end':
      return all;
    default:
      return 0;
  }
}

/**
 * Handles the Enter key in a view. Opens the details of a process or log entry, shows the processes of a node, and
 * collapses or expands a group or a node of the tree.
 */
function openSelected(state: State): State {
  switch (state.view) {
    case 'processes':
      return openProcess(state, state.processes.rows[state.processes.cursor.index]?.key);
    case 'nodes': {
      const line = nodeList(state).items[state.nodes.cursor.index];
      if (line === undefined || line.type === 'all') return { ...state, view: 'processes' };
      const filter = { text: line.node.nodeId };
      return { ...withProcesses(state, { filter, cursor: initialCursor }), view: 'processes' };
    }
    case 'tree': {
      const line = state.tree.lines[state.tree.cursor.index];
      if (line?.type === 'process') return openProcess(state, line.key);
      return line === undefined ? state : collapseOrExpand(state, line.isCollapsed ? 'right' : 'left');
    }
    case 'names': {
      const line = state.names.lines[state.names.cursor.index];
      if (line === undefined) return state;
      if (line.type === 'group') return foldGroup(state, !line.isExpanded);
      return openProcess(state, line.type === 'name' ? line.row.owner.key : line.row.key);
    }
    case 'log': {
      const line = state.log.lines[state.log.cursor.index];
      return line === undefined ? state : { ...state, overlays: [{ type: 'entry', line, top: 0 }] };
    }
  }
}

/** Opens the links of the node at the cursor. On the line of all nodes, the state stays the same. */
function openLinks(state: State): State {
  const line = nodeList(state).items[state.nodes.cursor.index];
  if (line === undefined || line.type === 'all') return state;
  return { ...state, overlays: [{ type: 'links', nodeId: line.node.nodeId, top: 0 }] };
}

function openProcess(state: State, key: string | undefined): State {
  const row = key === undefined ? undefined : processOf(state.shown, key);
  if (row === undefined) return state;
  const overlay: Overlay = { type: 'process', row, isGone: false, cursor: initialCursor };
  return { ...state, overlays: [...state.overlays, overlay] };
}

function handleOverlayKey(state: State, overlay: Overlay, key: KeyName): State {
  if (key === 'escape' || key === 'backspace') return { ...state, overlays: state.overlays.slice(0, -1) };
  if (overlay.type === 'entry') {
    const { entry } = overlay.line;
    if (key === 'enter') {
      return 'id' in entry ? openProcess(state, keyOf(entry.nodeId, entry.id)) : state;
    }
    const page = bodyRows(state.size);
    const lines = entryText(entry).flatMap((line) => wrap(line, state.size.columns - 2)).length;
    const top = overlay.top + linesToMove(key, page, lines);
    return withTopOverlay(state, { ...overlay, top: Math.max(0, Math.min(top, lines - page)) });
  }
  if (overlay.type === 'links') {
    const page = visibleLinkCount(state.size);
    const all = overlay.links?.length ?? 0;
    const top = overlay.top + linesToMove(key, page, all);
    return withTopOverlay(state, { ...overlay, top: Math.max(0, Math.min(top, all - page)) });
  }
  const list = relativeList(overlay, state);
  if (key === 'enter') return openProcess(state, list.items[overlay.cursor.index]?.row.key);
  return withTopOverlay(state, { ...overlay, cursor: stepCursor(overlay.cursor, key, list) });
}

function withTopOverlay(state: State, overlay: Overlay): State {
  return { ...state, overlays: [...state.overlays.slice(0, -1), overlay] };
}

/**
 * Handles the left and right arrow keys in the tree. `left` collapses an expanded line; on any other line, it moves the
 * cursor to the parent, if there is one. `right` expands a collapsed line; on an expanded line, it moves the cursor to
 * the first child.
 */
function collapseOrExpand(state: State, direction: 'left' | 'right'): State {
  const { collapsed, cursor, lines } = state.tree;
  const line = lines[cursor.index];
  if (line === undefined) return state;
  const isOpen = line.children > 0 && !line.isCollapsed;
  if (direction === 'right') {
    if (isOpen) return moveCursor(state, 'down');
    return line.isCollapsed ? withCollapsed(state, without(collapsed, line.key)) : state;
  }
  if (isOpen) return withCollapsed(state, new Set(collapsed).add(line.key));
  const up = parentIndex(lines, cursor.index) - cursor.index;
  return { ...state, tree: { ...state.tree, cursor: moveBy(cursor, up, treeList(state)) } };
}

/** Lists the members of the group at the cursor, or hides them. On any other line, the state stays the same. */
function foldGroup(state: State, isExpanded: boolean): State {
  const line = state.names.lines[state.names.cursor.index];
  if (line?.type !== 'group' || line.isExpanded === isExpanded) return state;
  const { expanded } = state.names;
  const next = isExpanded ? new Set(expanded).add(line.key) : without(expanded, line.key);
  return { ...state, names: { ...state.names, expanded: next } };
}

function withCollapsed(state: State, collapsed: ReadonlySet<string>): State {
  return { ...state, tree: { ...state.tree, collapsed } };
}

function without(keys: ReadonlySet<string>, key: string): ReadonlySet<string> {
  return new Set([...keys].filter((each) => each !== key));
}

function parentIndex(lines: readonly TreeLine[], index: number): number {
  const depth = lines[index]?.depth ?? 0;
  for (let at = index - 1; at >= 0; at -= 1) if ((lines[at]?.depth ?? 0) < depth) return at;
  return index;
}
