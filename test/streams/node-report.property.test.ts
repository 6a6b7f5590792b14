import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { clusterSnapshot } from '../../streams/merge-nodes.js';
import { applyChanges, changesSince, pageOf } from '../../streams/model-changes.js';
import type { NodeLinks } from '../../streams/node-links.js';
import { emptyModel, evolve, evolveAll, type NodeModel } from '../../streams/node-model.js';
import { createNodeState, decodeReport, encodeReport, monotonicOf, type NodeState } from '../../streams/node-report.js';
import { emptyNodeStates, type NodeStates, withNodeState } from '../../streams/node-states.js';
import { MAX_PROCESS_NAME, type ServerColumns } from '../../streams/row-encoding.js';
import { OPTIONAL_COUNTS } from '../../streams/server-counts.js';
import type { NodeVitals } from '../../streams/snapshot.js';
import { anyEvent, rowsOf, server, stamped, supervisor } from '../helpers/events.js';

/** Those that every version sends which sends any. */
const LINK_FIGURES = [
  'count',
  'messagesSentPerSecond',
  'messagesReceivedPerSecond',
  'bytesSentPerSecond',
  'bytesReceivedPerSecond',
  'backlogBytes',
  'reconnects',
] as const satisfies readonly (keyof NodeLinks)[];

const MEMORY = { heapUsed: 1, heapTotal: 2, external: 3, rss: 4 };
const now = (): number => 5000;
const moment = (at: number) => ({ timestamp: at, monotonic: at });

/** All models that a node went through, the first one first. */
const history: fc.Arbitrary<readonly NodeModel[]> = fc.array(anyEvent, { maxLength: 30 }).map((events) => {
  const models = [emptyModel(now)];
  for (const event of events) models.push(evolve(models.at(-1) ?? emptyModel(now), event));
  return models;
});

/** What some nodes, over some of their lives, reported. */
const frames: fc.Arbitrary<readonly NodeState[]> = fc
  .array(fc.record({ nodeId: fc.constantFrom('a', 'b', 'c'), incarnation: fc.nat(2), models: history }), {
    maxLength: 5,
  })
  .map((lives) =>
    lives.flatMap(({ nodeId, incarnation, models }) =>
      models.map((model, at) =>
        createNodeState(nodeId, { incarnation, timestamp: at, memory: MEMORY }, model, moment(at)),
      ),
    ),
  );

function newest(merged: NodeStates): readonly object[] {
  return [...merged.values()]
    .map(({ nodeId, incarnation, version, snapshot }) => ({ nodeId, incarnation, version, at: snapshot.timestamp }))
    .sort((x, y) => (x.nodeId < y.nodeId ? -1 : 1));
}

describe('merging frames', () => {
  test.prop([
    frames.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length, maxLength: 2 * all.length }),
      ),
    ),
  ])('gives the same in whatever order they come, and however often', ([all, shuffled]) => {
    const inOrder = all.reduce((states, state) => withNodeState(states, state), emptyNodeStates);
    const anyhow = shuffled.reduce((states, state) => withNodeState(states, state), emptyNodeStates);
    expect(newest(anyhow)).toEqual(newest(inOrder));
  });

  test.prop([frames])('keeps the newest version of the newest life of each node', (all) => {
    for (const [nodeId, held] of all.reduce((states, state) => withNodeState(states, state), emptyNodeStates)) {
      for (const frame of all.filter((other) => other.nodeId === nodeId)) {
        expect(frame.incarnation).toBeLessThanOrEqual(held.incarnation);
        if (frame.incarnation === held.incarnation) expect(frame.version).toBeLessThanOrEqual(held.version);
      }
    }
  });

  test.prop([
    frames,
    fc.array(fc.constantFrom('connected', 'disconnected', 'timeout', 'error'), { minLength: 3, maxLength: 3 }),
  ])('adds up the nodes that are connected, and counts all', (all, links) => {
    const held = all.reduce((states, state) => withNodeState(states, state), emptyNodeStates);
    const nodes = ['a', 'b', 'c'].map((nodeId, at) => ({
      nodeId,
      incarnation: held.get(nodeId)?.incarnation ?? 0,
      link: links[at] ?? 'connected',
    }));
    const { aggregated, nodes: rows } = clusterSnapshot(held, { ...moment(0), localNodeId: 'a', nodes });
    const shown = rows.flatMap(({ status, snapshot }) => (status === 'connected' && snapshot ? [snapshot] : []));
    expect(rows.every(({ status, snapshot }) => (status === 'connected') === (snapshot !== null))).toBe(true);
    expect(aggregated.totalNodeCount).toBe(3);
    expect(aggregated.connectedNodeCount).toBe(shown.length);
    expect(aggregated.totalProcessCount).toBe(shown.reduce((sum, { processCount }) => sum + processCount, 0));
    expect(aggregated.totalServerCount + aggregated.totalSupervisorCount).toBe(aggregated.totalProcessCount);
    expect(aggregated.totalMessages).toBe(
      shown.flatMap(({ servers }) => servers).reduce((sum, { messageCount }) => sum + messageCount, 0),
    );
  });
});

