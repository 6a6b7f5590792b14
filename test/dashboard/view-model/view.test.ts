import { describe, expect, test } from 'vitest';
import {
  addToHistory,
  emptyHistory,
  SPAN_MS,
  STEP_MS,
  seriesOf,
} from '../../../src/dashboard/view-model/chart-history.js';
import {
  type ClusterView,
  emptyViewState,
  nextViewState,
  summaryOf,
} from '../../../src/dashboard/view-model/cluster-view.js';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDate,
  formatMs,
  formatRate,
  formatShare,
  formatShortCount,
  formatTime,
  formatUptime,
} from '../../../src/dashboard/view-model/format.js';
import {
  errorText,
  describeEntry as inWords,
  linesAbout,
  MAX_ENTRIES,
  matches,
  severityOf,
  shorten,
  successorOf,
  withEntries,
} from '../../../src/dashboard/view-model/log-lines.js';
import { filterOf, labelOf } from '../../../src/dashboard/view-model/process-table.js';
import { treeOf } from '../../../src/dashboard/view-model/tree-lines.js';
import type { ProcessRow } from '../../../src/dashboard/view-model/view-rows.js';
import type { UnstampedEvent } from '../../../streams/events.js';
import type { ClusterObserverSnapshot, LogEntry, ObserverSnapshot } from '../../../streams/index.js';
import { crash } from '../../helpers/cluster-source.js';
import { server, supervisor } from '../../helpers/events.js';
import { clusterOf, nodeAt, snapshotNow } from '../../helpers/snapshots.js';

function seen(...snapshots: readonly ClusterObserverSnapshot[]): ClusterView {
  return snapshots.reduce(nextViewState, emptyViewState).view;
}

/** The cluster of one node at that moment. */
function at(timestamp: number, snapshot: ObserverSnapshot = nodeAt(timestamp, { p1: {} })): ClusterObserverSnapshot {
  return { ...clusterOf({ a: snapshot }), timestamp, monotonic: timestamp };
}

describe('a view', () => {
  test('has rates from the second snapshot of a node on', () => {
    const first = at(0, nodeAt(0, { p1: { messages: 10 }, p2: {} }));
    const second = at(2000, nodeAt(2000, { p1: { messages: 40 }, p2: {} }));
    expect(seen(first).nodes[0]?.node.rate).toBeUndefined();
    expect(seen(first).nodes[0]?.processes[0]).not.toHaveProperty('rate');
    const { node, processes } = seen(first, second).nodes[0] ?? {};
    expect([node?.rate, processes?.map(({ rate }) => rate)]).toEqual([15, [15, 0]]);
  });

  test('shows a dead node as it was last seen, without what it does', () => {
    const alive = nodeAt(1000, { p1: { messages: 10, queue: 3 } });
    const dead = clusterOf({ a: null });
    const lost = {
      ...dead,
      nodes: dead.nodes.map((node) => ({ ...node, lastUpdate: 1000, ageMs: 1000, lastSnapshot: alive, error: 'gone' })),
    };
    const { node, processes } = seen(at(0), at(1000, alive), lost).nodes[0] ?? {};
    expect(node).toMatchObject({
      status: 'disconnected',
      error: 'gone',
      heardAt: -1000,
      processCount: 1,
      queueSize: 3,
    });
    expect(node).not.toHaveProperty('rate');
    expect(processes).toMatchObject([{ id: 'p1', messageCount: 10, queueSize: 3 }]);
    expect(summaryOf(seen(at(0), lost))).toMatchObject({ nodes: 1, connected: 0, processes: 0, queue: 0 });
  });

  test('is as old as the oldest node that is connected, and without one as what was heard last', () => {
    const cluster = clusterOf({ a: nodeAt(0, {}), b: nodeAt(0, {}), c: null, d: null, e: null });
    const heardAt = (updates: readonly number[], dead = ''): number | undefined => {
      const nodes = cluster.nodes.map((node, index) => ({
        ...node,
        ...(updates[index] !== undefined && { ageMs: 10_000 - updates[index] }),
        ...(dead.includes(node.nodeId) && { status: 'disconnected' as const, snapshot: null }),
      }));
      return summaryOf(seen({ ...cluster, monotonic: 10_000, nodes })).oldestHeardAt;
    };
    expect(heardAt([5000, 4000, 3000])).toBe(4000);
    expect(heardAt([5000, 4000, 3000], 'ab')).toBe(5000);
    expect(heardAt([], 'ab')).toBeUndefined();
  });

  test('has the percentiles of a process that was measured, and none of one that was not', () => {
    const [slow, idle] =
      seen(at(0, nodeAt(0, { p1: { messages: 1, latency: [4, 8] }, p2: {} }))).nodes[0]?.processes ?? [];
    expect(slow?.waitP99).toBeCloseTo(4, 0);
    expect(slow?.handleP99).toBeCloseTo(8, 0);
    expect(idle).not.toHaveProperty('waitP99');
  });
});

