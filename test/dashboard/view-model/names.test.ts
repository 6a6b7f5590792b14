import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type ClusterView, emptyViewState, nextViewState } from '../../../src/dashboard/view-model/cluster-view.js';
import { emptyGroupsAfter, MAX_EMPTY_GROUPS } from '../../../src/dashboard/view-model/empty-groups.js';
import { viewChanges, withViewChanges } from '../../../src/dashboard/view-model/feed-protocol.js';
import { describeEntry, linesAbout, severityOf, withEntries } from '../../../src/dashboard/view-model/log-lines.js';
import { membersByNode, type NamesFilter, namesTableOf } from '../../../src/dashboard/view-model/names.js';
import { overview } from '../../../src/dashboard/view-model/overview-text.js';
import type { UnstampedEvent } from '../../../streams/events.js';
import { clusterNames, type LogEntry } from '../../../streams/index.js';
import { server } from '../../helpers/events.js';
import { clusterOf, snapshotNow } from '../../helpers/snapshots.js';

const named = (id: string, name: string): UnstampedEvent => ({ type: 'global_name_registered', id, name });
const joined = (id: string, group: string): UnstampedEvent => ({ type: 'group_joined', id, group });
const left = (id: string, group: string): UnstampedEvent => ({ type: 'group_left', id, group });

const NODE_A = [
  ...server('p1'),
  ...server('p2'),
  named('p1', 'billing'),
  joined('p1', 'workers'),
  joined('p2', 'workers'),
];
const NODE_B = [...server('p1'), named('p1', 'audit'), joined('p1', 'workers'), joined('p1', 'couriers')];

const cluster = (a: readonly UnstampedEvent[], b: readonly UnstampedEvent[] | null, timestamp = 0) => ({
  ...clusterOf({ nodeA: snapshotNow(timestamp, a), nodeB: b && snapshotNow(timestamp, b) }),
  timestamp,
});

const viewOf = (...clusters: readonly ReturnType<typeof cluster>[]): ClusterView =>
  clusters.reduce(nextViewState, emptyViewState).view;

const shown = (view: ClusterView, filter: NamesFilter = {}) => {
  const { names, groups, total, omitted } = namesTableOf(view, filter);
  return {
    names: names.map(({ name, owner }) => `${name}: ${owner.key}`),
    groups: groups.map((group) => `${group.name}: ${membersByNode(group, (nodeId) => nodeId)}`),
    total,
    omitted,
  };
};

describe('the names of a view', () => {
  test('are the global names with their owners, and the groups with the fewest members first', () => {
    expect(shown(viewOf(cluster(NODE_A, NODE_B)))).toEqual({
      names: ['audit: nodeB p1', 'billing: nodeA p1'],
      groups: ['couriers: nodeB 1', 'workers: nodeA 2, nodeB 1'],
      total: 4,
      omitted: 0,
    });
  });

  test('are without those of a node that is not connected', () => {
    expect(shown(viewOf(cluster(NODE_A, null)))).toMatchObject({
      names: ['billing: nodeA p1'],
      groups: ['workers: nodeA 2'],
    });
  });

  test('say since when a process owns a name, on the clock of the dashboard', () => {
    const snapshot = cluster(NODE_A, null, 5000);
    const ahead = { ...snapshot, nodes: snapshot.nodes.map((node) => ({ ...node, lastUpdate: 1000, ageMs: 0 })) };
    const { names } = namesTableOf(viewOf(ahead), {});
    // The name was registered at 1004 on the clock of its node, which is 4000 ms ahead.
    expect(names).toMatchObject([{ name: 'billing', since: 1004 - 4000 }]);
  });

  test('mark a name with two owners, each in a row of its own', () => {
    const both = viewOf(cluster(NODE_A, [...server('p7'), named('p7', 'billing')]));
    expect(namesTableOf(both, {}).names).toMatchObject([
      { name: 'billing', isContested: true },
      { name: 'billing', isContested: true },
    ]);
    expect(new Set(namesTableOf(both, {}).names.map(({ key }) => key)).size).toBe(2);
  });

  test.each([
    ['part of a name', { text: 'BILL' }, ['billing: nodeA p1'], []],
    ['part of a group', { text: 'cour' }, [], ['couriers: nodeB 1']],
    ['a process', { text: 'p2' }, [], ['workers: nodeA 2, nodeB 1']],
    ['several words', { text: 'nodeb audit' }, ['audit: nodeB p1'], []],
    ['a node', { nodeId: 'nodeA' }, ['billing: nodeA p1'], ['workers: nodeA 2, nodeB 1']],
    ['nothing that there is', { text: 'x' }, [], []],
  ] as const)('are filtered by %s', (_, filter, names, groups) => {
    expect(shown(viewOf(cluster(NODE_A, NODE_B)), filter)).toMatchObject({ names, groups, total: 4 });
  });
});