describe('a report', () => {
  const head = { incarnation: 1, version: 1, timestamp: 0, memory: MEMORY };

  test.prop([history, fc.nat()])('brings a reader who knows any version to the present one', (models, pick) => {
    // A runtime never uses an id again, so a delta leaves out what a new process does not have.
    fc.pre(!hasIdUsedAgain(models));
    const model = models.at(-1) ?? emptyModel(now);
    const known = models[pick % models.length];
    for (const held of [undefined, known]) {
      const changes = changesSince(model, held?.version);
      const head = { incarnation: 1, version: model.version, timestamp: 0, memory: MEMORY };
      const read = decodeReport(encodeReport(head, JSON.stringify(changes)));
      expect(read).toEqual({ ...head, changes });
      const reached = applyChanges(held, read.version, read.changes, now);
      expect(reached && rowsOf(reached)).toEqual(rowsOf(model));
      expect(reached?.version).toBe(model.version);
    }
  });

  test.prop([history, fc.integer({ min: 1, max: 4 })])('in pages has everything, page by page', (models, pageRows) => {
    const model = models.at(-1) ?? emptyModel(now);
    let reached: NodeModel | undefined;
    for (let page = 0; ; page += 1) {
      const changes = pageOf(model, page, pageRows);
      if (changes.type !== 'page') throw new Error('a page was asked for');
      expect(changes.servers.id.length + changes.supervisors.id.length).toBeLessThanOrEqual(pageRows);
      reached = applyChanges(reached, model.version, changes, now);
      if (changes.isLast) break;
    }
    expect(reached && rowsOf(reached)).toEqual(rowsOf(model));
  });

  test.prop([history, fc.nat(), fc.nat()])(
    'of changes brings any version since then to the present',
    (models, a, b) => {
      const model = models.at(-1) ?? emptyModel(now);
      const [older, newer] = [a % models.length, b % models.length].sort((x, y) => x - y);
      const since = models[older ?? 0];
      const held = models[newer ?? 0];
      if (since === undefined || held === undefined) throw new Error('not reached');
      const changes = changesSince(model, since.version);
      fc.pre(changes.type === 'delta');
      // A runtime never uses an id again; a reader between the two lives of one would have it in another place.
      fc.pre(!hasIdUsedAgain(models));
      expect(rowsOf(applyChanges(held, model.version, changes, now) ?? emptyModel(now))).toEqual(rowsOf(model));
    },
  );

  test.prop([history])('without a later count, is read without it, and not as 0', (models) => {
    const model = models.at(-1) ?? emptyModel(now);
    const changes = pageOf(model, 0);
    if (changes.type !== 'page') throw new Error('a page was asked for');
    const isSent = ([name]: readonly [string, unknown]): boolean => !OPTIONAL_COUNTS.some((later) => later === name);
    const servers = Object.fromEntries(Object.entries(changes.servers).filter(isSent));
    const text = JSON.stringify({ ...changes, servers });
    const report = decodeReport(encodeReport({ ...head, version: model.version }, text));
    const read = applyChanges(undefined, report.version, report.changes, now);
    expect(OPTIONAL_COUNTS.length).toBeGreaterThan(0);
    for (const row of read?.servers.rows ?? [])
      for (const name of OPTIONAL_COUNTS) expect(row).not.toHaveProperty(name);
    for (const row of model.servers.rows) for (const name of OPTIONAL_COUNTS) expect(row).toHaveProperty(name);
  });

  test.prop([history])('without the columns of later versions, is read by the wall clock of its node', (models) => {
    const model = models.at(-1) ?? emptyModel(now);
    const changes = pageOf(model, 0);
    if (changes.type !== 'page') throw new Error('a page was asked for');
    const { childId: _c, startedMonotonic: _m, ...servers } = changes.servers;
    const { childId: _d, startedMonotonic: _n, ...supervisors } = changes.supervisors;
    const text = JSON.stringify({ ...changes, servers, supervisors });
    const report = decodeReport(encodeReport({ ...head, version: model.version, timestamp: 1e12 }, text));
    const read = applyChanges(undefined, report.version, report.changes, () => monotonicOf(report));
    const rows = [...(read?.servers.rows ?? []), ...(read?.supervisors.rows ?? [])];
    expect(rows).toHaveLength(model.servers.size + model.supervisors.size);
    for (const row of rows) expect(row).toMatchObject({ uptimeMs: 1e12 - row.startedAt });
    expect(rows.some((row) => 'childId' in row)).toBe(false);
  });

  test('has no column of child ids where no process is a child', () => {
    const lone = evolveAll(emptyModel(now), stamped(server('p1')));
    expect(pageOf(lone, 0)).not.toHaveProperty('servers.childId');
    const child = { type: 'child_started', supervisorId: 's', childId: 'x'.repeat(1000), id: 'p1' } as const;
    const supervised = evolveAll(emptyModel(now), stamped([...supervisor('s'), ...server('p1'), child]));
    const page = pageOf(supervised, 0);
    expect(page).toMatchObject({ servers: { childId: ['x'.repeat(MAX_PROCESS_NAME)] } });
    expect(decodeReport(encodeReport({ ...head, version: 1 }, JSON.stringify(page))).changes).toEqual(page);
  });

  test.prop([
    history,
    fc.constantFrom('childId', 'startedMonotonic', 'latency'),
    fc.constantFrom(7, {}, 'too long', [{}], [[1]], [null, null]),
  ])('is refused, and the column named, when an optional column is not what it should be', (models, column, wrong) => {
    const changes = pageOf(models.at(-1) ?? emptyModel(now), 0);
    if (changes.type === 'none') throw new Error('not reached');
    const value = wrong === 'too long' ? [...changes.servers.id, 'p0'] : wrong;
    fc.pre(!(Array.isArray(value) && value.length === changes.servers.id.length && value[0] === null));
    const broken = { ...head, changes: { ...changes, servers: { ...changes.servers, [column]: value } } };
    expect(() => decodeReport(JSON.stringify(broken))).toThrow(/report\.changes\.servers/);
  });

  test('of an id that came back as the other kind leaves one row of it', () => {
    const exited = { type: 'process_exited', id: 'p1', kind: 'genserver', reason: 'normal', unhandled: 0 } as const;
    const others = ['p2', 'p3', 'p4'].flatMap(server);
    const before = evolveAll(emptyModel(now), stamped([...others, ...server('p1')]));
    const returned = { type: 'process_spawned', id: 'p1', kind: 'supervisor' } as const;
    const after = evolveAll(before, stamped([exited, returned]));
    const held = applyChanges(before, after.version, changesSince(after, before.version), now);
    expect(rowsOf(held ?? emptyModel(now))).toEqual(rowsOf(after));
  });

  test('has as much as has changed, however many processes there are', () => {
    const spawned = Array.from({ length: 1000 }, (_, at) => server(`p${at}`)).flat();
    const before = evolveAll(emptyModel(now), stamped(spawned));
    const handled = { type: 'messages_handled', id: 'p7', calls: 1, casts: 0, infos: 0, queueSize: 0 } as const;
    const exited = { type: 'process_exited', id: 'p8', kind: 'genserver', reason: 'normal', unhandled: 0 } as const;
    const after = evolveAll(before, stamped([handled, exited]));
    expect(changesSince(after, before.version)).toMatchObject({
      type: 'delta',
      since: before.version,
      servers: { id: ['p7'], messageCount: [1] },
      supervisors: { id: [] },
      removed: ['p8'],
    });
  });

  test('of a reader who knows less than it builds on is not applied, and one that claims to know more gets everything', () => {
    const before = evolveAll(emptyModel(now), stamped(['p1', 'p2', 'p3', 'p4'].flatMap(server)));
    const handled = { type: 'messages_handled', id: 'p1', calls: 1, casts: 0, infos: 0, queueSize: 0 } as const;
    const after = evolve(before, { ...handled, seq: 9, at: 0, monotonic: 0 });
    const changes = changesSince(after, before.version);
    expect(changes.type).toBe('delta');
    expect(applyChanges({ ...before, version: before.version - 1 }, after.version, changes, now)).toBeUndefined();
    expect(changesSince(after, after.version + 1).type).toBe('page');
  });

  test.prop([fc.array(anyEvent)])('of a reader that is up to date is empty, and changes nothing', (events) => {
    const model = evolveAll(emptyModel(now), events);
    const changes = changesSince(model, model.version);
    expect(changes).toEqual({ type: 'none' });
    expect(applyChanges(model, model.version, changes, now)).toBe(model);
  });

  test.prop([fc.nat(), fc.nat()])(
    'that builds on another version than the reader holds is not applied',
    (held, reported) => {
      fc.pre(held !== reported);
      expect(applyChanges({ ...emptyModel(now), version: held }, reported, { type: 'none' }, now)).toBeUndefined();
    },
  );

  const vitals: NodeVitals = {
    eventLoopUtilization: 0.5,
    eventLoopDelay: { p50: 0.1, p99: 3 },
    cpu: 1.25,
    uptimeMs: 60_000,
    observer: { msPerSecond: 1, eventsPerSecond: 20, bytesPerSecond: 300 },
    flushIntervalMs: 50,
  };

  test('carries the vitals of the node into its snapshot', () => {
    const { snapshot } = createNodeState(
      'a',
      decodeReport(encodeReport({ ...head, vitals }, '{"type":"none"}')),
      emptyModel(now),
      moment(0),
    );
    expect(snapshot.vitals).toEqual(vitals);
  });

  const rate = fc.nat();
  const anyLinks: fc.Arbitrary<NodeLinks> = fc.record(
    {
      count: fc.integer({ min: 1, max: 1000 }),
      messagesSentPerSecond: rate,
      messagesReceivedPerSecond: rate,
      bytesSentPerSecond: rate,
      bytesReceivedPerSecond: rate,
      backlogBytes: fc.nat(),
      reconnects: fc.nat(),
      slowest: fc.record({ nodeId: fc.string({ minLength: 1, maxLength: 300 }), roundTripMs: fc.nat() }),
    },
    { requiredKeys: [...LINK_FIGURES] },
  );

  test.prop([anyLinks])('carries the figures of the links', (links) => {
    const sent = decodeReport(encodeReport({ ...head, vitals: { ...vitals, links } }, '{"type":"none"}'));
    expect(sent.vitals).toEqual({ ...vitals, links });
  });

  test.each([
    ['a figure below nothing', [1, 0, -1]],
    ['something else', [1, {}]],
    ['an endless id', [1, 0, 0, 0, 0, 0, 0, 1, 'x'.repeat(2000)]],
  ])('is refused with figures of links that hold %s', (_what, links) => {
    const report = { ...head, vitals: [0, 0, 0, 0], links, changes: { type: 'none' } };
    expect(() => decodeReport(JSON.stringify(report))).toThrow(/report\.links/);
  });

  test.each([
    ['none', null],
    ['text', 'well'],
    ['a figure below nothing', [0, 0, 0, -1]],
    ['a figure that is none', [0, '1']],
  ])('is refused with vitals that are %s', (_what, vitals) => {
    const report = { ...head, vitals, changes: { type: 'none' } };
    expect(() => decodeReport(JSON.stringify(report))).toThrow(/report\.vitals/);
  });

  test.prop([fc.oneof(fc.json(), fc.string())])('is refused by name when it is no report', (text) => {
    expect(() => decodeReport(text)).toThrow(TypeError);
  });

  test.prop([
    history,
    fc.constantFrom<keyof ServerColumns>(
      'id',
      'name',
      'parentId',
      'status',
      'queueSize',
      'messageCount',
      'loopBlocks',
      'startedAt',
    ),
    fc.constantFrom(undefined, 7, {}, 'too long', [{}], [[1]]),
  ])('is refused, and the column named, when a column is not what it should be', (models, column, wrong) => {
    const changes = pageOf(models.at(-1) ?? emptyModel(now), 0);
    if (changes.type === 'none') throw new Error('not reached');
    const value = wrong === 'too long' ? [...changes.servers.id, 'p0'] : wrong;
    const broken = {
      incarnation: 1,
      version: 1,
      timestamp: 0,
      memory: MEMORY,
      changes: { ...changes, servers: { ...changes.servers, [column]: value } },
    };
    expect(() => decodeReport(JSON.stringify(broken))).toThrow(/report\.changes\.servers/);
  });
});

function hasIdUsedAgain(models: readonly NodeModel[]): boolean {
  const gone = new Set<string>();
  let before: readonly string[] = [];
  for (const { servers, supervisors } of models) {
    const ids = [...servers.rows, ...supervisors.rows].map(({ id }) => id);
    for (const id of before) if (!ids.includes(id)) gone.add(id);
    if (ids.some((id) => gone.has(id))) return true;
    before = ids;
  }
  return false;
}
