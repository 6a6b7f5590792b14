import { beforeEach, describe, expect, test } from 'vitest';
import type { RestartType } from '../../src/supervisor/strategy.js';
import type { SupervisorStrategy } from '../../streams/events.js';
import { alive, childOf, createSupervisorFixture, type SupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

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
  let runtime: TestRuntime = createTestRuntime();
  let fixture: SupervisorFixture = createSupervisorFixture(runtime);

  beforeEach(() => {
    runtime = createTestRuntime();
    fixture = createSupervisorFixture(runtime);
  });

  const end = async (ref: ReturnType<typeof childOf>, how: End): Promise<void> => {
    if (how === 'crash') runtime.GenServer.cast(ref, 'boom');
    else await runtime.GenServer.stop(ref, how);
    await runtime.settle();
  };

  test.each(cases)('$strategy, when its $restart child b ends by $end, $what', async ({ restarted, ...given }) => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      strategy: given.strategy,
      children: [fixture.worker('a'), fixture.worker('b', { restart: given.restart }), fixture.worker('c')],
    });
    const [a, b] = [childOf(runtime, sup, 'a'), childOf(runtime, sup, 'b')];
    expect(fixture.newEntries()).toEqual(['+a', '+b', '+c']);
    await end(b, given.end);
    const reason = given.end === 'crash' ? 'crash: boom' : given.end;
    expect(fixture.newEntries()).toEqual([`-b ${reason}`, ...(restarted ? (groups[given.strategy] ?? []) : [])]);
    expect(alive(runtime, sup)).toEqual(restarted ? ['a', 'b', 'c'] : ['a', 'c']);
    if (given.strategy !== 'one_for_all' || !restarted) expect(childOf(runtime, sup, 'a')).toEqual(a);
    // A temporary child is forgotten; a transient one keeps its place.
    expect(Supervisor.getChild(sup, 'b') === undefined).toBe(given.restart === 'temporary');
  });

  test('one_for_all starts again what had finished, and forgets the temporary child that it takes down', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      strategy: 'one_for_all',
      children: [
        fixture.worker('done', { restart: 'transient' }),
        fixture.worker('temporary', { restart: 'temporary' }),
        fixture.worker('crashes'),
      ],
    });
    await end(childOf(runtime, sup, 'done'), 'normal');
    await end(childOf(runtime, sup, 'crashes'), 'crash');
    expect(Supervisor.getChildren(sup).map(({ id, ref }) => [id, ref !== undefined])).toEqual([
      ['done', true],
      ['crashes', true],
    ]);
  });

  test('restarts once when two of its children crash together under one_for_all', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({
      strategy: 'one_for_all',
      restartIntensity: { maxRestarts: 1, withinMs: 1000 },
      children: [fixture.worker('a'), fixture.worker('b')],
    });
    const [a, b] = [childOf(runtime, sup, 'a'), childOf(runtime, sup, 'b')];
    GenServer.cast(a, 'boom');
    GenServer.cast(b, 'boom');
    await runtime.settle();
    expect(alive(runtime, sup)).toEqual(['a', 'b']);
    expect(Supervisor.isRunning(sup)).toBe(true);
  });

  test('keeps the places of its children in order through restarts', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      strategy: 'rest_for_one',
      children: ['a', 'b', 'c', 'd'].map((id) => fixture.worker(id)),
    });
    await end(childOf(runtime, sup, 'c'), 'crash');
    await end(childOf(runtime, sup, 'a'), 'crash');
    expect(Supervisor.getChildren(sup).map(({ id, restartCount }) => [id, restartCount])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 2],
      ['d', 2],
    ]);
  });
});
