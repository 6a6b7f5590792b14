import { describe, expect, test } from 'vitest';
import type { UnstampedEvent } from '../../streams/events.js';
import { emptyModel, evolve, evolveAll, type NodeModel } from '../../streams/node-model.js';
import { rowsOf, server, stamped, supervisor } from '../helpers/events.js';

const NOW = 5000;

const given = (...facts: readonly (UnstampedEvent | readonly UnstampedEvent[])[]) => {
  const past = stamped(facts.flat());
  const before = past.reduce(
    evolve,
    emptyModel(() => NOW),
  );
  return {
    before,
    when(fact: UnstampedEvent) {
      const after = evolve(before, { ...fact, seq: past.length + 1, at: 2000, monotonic: 2000 });
      return {
        after,
        /** The rows as far as they are of interest. */
        gives(expected: { readonly servers?: readonly object[]; readonly supervisors?: readonly object[] }) {
          expect(rowsOf(after)).toMatchObject(expected);
          expect(after.version).toBe(before.version + 1);
        },
        nothingChanges() {
          expect(after).toBe(before);
        },
      };
    },
  };
};

const handled = (id: string, calls: number, casts: number, infos: number, queueSize: number): UnstampedEvent => ({
  type: 'messages_handled',
  id,
  calls,
  casts,
  infos,
  queueSize,
});
const exited = (id: string): UnstampedEvent => ({
  type: 'process_exited',
  id,
  kind: 'genserver',
  reason: 'normal',
  unhandled: 0,
});
const child = (supervisorId: string, id: string): UnstampedEvent => ({
  type: 'child_started',
  supervisorId,
  childId: 'c',
  id,
});

describe('a server', () => {
  test('is there from the moment it is spawned, starting', () => {
    given()
      .when({ type: 'process_spawned', id: 'p1', kind: 'genserver' })
      .gives({
        servers: [{ id: 'p1', status: 'starting', queueSize: 0, messageCount: 0, startedAt: 2000, uptimeMs: 3000 }],
        supervisors: [],
      });
  });

  test('runs when its init is through', () => {
    given({ type: 'process_spawned', id: 'p1', kind: 'genserver' })
      .when({ type: 'process_started', id: 'p1', kind: 'genserver' })
      .gives({ servers: [{ id: 'p1', status: 'running', startedAt: 1000 }] });
  });

  test('is stopping when it was asked to stop, and does not run again', () => {
    const { after, gives } = given(server('p1')).when({ type: 'process_stopping', id: 'p1' });
    gives({ servers: [{ status: 'stopping' }] });
    expect(evolve(after, { type: 'process_started', id: 'p1', kind: 'genserver', seq: 9, at: 9, monotonic: 9 })).toBe(
      after,
    );
  });

  test('adds up its calls, casts and infos, and has the last queue it reported', () => {
    given(server('p1'), handled('p1', 1, 2, 3, 7))
      .when(handled('p1', 10, 20, 30, 4))
      .gives({
        servers: [{ messageCount: 66, queueSize: 4 }],
      });
  });

  test('without anything new keeps its row', () => {
    given(server('p1'), handled('p1', 1, 0, 0, 2))
      .when(handled('p1', 0, 0, 0, 2))
      .nothingChanges();
  });

  test('is gone when it has exited', () => {
    given(server('p1'), server('p2'))
      .when(exited('p1'))
      .gives({ servers: [{ id: 'p2' }] });
  });

  test('that crashes is there until it exits', () => {
    given(server('p1'))
      .when({ type: 'process_crashed', id: 'p1', kind: 'genserver', error: { name: 'Error', message: 'boom' } })
      .gives({ servers: [{ id: 'p1', status: 'running' }] });
  });
});

describe('a server that its supervisor restarts', () => {
  test('shows how often, and one that was not shows nothing', () => {
    const supervised = given(supervisor('p1'), server('p2'), child('p1', 'p2'), server('p3'), child('p1', 'p3'));
    const restart = {
      supervisorId: 'p1',
      childId: 'a',
      oldId: 'p0',
      newId: 'p3',
      kind: 'genserver',
      attempt: 4,
    } as const;
    const { after, gives } = supervised.when({ type: 'child_restarted', ...restart });
    gives({ servers: [{ id: 'p2' }, { id: 'p3', restarts: 4 }], supervisors: [{ totalRestarts: 1 }] });
    expect(after.servers.rows.map((row) => 'restarts' in row)).toEqual([false, true]);
  });
});

