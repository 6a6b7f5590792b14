import type { LogEntry, NodeLink } from '../../../streams/index.js';
import { emptyHistory, type History } from '../view-model/chart-history.js';
import type { ClusterView } from '../view-model/cluster-view.js';
import type { Log, LogLine } from '../view-model/log-lines.js';
import type { Filter, Sorting } from '../view-model/process-table.js';
import type { TreeLine } from '../view-model/tree-lines.js';
import type { ProcessRow } from '../view-model/view-rows.js';
import type { Key } from './keys.js';
import type { Size } from './layout.js';
import { type Cursor, initialCursor } from './list-cursor.js';
import type { NamesLine } from './names-lines.js';

export const VIEWS = ['processes', 'nodes', 'tree', 'log', 'names'] as const;
export type View = (typeof VIEWS)[number];

/** The data of the cluster at one moment. */
export interface ClusterData {
  readonly view: ClusterView;
  readonly history: History;
  readonly log: Log;
}

/**
 * The details of a process, of a log entry or of the links of a node. An overlay covers the view from which the user
 * opened it.
 */
export type Overlay =
  | {
      readonly type: 'process';
      /** The last known state of the process. */
      readonly row: ProcessRow;
      /** Whether the data on the screen no longer contains the process. */
      readonly isGone: boolean;
      /** The position in the list of the process's supervisor and children. */
      readonly cursor: Cursor;
    }
  | {
      readonly type: 'entry';
      readonly line: LogLine;
      /** The number of lines that are scrolled out at the top. */
      readonly top: number;
    }
  | {
      readonly type: 'links';
      readonly nodeId: string;
      /** The links, the slowest link first. Absent: the links have not arrived. */
      readonly links?: readonly NodeLink[];
      /** Why the links could not be fetched, as text for the user. Shown only while there are no links. */
      readonly problem?: string;
      /** The number of lines that are scrolled out at the top. */
      readonly top: number;
    };

/** The state of the terminal dashboard. The screen depends on this state only. */
export interface State {
  readonly title: string;
  readonly size: Size;
  /** The current time, ms of the dashboard's monotonic clock, as in `ClusterView.monotonic`. */
  readonly now: number;
  readonly live: ClusterData;
  /** The data on the screen: the live data or, while paused, the data at the start of the pause. */
  readonly shown: ClusterData;
  /**
   * The numbers of views and of log entries that have arrived during the pause. Absent: the dashboard is not paused.
   */
  readonly paused?: { readonly updates: number; readonly entries: number };
  /** Whether the source has ended, so that no more data arrives. */
  readonly hasEnded: boolean;
  readonly view: View;
  /** Whether the user is typing into the filter of the view. */
  readonly isTypingFilter: boolean;
  readonly isHelpOpen: boolean;
  /** The open overlays; the last one is on top. */
  readonly overlays: readonly Overlay[];
  readonly processes: {
    /** The filter of the process table, of the tree, and of the names. */
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
    /** The number of the newest log line when the user last viewed the log. Errors with a higher number are unread. */
    readonly readUpTo: number;
  };
  readonly names: {
    /** The keys of the groups whose members are listed. */
    readonly expanded: ReadonlySet<string>;
    readonly cursor: Cursor;
    readonly lines: readonly NamesLine[];
    /** The number of names and groups without the filter. */
    readonly total: number;
  };
  /** Whether the user has quit the dashboard. */
  readonly hasQuit: boolean;
}

export type Event =
  | { readonly type: 'view'; readonly view: ClusterView; readonly now: number }
  | { readonly type: 'log'; readonly entries: readonly LogEntry[] }
  | { readonly type: 'tick'; readonly now: number }
  | { readonly type: 'resize'; readonly size: Size }
  | {
      readonly type: 'links';
      readonly nodeId: string;
      readonly links?: readonly NodeLink[];
      readonly problem?: string;
    }
  | { readonly type: 'ended' }
  | { readonly type: 'key'; readonly key: Key };

const emptyData: ClusterData = { view: { timestamp: 0, monotonic: 0, nodes: [] }, history: emptyHistory, log: [] };

export function initialState(title: string, size: Size, now: number): State {
  return {
    title,
    size,
    now,
    live: emptyData,
    shown: emptyData,
    hasEnded: false,
    view: 'processes',
    isTypingFilter: false,
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
    log: { filter: '', cursor: initialCursor, lines: [], readUpTo: 0 },
    names: { expanded: new Set(), cursor: initialCursor, lines: [], total: 0 },
    hasQuit: false,
  };
}
