import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { UnstampedEvent } from '../../streams/events.js';
import { applyChanges, type Changes, changesSince, pageOf } from '../../streams/model-changes.js';
import { emptyModel, evolveAll, type NodeModel } from '../../streams/node-model.js';
import { decodeReport, encodeReport } from '../../streams/node-report.js';
import { MAX_TEXTS } from '../../streams/registration-columns.js';
import { MAX_LISTED } from '../../streams/registrations.js';
import { server, stamped, supervisor } from '../helpers/events.js';

const now = (): number => 5000;
const HEAD = { incarnation: 1, timestamp: 0, memory: { heapUsed: 1, heapTotal: 2, external: 3, rss: 4 } };

const registered = (id: string, name: string): UnstampedEvent => ({ type: 'global_name_registered', id, name });
const unregistered = (id: string, name: string): UnstampedEvent => ({ type: 'global_name_unregistered', id, name });
const joined = (id: string, group: string): UnstampedEvent => ({ type: 'group_joined', id, group });
const left = (id: string, group: string): UnstampedEvent => ({ type: 'group_left', id, group });
const handled = (id: string): UnstampedEvent => ({
  type: 'messages_handled',
  id,
  calls: 1,
  casts: 0,
  infos: 0,
  queueSize: 0,
});

function modelAfter(...facts: readonly (UnstampedEvent | readonly UnstampedEvent[])[]): NodeModel {
  return evolveAll(emptyModel(now), stamped(facts.flat()));
}

const others = ['o1', 'o2', 'o3', 'o4'].flatMap(server);

/** The changes as a reader receives them: through a report. */
function received(model: NodeModel, changes: Changes): Changes {
  return decodeReport(encodeReport({ ...HEAD, version: model.version }, JSON.stringify(changes))).changes;
}

describe('the registrations of a process', () => {
  test('are its global names, each with its time, and its groups', () => {
    const model = modelAfter(server('p1'), registered('p1', 'billing'), joined('p1', 'workers'), joined('p1', 'all'));
    expect(model.servers.get('p1')?.registrations).toEqual({
      globalNames: [{ name: 'billing', since: 1002 }],
      groups: ['workers', 'all'],
    });
  });

  test('are shown for a supervisor, too', () => {
    const model = modelAfter(supervisor('s'), registered('s', 'top'));
    expect(model.supervisors.get('s')?.registrations?.globalNames).toMatchObject([{ name: 'top' }]);
  });

  test('are absent for a process that never had any, and empty for one that has none any more', () => {
    const had = [registered('p1', 'a'), joined('p1', 'g'), unregistered('p1', 'a'), left('p1', 'g')];
    const model = modelAfter(server('p1'), server('p2'), had);
    expect(model.servers.get('p1')?.registrations).toEqual({ globalNames: [], groups: [] });
    expect(model.servers.get('p2')).not.toHaveProperty('registrations');
  });

  test('stay while the process handles messages, starts and gets a local name', () => {
    const model = modelAfter(
      { type: 'process_spawned', id: 'p1', kind: 'genserver' },
      registered('p1', 'a'),
      { type: 'process_started', id: 'p1', kind: 'genserver' },
      handled('p1'),
      { type: 'name_registered', id: 'p1', name: 'local' },
    );
    expect(model.servers.get('p1')).toMatchObject({
      name: 'local',
      messageCount: 1,
      registrations: { globalNames: [{ name: 'a' }] },
    });
  });

  test('are in no count', () => {
    const counts = ({ servers, supervisors, totals }: NodeModel) => [
      servers.size,
      servers.total,
      supervisors.size,
      totals?.all,
    ];
    const model = modelAfter(server('p1'));
    const after = evolveAll(model, stamped([registered('p1', 'a'), joined('p1', 'g')]));
    expect(counts(after)).toEqual(counts(model));
  });

  test('beyond the limit are counted, and not listed', () => {
    const many = Array.from({ length: MAX_LISTED + 3 }, (_, at) => joined('p1', `g${at}`));
    const { groups, omitted } = modelAfter(server('p1'), many).servers.get('p1')?.registrations ?? {};
    expect(groups).toHaveLength(MAX_LISTED);
    expect(omitted).toBe(3);
    const fewer = modelAfter(server('p1'), many, left('p1', `g${MAX_LISTED + 2}`), left('p1', 'g0'));
    expect(fewer.servers.get('p1')?.registrations).toMatchObject({ omitted: 2 });
    expect(fewer.servers.get('p1')?.registrations?.groups).toHaveLength(MAX_LISTED - 1);
  });

  test.each([
    ['of an unknown process', registered('p9', 'a')],
    ['of a name that it has already', registered('p1', 'a')],
    ['of a name that it does not have', unregistered('p1', 'b')],
    ['of a group that it is in already', joined('p1', 'g')],
    ['of a group that it is not in', left('p1', 'h')],
  ])('do not change at an event %s', (_, event) => {
    const model = modelAfter(server('p1'), registered('p1', 'a'), joined('p1', 'g'));
    expect(evolveAll(model, stamped([event]))).toBe(model);
  });
});