describe('a group without members', () => {
  const emptied = cluster(NODE_A, [...NODE_B, left('p1', 'couriers')], 9000);

  test('is listed first, since it has lost its last member', () => {
    const view = viewOf(cluster(NODE_A, NODE_B), emptied);
    expect(namesTableOf(view, {}).groups).toMatchObject([
      { name: 'couriers', memberCount: 0, emptySince: 9000 },
      { name: 'workers', memberCount: 3 },
    ]);
    expect(namesTableOf(view, { text: 'cour' }).groups).toHaveLength(1);
  });

  test('is listed when the only node with members is lost, and no longer when it has members again', () => {
    const lost = viewOf(cluster(NODE_A, NODE_B), cluster(NODE_A, null, 9000));
    expect(lost.emptyGroups).toEqual([{ name: 'couriers', since: 9000 }]);
    expect(viewOf(cluster(NODE_A, NODE_B), emptied, cluster(NODE_A, NODE_B))).not.toHaveProperty('emptyGroups');
  });

  test('is sent to browsers', () => {
    const view = viewOf(cluster(NODE_A, NODE_B), emptied);
    const changes = JSON.parse(JSON.stringify(viewChanges(undefined, view)));
    const received = withViewChanges({ timestamp: 0, monotonic: 0, nodes: [] }, changes);
    expect(shown(received)).toEqual(shown(view));
  });

  const groups = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd')).map((names) => new Set(names));

  test.prop([fc.array(groups, { minLength: 1 })])('is one that had members once, and has none now', (steps) => {
    const had = new Set<'a' | 'b' | 'c' | 'd'>();
    let before: ReadonlySet<string> = new Set();
    let empty: ReturnType<typeof emptyGroupsAfter> = [];
    steps.forEach((has, at) => {
      empty = emptyGroupsAfter(empty, before, has, at);
      for (const name of has) had.add(name);
      before = has;
      expect(empty.map(({ name }) => name).sort()).toEqual([...had].filter((name) => !has.has(name)).sort());
    });
  });

  test('is forgotten when there are too many', () => {
    const many = new Set(Array.from({ length: MAX_EMPTY_GROUPS + 5 }, (_, at) => `g${at}`));
    const empty = emptyGroupsAfter([], many, new Set(), 1);
    expect(empty).toHaveLength(MAX_EMPTY_GROUPS);
    expect(empty.at(-1)?.name).toBe(`g${MAX_EMPTY_GROUPS + 4}`);
  });
});

test('registrations are sent to browsers only when they have changed', () => {
  const before = viewOf(cluster(NODE_A, NODE_B));
  const handled: UnstampedEvent = { type: 'messages_handled', id: 'p1', calls: 1, casts: 0, infos: 0, queueSize: 0 };
  const sources = [cluster(NODE_A, NODE_B)];
  const [row] = before.nodes[0]?.processes ?? [];
  const busier = {
    ...before,
    nodes: before.nodes.map((node) => ({
      ...node,
      processes: node.processes.map((each) => (each === row ? { ...each, messageCount: 1 } : each)),
    })),
  };
  expect(viewChanges(before, busier).processes[0]?.rows).toHaveLength(1);
  expect(viewChanges(before, busier).processes[0]).not.toHaveProperty('registrations');
  expect(withViewChanges(before, viewChanges(before, busier)).nodes[0]?.processes[0]?.registrations).toBe(
    row?.registrations,
  );
  const without = viewOf(...sources, cluster([...server('p1'), ...server('p2'), handled], NODE_B));
  expect(viewChanges(before, without).processes[0]?.registrations).toEqual([
    ['p1', null],
    ['p2', null],
  ]);
});

describe('the overview', () => {
  test('has the owner of each name and the members of each group, after the nodes', () => {
    const snapshot = cluster(NODE_A, NODE_B);
    const nodes = snapshot.nodes.map(({ nodeId, snapshot }) => ({ nodeId, processes: snapshot?.servers ?? [] }));
    const text = overview({ ...snapshot, names: clusterNames(nodes) });
    expect(text.slice(text.indexOf('Global names:')).split('\n')).toEqual([
      'Global names:',
      '  audit: p1 on nodeB since 1970-01-01T00:00:01.002Z',
      '  billing: p1 on nodeA since 1970-01-01T00:00:01.004Z',
      '',
      'Groups (members by node):',
      '  couriers: 1 (nodeB 1)',
      '  workers: 3 (nodeA 2, nodeB 1)',
      '',
    ]);
  });

  test('says nothing of names where there are none, and what is not listed where there are many', () => {
    const snapshot = clusterOf({ nodeA: snapshotNow(0, server('p1')) });
    expect(overview(snapshot)).not.toMatch(/names|Groups/);
    const groups = Array.from({ length: 103 }, (_, at) => ({ name: `g${at}`, nodes: [], memberCount: 0 }));
    const text = overview({ ...snapshot, names: { globalNames: [], groups, omitted: 7 } });
    expect(text).toContain('  and 3 more\n');
    expect(text).toContain('7 further names and memberships are not reported.');
  });
});

describe('a conflict in the log', () => {
  const conflict = (outcome: 'kept' | 'killed' | 'notified'): LogEntry => ({
    type: 'global_name_conflict',
    nodeId: 'nodeA',
    at: 0,
    id: 'p1',
    name: 'early',
    globalName: 'leader',
    outcome,
    otherId: 'p9',
    otherNodeId: 'nodeB',
  });

  test.each([
    ['kept', 'early (p1) kept the global name leader, which p9 on nodeB lost', 'warn'],
    ['killed', 'early (p1) lost the global name leader to p9 on nodeB, and was killed', 'bad'],
    ['notified', 'early (p1) lost the global name leader to p9 on nodeB, and was notified', 'warn'],
  ] as const)('says who %s what', (outcome, text, severity) => {
    expect(describeEntry(conflict(outcome))).toBe(text);
    expect(severityOf(conflict(outcome))).toBe(severity);
  });

  test('is among the entries about its process', () => {
    expect(linesAbout(withEntries([], [conflict('kept')]), 'nodeA', 'p1')).toHaveLength(1);
  });
});
