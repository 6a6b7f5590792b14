import type { Key } from '../../src/dashboard/terminal/keys.js';
import type { Size } from '../../src/dashboard/terminal/layout.js';
import { reduce } from '../../src/dashboard/terminal/reducer.js';
import { type Event, initialState, type State } from '../../src/dashboard/terminal/state.js';
import type { ClusterView } from '../../src/dashboard/view-model/cluster-view.js';
import { keyOf, type NodeRow, type ProcessRow } from '../../src/dashboard/view-model/view-rows.js';
import type { LogEntry } from '../../streams/index.js';

/** When all of it happens: by either clock, so that one number stands for both. */
export const NOW = 1_750_000_000_000;

function nodeRowOf(nodeId: string, part: Partial<NodeRow> = {}): NodeRow {
  return {
    nodeId,
    status: 'connected',
    heardAt: NOW - 400,
    clockAheadMs: 0,
    monotonicAheadMs: 0,
    processCount: 3,
    serverCount: 2,
    supervisorCount: 1,
    totalMessages: 90,
    totalRestarts: 2,
    queueSize: 4,
    rate: 12.5,
    memory: { heapUsed: 10_000_000, rss: 60_000_000 },
    ...part,
  };
}

export function processOf(nodeId: string, id: string, part: Partial<ProcessRow> = {}): ProcessRow {
  return {
    key: keyOf(nodeId, id),
    nodeId,
    id,
    kind: 'genserver',
    status: 'running',
    queueSize: 0,
    messageCount: 30,
    rate: 1,
    loopBlocks: 0,
    dropped: 0,
    startedAt: NOW - 60_000,
    startedMonotonic: NOW - 60_000,
    ...part,
  };
}

function supervisorOf(nodeId: string, id: string, part: Partial<ProcessRow> = {}): ProcessRow {
  return {
    key: keyOf(nodeId, id),
    nodeId,
    id,
    kind: 'supervisor',
    status: 'running',
    totalRestarts: 2,
    childCount: 2,
    strategy: 'one_for_one',
    startedAt: NOW - 61_000,
    startedMonotonic: NOW - 61_000,
    ...part,
  };
}

/** A node with a supervisor and two workers, `<name>-busy` and `<name>-idle`. */
export function fixture(nodeId: string, part: Partial<NodeRow> = {}): ClusterView['nodes'][number] {
  const [name = ''] = nodeId.split('@');
  const parentKey = keyOf(nodeId, 'p1');
  return {
    node: nodeRowOf(nodeId, part),
    processes: [
      supervisorOf(nodeId, 'p1', { name: `${name}-root` }),
      processOf(nodeId, 'p2', {
        name: `${name}-busy`,
        parentKey,
        queueSize: 4,
        waitP99: 12.3,
        handleP99: 250,
        registrations: { globalNames: [{ name: 'billing', since: NOW - 30_000 }], groups: ['workers'] },
      }),
      processOf(nodeId, 'p3', {
        name: `${name}-idle`,
        parentKey,
        rate: 0,
        registrations: { globalNames: [], groups: ['workers', 'idle'] },
      }),
    ],
  };
}

export const ALPHA = 'alpha@10.0.0.1:4369';
export const BETA = 'beta@10.0.0.2:4369';

/** Two nodes; the second has died. */
export const halfDead: ClusterView = {
  timestamp: NOW,
  monotonic: NOW,
  emptyGroups: [{ name: 'couriers', since: NOW - 5000 }],
  nodes: [
    fixture(ALPHA, {
      vitals: {
        loopUtilization: 0.2,
        loopDelayP50: 1,
        loopDelayP99: 42,
        cpu: 0.31,
        uptimeMs: 90_000,
        observerMsPerSecond: 0.1,
      },
      links: {
        count: 1,
        messagesSentPerSecond: 1200,
        messagesReceivedPerSecond: 7,
        bytesSentPerSecond: 34_816,
        bytesReceivedPerSecond: 512,
        backlogBytes: 512 * 1024,
        reconnects: 2,
        slowest: { nodeId: BETA, roundTripMs: 2.1 },
      },
    }),
    fixture(BETA, { status: 'disconnected', heardAt: NOW - 75_000, error: 'the link is down: no heartbeats arrived' }),
  ],
};

export const happened: readonly LogEntry[] = [
  { type: 'process_started', nodeId: ALPHA, at: NOW - 9000, id: 'p2', name: 'alpha-busy', kind: 'genserver' },
  {
    type: 'process_crashed',
    nodeId: ALPHA,
    at: NOW - 5000,
    id: 'p3',
    name: 'alpha-idle',
    kind: 'genserver',
    error: {
      name: 'TypeError',
      message: 'nothing there',
      stack: 'TypeError: nothing there\n    at work (file.js:1:2)',
    },
  },
  { type: 'loop_blocked', nodeId: ALPHA, at: NOW - 4000, id: 'p2', name: 'alpha-busy', ms: 180 },
  { type: 'node_down', nodeId: BETA, at: NOW - 3000, reason: 'heartbeat_timeout' },
];

export function startedWith(view: ClusterView, size: Size = { columns: 80, rows: 24 }): State {
  const events: readonly Event[] = [
    { type: 'view', view, now: NOW },
    { type: 'log', entries: happened },
  ];
  return events.reduce(reduce, initialState('via alpha@10.0.0.1:4369', size, NOW));
}

/** Presses keys, by name, or letter by letter when it is none: `press(state, 'down', 'enter', '/pay')`. */
export function press(state: State, ...keys: readonly string[]): State {
  return keys.flatMap(keysOf).reduce((after, key) => reduce(after, { type: 'key', key }), state);
}

const NAMES = [
  'up',
  'down',
  'left',
  'right',
  'pageup',
  'pagedown',
  'home',
  'end',
  'enter',
  'escape',
  'tab',
  'backtab',
  'backspace',
  'interrupt',
] as const;

function keysOf(key: string): readonly Key[] {
  const name = NAMES.find((each) => each === key);
  return name === undefined ? [...key].map((text) => ({ name: 'text', text })) : [{ name }];
}