describe('a name', () => {
  test('shows in the row, and leaves no empty place in it when it goes', () => {
    const named = given(server('p1')).when({ type: 'name_registered', name: 'a', id: 'p1' });
    named.gives({ servers: [{ name: 'a' }] });
    const unnamed = evolve(named.after, {
      type: 'name_unregistered',
      name: 'a',
      id: 'p1',
      seq: 9,
      at: 9,
      monotonic: 9,
    });
    expect(unnamed.servers.rows.map((row) => 'name' in row)).toEqual([false]);
  });

  test('of a supervisor shows too', () => {
    given(supervisor('p1'))
      .when({ type: 'name_registered', name: 'a', id: 'p1' })
      .gives({ supervisors: [{ name: 'a' }] });
  });

  test('is not taken away by the going of another, nor replaced by a second', () => {
    const named = given(server('p1'), { type: 'name_registered', name: 'a', id: 'p1' });
    named.when({ type: 'name_unregistered', name: 'b', id: 'p1' }).nothingChanges();
    named.when({ type: 'name_registered', name: 'b', id: 'p1' }).nothingChanges();
  });
});

describe('a supervisor', () => {
  test('has its strategy, no children and no restarts', () => {
    given()
      .when({ type: 'process_spawned', id: 'p1', kind: 'supervisor', strategy: 'rest_for_one' })
      .gives({ supervisors: [{ id: 'p1', strategy: 'rest_for_one', childCount: 0, totalRestarts: 0 }], servers: [] });
  });

  test('counts a child that is started, and the child knows it', () => {
    given(supervisor('p1'), server('p2'))
      .when(child('p1', 'p2'))
      .gives({ supervisors: [{ childCount: 1 }], servers: [{ parentId: 'p1', childId: 'c' }] });
  });

  test('counts a supervisor among its children', () => {
    given(supervisor('p1'), supervisor('p2'))
      .when(child('p1', 'p2'))
      .gives({
        supervisors: [
          { id: 'p1', childCount: 1 },
          { id: 'p2', parentId: 'p1' },
        ],
      });
  });

  test('counts a child that exits no more', () => {
    given(supervisor('p1'), server('p2'), child('p1', 'p2'))
      .when(exited('p2'))
      .gives({ supervisors: [{ childCount: 0 }], servers: [] });
  });

  test('counts restarts', () => {
    given(supervisor('p1'))
      .when({
        type: 'child_restarted',
        supervisorId: 'p1',
        childId: 'c',
        oldId: 'p2',
        newId: 'p3',
        kind: 'genserver',
        attempt: 1,
      })
      .gives({ supervisors: [{ totalRestarts: 1 }] });
  });
});

describe('an event that makes no sense where it stands changes nothing:', () => {
  test.each<[string, UnstampedEvent]>([
    ['a message of an unknown process', handled('p9', 1, 1, 1, 1)],
    ['a start of an unknown process', { type: 'process_started', id: 'p9', kind: 'genserver' }],
    ['a stop of an unknown process', { type: 'process_stopping', id: 'p9' }],
    ['an exit of an unknown process', exited('p9')],
    ['a second start', { type: 'process_spawned', id: 'p1', kind: 'genserver' }],
    ['a second start as another kind', { type: 'process_spawned', id: 'p1', kind: 'supervisor' }],
    ['a name of an unknown process', { type: 'name_registered', name: 'x', id: 'p9' }],
    ['a child of an unknown process', child('p9', 'p1')],
    ['a child of a server', child('p1', 'p2')],
    ['a child that is unknown', child('p2', 'p9')],
    ['its own child', child('p2', 'p2')],
    ['a second parent', child('p2', 'p3')],
    [
      'a traced message',
      {
        type: 'message',
        id: 'p1',
        kind: 'call',
        waitMs: 1,
        handleMs: 1,
        outcome: 'ok',
        messageType: 'x',
      },
    ],
  ])('%s', (_what, fact) => {
    given(server('p1'), supervisor('p2'), server('p3'), supervisor('p4'), child('p4', 'p3'))
      .when(fact)
      .nothingChanges();
  });

  test('an event of a later version of noex', () => {
    const before = given(server('p1')).before;
    const later = JSON.parse('{ "type": "process_hibernated", "id": "p1", "seq": 9, "at": 9 }');
    expect(evolve(before, later)).toBe(before);
  });
});

describe('models', () => {
  const base = (): NodeModel =>
    evolveAll(
      emptyModel(() => NOW),
      stamped([server('p1'), server('p2')].flat()),
    );

  test('share the rows that did not change', () => {
    const before = base();
    const after = evolveAll(before, stamped([handled('p1', 1, 0, 0, 0)]));
    expect(after.servers.get('p2')).toBe(before.servers.get('p2'));
    expect(after.servers.get('p1')).not.toBe(before.servers.get('p1'));
    expect(before.servers.get('p1')?.messageCount).toBe(0);
  });

  test('are the very same when nothing happened', () => {
    const before = base();
    expect(evolveAll(before, [])).toBe(before);
  });
});
