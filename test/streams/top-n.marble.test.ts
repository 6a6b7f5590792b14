import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type TopRow, topN, topOf } from '../../streams/top-n.js';
import { server, supervisor } from '../helpers/events.js';
import { marbles } from '../helpers/marbles.js';
import { clusterOf, nodeAt, snapshotNow } from '../helpers/snapshots.js';

const brief = (rows: readonly TopRow[]) =>
  rows.map(({ nodeId, id, value }) => [...(nodeId ? [nodeId] : []), id, value]);

describe('topOf', () => {
  const node = nodeAt(0, {
    p1: { queue: 5, latency: [1, 8] },
    p2: { queue: 0 },
    p3: { queue: 9, latency: [2, 4] },
    p4: { queue: 7, latency: [4, 0] },
  });

  test('has those with the most, most first, and none with nothing', () => {
    expect(brief(topOf(node, 2, 'queue'))).toEqual([
      ['p3', 9],
      ['p4', 7],
    ]);
    expect(brief(topOf(node, 10, 'wait_p99'))).toEqual([
      ['p4', 4],
      ['p3', 2],
      ['p1', 1],
    ]);
    expect(brief(topOf(node, 10, 'handle_p99'))).toEqual([
      ['p1', 8],
      ['p3', 4],
    ]);
    expect(topOf(node, 0, 'queue')).toEqual([]);
  });

  test('has the row itself, and the name', () => {
    const named = snapshotNow(0, [
      ...supervisor('p1'),
      { type: 'name_registered', name: 'top', id: 'p1' },
      {
        type: 'child_restarted',
        supervisorId: 'p1',
        childId: 'c',
        oldId: 'x',
        newId: 'y',
        kind: 'genserver',
        attempt: 1,
      },
    ]);
    const [row] = topOf(named, 1, 'restarts');
    expect(row).toMatchObject({ id: 'p1', name: 'top', value: 1 });
    expect(row?.stats).toBe(named.supervisors[0]);
  });

  test('ranks by every count of a server', () => {
    const rejected = { type: 'messages_handled', calls: 0, casts: 0, infos: 0, queueSize: 9, rejected: 4 } as const;
    const busy = snapshotNow(0, [...server('p1'), ...server('p2'), { ...rejected, id: 'p2' }]);
    expect(topOf(busy, 3, 'rejected')).toMatchObject([{ id: 'p2', value: 4 }]);
  });

  test('of a cluster looks at all nodes that are connected, and says which one it was', () => {
    const cluster = clusterOf({ a: nodeAt(0, { p1: { queue: 1 } }), b: node, c: null });
    expect(brief(topOf(cluster, 2, 'queue'))).toEqual([
      ['b', 'p3', 9],
      ['b', 'p4', 7],
    ]);
  });

  property.prop([fc.array(fc.nat(20), { maxLength: 60 }), fc.nat(12)])(
    'has what sorting all would have put first, in that order',
    (queues, n) => {
      const rows = queues.map((queue, at) => [`p${at}`, { queue }] as const);
      const sorted = rows
        .filter(([, { queue }]) => queue > 0)
        .toSorted(([, a], [, b]) => b.queue - a.queue)
        .slice(0, n);
      expect(brief(topOf(nodeAt(0, Object.fromEntries(rows)), n, 'queue'))).toEqual(
        sorted.map(([id, { queue }]) => [id, queue]),
      );
    },
  );
});

describe('topN', () => {
  test('has at each snapshot which processes stand out', () => {
    marbles(({ cold, expectObservable }) => {
      const [a, b] = [nodeAt(0, { p1: { queue: 1 }, p2: {} }), nodeAt(1, { p1: {}, p2: { queue: 3 } })];
      const row = (id: string, value: number, snapshot: typeof a, at: number) => [
        { id, value, stats: snapshot.servers[at] },
      ];
      expectObservable(cold('a-b|', { a, b }).pipe(topN(1, 'queue'))).toBe('a-b|', {
        a: row('p1', 1, a, 0),
        b: row('p2', 3, b, 1),
      });
    });
  });

  test('by rate has rows from the second snapshot on', () => {
    marbles(({ cold, expectObservable }) => {
      const a = clusterOf({ n: nodeAt(0, { p1: {}, p2: { messages: 50 } }) });
      const after = nodeAt(2000, { p1: { messages: 8 }, p2: { messages: 52 } });
      const b = clusterOf({ n: after });
      expectObservable(cold('ab', { a, b }).pipe(topN(5, 'rate'))).toBe('ab', {
        a: [],
        b: [
          { nodeId: 'n', id: 'p1', value: 4, stats: after.servers[0] },
          { nodeId: 'n', id: 'p2', value: 1, stats: after.servers[1] },
        ],
      });
    });
  });
});