describe('the history', () => {
  test('has a point every two seconds, for ten minutes', () => {
    let history = emptyHistory;
    for (let ms = 0; ms <= 2 * SPAN_MS; ms += 500) history = addToHistory(history, seen(at(ms)));
    expect(history.times).toHaveLength(SPAN_MS / STEP_MS);
    expect(history.times.at(-1)).toBe(2 * SPAN_MS);
    expect(history.times.slice(1).every((time, index) => time - (history.times[index] ?? 0) === STEP_MS)).toBe(true);
    expect(addToHistory(history, seen(at(2 * SPAN_MS + 1)))).toEqual(history);
  });

  test('keeps the peak of what comes between two points', () => {
    const queued = (ms: number, queue: number) => seen(at(ms, nodeAt(ms, { p1: { queue } })));
    let history = addToHistory(emptyHistory, queued(0, 1));
    for (const [ms, queue] of [
      [500, 9],
      [1000, 2],
      [2000, 3],
      [2500, 1],
    ] as const) {
      history = addToHistory(history, queued(ms, queue));
    }
    expect(seriesOf(history, 'a', 'queue')).toEqual([9, 3]);
  });

  test.each([-3_600_000, 3_600_000])('keeps its points, moved along, when the clock is set by %i ms', (step) => {
    const stepped = (ms: number): ClusterObserverSnapshot => ({ ...at(ms), timestamp: ms + step });
    let history = emptyHistory;
    for (const ms of [10_000, 20_000, 30_000]) history = addToHistory(history, seen(at(ms)));
    for (const ms of [30_500, 32_000]) history = addToHistory(history, seen(stepped(ms)));
    expect(history.times).toEqual([10_000, 20_000, 30_000, 32_000].map((ms) => ms + step));
    expect(history.nodes['a']).toHaveLength(4);
  });

  test('has a gap where a node was not connected, and forgets one of which nothing is left', () => {
    const gone = (ms: number) => ({ ...clusterOf({ a: null, b: nodeAt(ms, {}) }), timestamp: ms, monotonic: ms });
    let history = addToHistory(emptyHistory, seen(at(0)));
    history = addToHistory(history, seen(gone(5000)));
    history = addToHistory(history, seen(at(10_000)));
    expect(seriesOf(history, 'a', 'queue')).toEqual([0, null, 0]);
    expect(seriesOf(history, 'b', 'queue')).toEqual([null, 0, null]);
    history = addToHistory(history, seen(gone(10_000 + SPAN_MS)));
    expect(Object.keys(history.nodes)).toEqual(['b']);
    expect(seriesOf(history, 'a', 'queue')).toEqual([]);
  });
});

