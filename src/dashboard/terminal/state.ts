import type { LogEntry } from '../../../streams/index.js';
import type { ClusterView } from '../view-model/cluster-view.js';
import { emptyHistory, type History } from '../view-model/history.js';
import type { Log, LogLine } from '../view-model/log.js';
import type { ProcessRow } from '../view-model/rows.js';
import type { Filter, Sorting } from '../view-model/table.js';
import type { TreeLine } from '../view-model/tree.js';
import type { Key } from './keys.js';
import type { Size } from './layout.js';
import { type Cursor, initialCursor } from './list-cursor.js';

export const VIEWS = ['processes', 'nodes', 'tree', 'log'] as const;
export type View = (typeof VIEWS)[number];

/** What is known of the cluster at one moment. */
export interface Seen {
  readonly view: ClusterView;
  readonly history: History;
  readonly log: Log;
}

/** Something opened on top of a view. */
export type Overlay =
  /** `row`: as it was last seen. The cursor is on its relatives. */
  | { readonly type: 'process'; readonly row: ProcessRow; readonly isGone: boolean; readonly cursor: Cursor }
  /** Lines above the first on the screen. */
  | { readonly type: 'entry'; readonly line: LogLine; readonly top: number };

/** All that is on the screen follows from this. */
export interface State {
  readonly title: string;
  readonly size: Size;
  /** ms of the monotonic clock that views are read by */
  readonly now: number;
  readonly live: Seen;
  /** What is shown: the live data, or, while paused, the data at the pause. */
  readonly shown: Seen;
  /** The number of updates since the pause. */
  readonly paused?: { readonly updates: number; readonly entries: number };
  /** The source has ended. */
  readonly hasEnded: boolean;
  readonly view: View;
  /** The filter of the view is being typed. */
  readonly isTyping: boolean;
  readonly isHelpOpen: boolean;
  /** The last is on top. */
  readonly overlays: readonly Overlay[];
  readonly processes: {
    /** Of the tree, too. */
    readonly filter: Filter;
    readonly sorting: Sorting;
    readonly cursor: Cursor;
    readonly rows: readonly ProcessRow[];
  };
  readonly nodes: { readonly cursor: Cursor };
  readonly tree: {
    readonly collapsed: ReadonlySet<string>;
    readonly cursor: Cursor;
    readonly lines: readonly TreeLine[];
  };
  readonly log: {
    readonly filter: string;
    readonly cursor: Cursor;
    readonly lines: Log;
    /** The number of the last entry before these. */
    readonly read: number;
  };
  /** The user quits. */
  readonly isOver: boolean;
}

export type Event =
  | { readonly type: 'view'; readonly view: ClusterView; readonly now: number }
  | { readonly type: 'log'; readonly entries: readonly LogEntry[] }
  | { readonly type: 'tick'; readonly now: number }
  | { readonly type: 'resize'; readonly size: Size }
  | { readonly type: 'ended' }
  | { readonly type: 'key'; readonly key: Key };

const nothing: Seen = { view: { timestamp: 0, monotonic: 0, nodes: [] }, history: emptyHistory, log: [] };

export function initialState(title: string, size: Size, now: number): State {
  return {
    title,
    size,
    now,
    live: nothing,
    shown: nothing,
    hasEnded: false,
    view: 'processes',
    isTyping: false,
    isHelpOpen: false,
    overlays: [],
    processes: {
      filter: {},
      sorting: { column: 'queueSize', direction: 'descending' },
      cursor: initialCursor,
      rows: [],
    },
    nodes: { cursor: initialCursor },
    tree: { collapsed: new Set(), cursor: initialCursor, lines: [] },
    log: { filter: '', cursor: initialCursor, lines: [], read: 0 },
    isOver: false,
  };
}
