import { beforeEach, describe, expect, test } from 'vitest';
import type { RestartType } from '../../src/supervisor/strategy.js';
import type { SupervisorStrategy } from '../../streams/events.js';
import { alive, childOf, createFamily, type Family } from '../helpers/supervisor-fixture.js';
import { createWorld, type World } from '../helpers/test-runtime.js';

type End = 'crash' | 'normal' | 'shutdown';

const groups: Readonly<Record<string, readonly string[]>> = {
  one_for_one: ['+b'],
  one_for_all: ['-c shutdown', '-a shutdown', '+a', '+b', '+c'],
  rest_for_one: ['-c shutdown', '+b', '+c'],
};
const restarts: Readonly<Record<RestartType, readonly End[]>> = {
  permanent: ['crash', 'normal', 'shutdown'],
  transient: ['crash'],
  temporary: [],
};
const cases = Object.keys(groups).flatMap((strategy) =>
  (['permanent', 'transient', 'temporary'] as const).flatMap((restart) =>
    (['crash', 'normal', 'shutdown'] as const).map((end) => {
      const restarted = restarts[restart].includes(end);
      return {
        strategy: strategy as SupervisorStrategy,
        restart,
        end,
        what: restarted ? `does ${groups[strategy]?.join(', ')}` : 'does nothing',
        restarted,
      };
    }),
  ),
);

describe('a supervisor', () => {
  let world: World = createWorld();
  let family: Family = createFamily(world);

  beforeEach(() => {
    world = createWorld();
    family = createFamily(world);
  });

  const end = async (ref: ReturnType<typeof childOf>, how: End): Promise<void> => {
    if (how === 'crash') world.GenServer.cast(ref, 'boom');
    else await world.GenServer.stop(ref, how);
    await world.settle();
  };

  test.each(cases)('$strategy, when its $restart child b ends by $end, $what', async ({ restarted, ...given }) => {
    const { Supervisor } = world;
    const sup = await Supervisor.start({
      strategy: given.strategy,
      children: [family.worker('a'), family.worker('b', { restart: given.restart }), family.worker('c')],
    });
    const [a, b] = [childOf(world, sup, 'a'), childOf(world, sup, 'b')];
    expect(family.news()).toEqual(['+a', '+b', '+c']);
    await end(b, given.end);
    const reason = given.end === 'crash' ? 'crash: boom' : given.end;
    expect(family.news()).toEqual([`-b ${reason}`, ...(restarted ? (groups[given.strategy] ?? []) : [])]);
    expect(alive(world, sup)).toEqual(restarted ? ['a', 'b', 'c'] : ['a', 'c']);
    if (given.strategy !== 'one_for_all' || !restarted) expect(childOf(world, sup, 'a')).toEqual(a);
    // A temporary child is forgotten; a transient one keeps its place.
    expect(Supervisor.getChild(sup, 'b') === undefined).toBe(given.restart === 'temporary');
  });

  test('one_for_all starts again what had finished, and forgets the temporary child that it takes down', async () => {
    const { Supervisor } = world;
    const sup = await Supervisor.start({
      strategy: 'one_for_all',
      children: [
        family.worker('done', { restart: 'transient' }),
        family.worker('temporary', { restart: 'temporary' }),
        family.worker('crashes'),
      ],
    });
    await end(childOf(world, sup, 'done'), 'normal');
    await end(childOf(world, sup, 'crashes'), 'crash');
    expect(Supervisor.getChildren(sup).map(({ id, ref }) => [id, ref !== undefined])).toEqual([
      ['done', true],
      ['crashes', true],
    ]);
  });

  test('restarts once when two of its children crash together under one_for_all', async () => {
    const { Supervisor, GenServer } = world;
    const sup = await Supervisor.start({
      strategy: 'one_for_all',
      restartIntensity: { maxRestarts: 1, withinMs: 1000 },
      children: [family.worker('a'), family.worker('b')],
    });
    const [a, b] = [childOf(world, sup, 'a'), childOf(world, sup, 'b')];
    GenServer.cast(a, 'boom');
    GenServer.cast(b, 'boom');
    await world.settle();
    expect(alive(world, sup)).toEqual(['a', 'b']);
    expect(Supervisor.isRunning(sup)).toBe(true);
  });

  test('keeps the places of its children in order through restarts', async () => {
    const { Supervisor } = world;
    const sup = await Supervisor.start({
      strategy: 'rest_for_one',
      children: ['a', 'b', 'c', 'd'].map((id) => family.worker(id)),
    });
    await end(childOf(world, sup, 'c'), 'crash');
    await end(childOf(world, sup, 'a'), 'crash');
    expect(Supervisor.getChildren(sup).map(({ id, restartCount }) => [id, restartCount])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 2],
      ['d', 2],
    ]);
  });
});