describe('the log', () => {
  test('numbers its lines and keeps the newest', () => {
    let log = withEntries([], [crash('p1', 1)]);
    log = withEntries(
      log,
      Array.from({ length: 2 * MAX_ENTRIES }, (_each, index) => crash(`p${index}`, index)),
    );
    expect(log).toHaveLength(MAX_ENTRIES);
    expect([log[0]?.number, log.at(-1)?.number]).toEqual([MAX_ENTRIES + 2, 2 * MAX_ENTRIES + 1]);
  });

  const restart: LogEntry = {
    type: 'child_restarted',
    nodeId: 'a',
    at: 1,
    id: 'p9',
    name: 'worker',
    kind: 'genserver',
    supervisorId: 'p1',
    childId: 'w',
    oldId: 'p5',
    attempt: 2,
  };

  test.each<[LogEntry, string, string]>([
    [crash('p1', 1), 'bad', 'genserver p1 crashed: Error: boom'],
    [restart, 'good', 'worker restarted as p9 (was p5, attempt 2)'],
    [
      { type: 'loop_blocked', nodeId: 'a', at: 1, id: 'p1', ms: 120.4, messageType: 'sum' },
      'warn',
      'p1 blocked the event loop for 120 ms handling sum',
    ],
    [
      {
        type: 'child_restart_failed',
        ...{ nodeId: 'a', at: 1, id: 'p5', supervisorId: 'p1', childId: 'w', attempt: 2 },
        error: { name: 'Error', message: 'refused' },
      },
      'bad',
      'w failed to restart (was p5, attempt 2): Error: refused',
    ],
    [
      {
        type: 'supervisor_gave_up',
        ...{ nodeId: 'a', at: 1, id: 'p1', name: 'top', maxRestarts: 3, withinMs: 5000, childId: 'w' },
        error: { name: 'Error', message: 'boom' },
      },
      'bad',
      'supervisor top (p1) gave up after 3 restarts within 5000 ms, last child w: Error: boom',
    ],
    [
      { type: 'process_exited', nodeId: 'a', at: 1, id: 'p1', kind: 'supervisor', reason: 'normal' },
      'plain',
      'supervisor p1 exited: normal',
    ],
    [{ type: 'node_down', nodeId: 'b', at: 1, reason: 'heartbeat_timeout' }, 'bad', 'node down: no heartbeats arrived'],
    [{ type: 'node_down', nodeId: 'b', at: 1, reason: 'graceful_shutdown' }, 'plain', 'node down: it left the cluster'],
    [{ type: 'missed', nodeId: 'b', at: 1, count: 7 }, 'warn', '7 entries are missing here'],
  ])('says %# in words', (entry, severity, words) => {
    expect([severityOf(entry), inWords(entry)]).toEqual([severity, words]);
  });

  test('is short where there are many lines', () => {
    expect(shorten('a'.repeat(300))).toBe('a'.repeat(300));
    expect(shorten('a'.repeat(20_000))).toBe(`${'a'.repeat(300)}…`);
  });

  test('is searched by words in any order and case', () => {
    expect(matches(crash('p1', 1), 'BOOM p1')).toBe(true);
    expect(matches(crash('p1', 1), '')).toBe(true);
    expect(matches(crash('p1', 1), 'boom p2')).toBe(false);
  });

  test('knows what happened to a process, and to those in whose place it came', () => {
    const earlier: LogEntry = { ...restart, id: 'p5', oldId: 'p3' };
    const elsewhere: LogEntry = { ...crash('p3', 1), nodeId: 'b' };
    const log = withEntries([], [crash('p3', 1), earlier, crash('p5', 1), restart, crash('p2', 1), elsewhere]);
    const numbersAbout = (id: string): readonly number[] => linesAbout(log, 'a', id).map(({ number }) => number);
    expect(numbersAbout('p9')).toEqual([1, 2, 3, 4]);
    expect(numbersAbout('p5')).toEqual([1, 2, 3, 4]);
    expect(numbersAbout('p3')).toEqual([1, 2]);
    expect(numbersAbout('p1')).toEqual([2, 4]);
    expect(linesAbout(log, 'b', 'p9')).toEqual([]);
    expect(linesAbout(withEntries([], [{ type: 'node_up', nodeId: 'a', at: 1 }]), 'a', 'p9')).toEqual([]);
  });

  test('leads from a process to the last one that took its place, on its node', () => {
    const restarted = (oldId: string, id: string, nodeId = 'a'): LogEntry => ({
      type: 'child_restarted',
      nodeId,
      kind: 'genserver',
      at: 1,
      id,
      oldId,
      childId: 'worker',
      supervisorId: 's',
      attempt: 1,
    });
    const log = withEntries(
      [],
      [restarted('p1', 'p2'), restarted('p1', 'p7', 'b'), restarted('p2', 'p3'), restarted('p8', 'p9')],
    );
    expect(['p1', 'p2', 'p3', 'p8'].map((id) => successorOf(log, 'a', id))).toEqual(['p3', 'p3', undefined, 'p9']);
    expect(successorOf(log, 'b', 'p1')).toBe('p7');
  });
});

describe('a process', () => {
  const [plain] = seen(at(0)).nodes[0]?.processes ?? [];
  if (plain === undefined) throw new Error('there is one');
  const row: ProcessRow = { ...plain, name: 'web-server' };

  test('is found by its kind, said in full', () => {
    const finds = (text: string, kind: ProcessRow['kind']): boolean => filterOf({ text })({ ...row, kind });
    expect([finds('Supervisor', 'supervisor'), finds('supervisor', 'genserver')]).toEqual([true, false]);
    expect([finds('genserver web', 'genserver'), finds('genserver web', 'supervisor')]).toEqual([true, false]);
    expect(filterOf({ text: 'server' })({ ...row, name: 'cart' })).toBe(false);
  });

  test('is called by its id when its name cannot be seen', () => {
    const named = snapshotNow(0, [...server('p7'), { type: 'name_registered', name: ' \t', id: 'p7' }]);
    expect(named.servers).toMatchObject([{ name: ' \t' }]);
    const [blank] = seen(at(0, named)).nodes[0]?.processes ?? [];
    expect(blank && labelOf(blank)).toBe('p7');
  });

  test('is called by its id and that of its child spec when it has no name, and found by either', () => {
    const child: UnstampedEvent = { type: 'child_started', supervisorId: 's', childId: 'session-42', id: 'p7' };
    const anonymous = snapshotNow(0, [...supervisor('s'), ...server('p7'), child]);
    const row = seen(at(0, anonymous)).nodes[0]?.processes.find(({ id }) => id === 'p7');
    expect(row && labelOf(row)).toBe('p7 session-42');
    expect(row && [filterOf({ text: 'SESSION p7' })(row), filterOf({ text: 'session-43' })(row)]).toEqual([
      true,
      false,
    ]);
    const name: UnstampedEvent = { type: 'name_registered', name: 'cart', id: 'p7' };
    const named = seen(at(0, snapshotNow(0, [...supervisor('s'), ...server('p7'), child, name]))).nodes[0]?.processes;
    expect(named?.map(labelOf)).toContain('cart');
  });
});

