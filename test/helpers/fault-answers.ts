import type { ClusterConfig } from '../../src/cluster/cluster-config.js';
import type { ClusterObserverHealth } from '../../src/observer/cluster-observer-api.js';
import type { ProcessRef } from '../../src/process/process-refs.js';

export type Counts = Readonly<Record<string, number>>;

interface Row {
  readonly status: string;
  /** Of the processes that count for themselves. */
  readonly rows: Counts | null;
  /** Which version of the node it is, and all of its counts in short. */
  readonly version?: number;
  readonly whole?: string;
}

type Rows = Readonly<Record<string, Row>>;

export interface View {
  /** As the membership has them. */
  readonly nodes: Readonly<Record<string, string>>;
  /** What the nodes answer, and the events they send. */
  readonly asked: Rows;
  readonly shown: Rows | undefined;
  /** What the processes of this node counted themselves. */
  readonly handled: Counts;
}

/** What the messages of one node to one other have come to, since it sends to it. */
export interface PeerReport {
  readonly replies: number;
  readonly openMonitors: number;
  /** Of monitors, by reason. */
  readonly notices: Counts;
  /** Calls that were rejected: by code, and whether they may have been handled. */
  readonly failures: Counts;
}

/** What the messages of one node have come to. */
export interface MessageReport {
  /** Broken promises, in words. */
  readonly problems: readonly string[];
  readonly sent: number;
  readonly replies: number;
  /** How long the slowest call was open, ms. */
  readonly longestCallMs: number;
  readonly handled: readonly string[];
  /** Messages that noex said were not handled. */
  readonly notHandled: readonly string[];
  readonly overdue: number;
  readonly openCalls: number;
  readonly openMonitors: number;
}

export interface Answers {
  start: (config: ClusterConfig) => string;
  attach: (to: {
    readonly addresses: readonly string[];
    readonly observerSecret: ClusterConfig['observerSecret'];
  }) => string;
  watch: () => void;
  probe: (isOn: boolean) => void;
  /** Asks each node, for that long at most, ms. */
  view: (timeoutMs?: number) => View;
  /** As in the view; no node is asked for it. */
  nodes: () => View['nodes'];
  shown: () => Rows | undefined;
  /** All of its own counts in short, as they were at these versions; `null` where that is too long ago. */
  past: (versions: readonly number[]) => readonly (string | null)[];
  counted: () => Counts;
  health: () => ClusterObserverHealth;
  open: () => readonly number[];
  errors: () => readonly string[];
  /** Messages handled by all processes that count for themselves, and errors reported by code, since the start. */
  totals: () => { readonly handled: number; readonly errors: Counts };
  cast: (count: number) => void;
  castTo: (name: string) => void;
  crash: (name: string) => void;
  startWorkers: (count: number) => void;
  stopWorker: (name: string) => void;
  block: (ms: number) => void;
  setClock: (aheadMs: number) => void;
  /** The process that others send to. */
  target: () => ProcessRef;
  /** As `messages`; what has been reported is forgotten. */
  takeMessages: () => MessageReport;
  /** Casts and calls to these all the time, and monitors them. `roundMs`: between two messages to each. Default 5. */
  sendTo: (refs: readonly ProcessRef[], roundMs?: number) => void;
  stopSending: () => void;
  endTarget: () => void;
  messages: () => MessageReport;
  /** By the life of the other node. */
  peers: () => Readonly<Record<string, PeerReport>>;
  /** What {@link askAbout} asks. */
  distribution: (request: readonly [method: string, argument: unknown]) => unknown;
  resources: () => readonly string[];
  memory: () => { readonly heapUsed: number; readonly rss: number };
  /** To other nodes, in all. */
  sent: () => { readonly messages: number; readonly bytes: number };
  shutdown: () => void;
}