describe('a report', () => {
  const before = modelAfter(others, server('p1'), registered('p1', 'a'), joined('p1', 'g'));

  test('has registrations only if they have changed, and a reader keeps those that have not', () => {
    const after = evolveAll(before, stamped([handled('p1')]));
    const changes = changesSince(after, before.version);
    expect(changes).not.toHaveProperty('registrations');
    const read = applyChanges(before, after.version, received(after, changes), now);
    expect(read?.servers.get('p1')).toMatchObject({
      messageCount: 1,
      registrations: { globalNames: [{ name: 'a' }], groups: ['g'] },
    });
  });

  test('has all registrations of a process of which one has changed', () => {
    const after = evolveAll(before, stamped([unregistered('p1', 'a')]));
    const changes = changesSince(after, before.version);
    expect(changes).toMatchObject({
      registrations: { texts: ['g'], id: ['p1'], globalNames: [[]], groups: [[0]], omitted: [0] },
    });
    const read = applyChanges(before, after.version, received(after, changes), now);
    expect(read?.servers.get('p1')?.registrations).toEqual({ globalNames: [], groups: ['g'] });
  });

  test('has the name of a group once, however many members it has', () => {
    const members = ['o1', 'o2', 'o3'].map((id) => joined(id, 'the same group'));
    expect(pageOf(evolveAll(before, stamped(members)), 0)).toMatchObject({
      registrations: { texts: ['the same group', 'a', 'g'], groups: [[0], [0], [0], [2]] },
    });
  });

  test('of an older version has none, and is read without any', () => {
    const { registrations: _, ...older } = pageOf(before, 0) as Extract<Changes, { type: 'page' }>;
    const read = applyChanges(undefined, before.version, received(before, older), now);
    expect(read?.servers.size).toBe(5);
    expect(read?.servers.get('p1')).not.toHaveProperty('registrations');
  });

  test('leaves out the names that would make it too long, and says how many', () => {
    const ids = Array.from({ length: MAX_TEXTS / MAX_LISTED + 1 }, (_, at) => `p${at}`);
    const names = ids.flatMap((id) => Array.from({ length: MAX_LISTED }, (_, at) => registered(id, `${id}.${at}`)));
    const model = modelAfter(ids.flatMap(server), names);
    const read = applyChanges(undefined, model.version, received(model, pageOf(model, 0)), now);
    const rows = read?.servers.rows ?? [];
    expect(rows.flatMap(({ registrations }) => registrations?.globalNames ?? [])).toHaveLength(MAX_TEXTS);
    expect(rows.at(-1)?.registrations).toEqual({ globalNames: [], groups: [], omitted: MAX_LISTED });
  });

  test('has names up to a total length, however long they are', () => {
    const long = Array.from({ length: 1000 }, (_, at) => [...server(`p${at}`), joined(`p${at}`, `${at}`.repeat(300))]);
    const page = pageOf(modelAfter(long.flat()), 0);
    expect(JSON.stringify(page).length).toBeLessThan(300_000);
    expect(() => received(modelAfter(), page)).not.toThrow();
  });

  test.each([
    ['no list', 7],
    ['a text that is none', { texts: [7], id: [], globalNames: [], groups: [], omitted: [] }],
    ['columns of different lengths', { texts: [], id: ['p1'], globalNames: [], groups: [[]], omitted: [0] }],
    ['a position that is none', { texts: [], id: ['p1'], globalNames: [[]], groups: [['a']], omitted: [0] }],
    ['too many', { texts: [], id: ['p1'], globalNames: [[]], groups: [Array(101).fill(0)], omitted: [0] }],
  ])('is refused with registrations that are %s', (_, registrations) => {
    const changes = { ...pageOf(before, 0), registrations } as Changes;
    expect(() => received(before, changes)).toThrow(/report\.changes\.registrations/);
  });

  test.prop([fc.array(fc.nat(10), { maxLength: 10 })])(
    'with positions that do not exist is read without them',
    (at) => {
      const registrations = { texts: ['x'], id: ['p1'], globalNames: [at], groups: [at], omitted: [0] };
      const read = applyChanges(undefined, before.version, { ...pageOf(before, 0), registrations } as Changes, now);
      for (const group of read?.servers.get('p1')?.registrations?.groups ?? []) expect(group).toBe('x');
      for (const { name } of read?.servers.get('p1')?.registrations?.globalNames ?? []) expect(name).toBe('x');
    },
  );
});