describe('the tree', () => {
  test('leaves out no process that a wrong report put into a ring', () => {
    const { node, processes: [row] = [] } = seen(at(0)).nodes[0] ?? {};
    if (node === undefined || row === undefined) throw new Error('there is one');
    const below = (id: string, parent?: string): ProcessRow => ({
      ...row,
      key: `a ${id}`,
      id,
      ...(parent !== undefined && { parentKey: `a ${parent}` }),
    });
    const processes = [below('p1', 'p2'), below('p2', 'p1'), below('p3', 'p2'), below('p4', 'p4'), below('p5', 'gone')];
    const lines = treeOf({ timestamp: 0, monotonic: 0, nodes: [{ node, processes }] }, new Set());
    expect(lines.map(({ key, depth }) => `${depth} ${key}`)).toEqual([
      '0 a',
      '1 a p2',
      '2 a p1',
      '2 a p3',
      '1 a p4',
      '1 a p5',
    ]);
  });
});

describe('figures', () => {
  test('have the day and the time of the same place', () => {
    for (const hours of [0, 23]) {
      const at = new Date(2026, 0, 5, hours, 30).getTime();
      expect(`${formatDate(at)} ${formatTime(at)}`).toBe(`2026-01-05 ${hours === 0 ? '00' : '23'}:30:00`);
    }
  });

  test('are short, and exact where it matters', () => {
    expect([undefined, 0, 1234567].map(formatCount)).toEqual(['–', '0', '1,234,567']);
    const short = [undefined, 0, 99_999, 100_000, 279_477, 1_234_567, 12_345_678, 2 ** 53 - 1].map(formatShortCount);
    expect(short).toEqual(['–', '0', '99,999', '100 k', '279 k', '1.23 M', '12.3 M', '9007 T']);
    expect(Math.max(...short.map((text) => text.length))).toBe(6);
    expect([0, 0.034, 3.14, 99, 999, 999.6, 12_345, 3_400_000].map(formatRate)).toEqual([
      '0',
      '0.03',
      '3.1',
      '99',
      '999',
      '1.00 k',
      '12.3 k',
      '3.40 M',
    ]);
    expect([0, 0.034, 0.9999, 3.14, 9999, 12_000].map(formatMs)).toEqual([
      '0 ms',
      '34 µs',
      '1.0 ms',
      '3.1 ms',
      '9,999 ms',
      '12.0 s',
    ]);
    expect([0, 1023, 1024, 52_428_800].map(formatBytes)).toEqual(['0 B', '1023 B', '1.00 kB', '50.0 MB']);
    expect([0, 0.034, 0.5, 1.2].map(formatShare)).toEqual(['0.0 %', '3.4 %', '50 %', '120 %']);
    expect([-5, 59_999, 61_000, 3_660_000, 90_000_000].map(formatUptime)).toEqual([
      '0s',
      '59s',
      '1m 1s',
      '1h 1m',
      '1d 1h',
    ]);
    expect([-1, 1234, 61_000].map(formatAge)).toEqual(['0.0 s', '1.2 s', '1m 1s']);
  });
});

describe('an error of the log', () => {
  test('shows what is underneath it', () => {
    const cause = {
      name: 'Error',
      message: 'connect refused',
      code: 'ECONNREFUSED',
      stack: 'Error: connect refused\n  at x',
    };
    const value = { name: 'Value', message: '{ status: 503 }' };
    expect(errorText({ name: 'TypeError', message: 'no pool', cause: { ...cause, cause: value } })).toBe(
      'TypeError: no pool\ncause: Error: connect refused\n  at x\n(code ECONNREFUSED)\ncause: { status: 503 }',
    );
    expect(errorText({ name: 'AggregateError', message: 'all', errors: [cause] })).toBe(
      'AggregateError: all\n- Error: connect refused\n  at x\n(code ECONNREFUSED)',
    );
  });
});
