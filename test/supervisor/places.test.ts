import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProcessRef } from '../../src/process/process-refs.js';
import { ChildTable } from '../../src/supervisor/child-table.js';
import { counter, gate, never } from '../helpers/servers.js';
import { alive, childOf, createSupervisorFixture, type SupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

describe('the places of a supervisor', () => {
  let runtime: TestRuntime = createTestRuntime();
  let fixture: SupervisorFixture = createSupervisorFixture(runtime);

  beforeEach(() => {
    runtime = createTestRuntime();
    fixture = createSupervisorFixture(runtime);
  });

  const places = (sup: ProcessRef): readonly string[] => runtime.Supervisor.getChildren(sup).map(({ id }) => id);

  test.each(['permanent', 'transient', 'temporary'] as const)(
    'are none after many %s children of a template have come and gone',
    async (restart) => {
      const { Supervisor, GenServer } = runtime;
      const sup = await Supervisor.start({
        strategy: 'simple_one_for_one',
        childTemplate: { restart, start: () => GenServer.start(counter) },
      });
      for (let i = 0; i < 500; i += 1) {
        const ref = await Supervisor.startChild(sup, []);
        if (restart === 'permanent') await Supervisor.terminateChild(sup, ref);
        else await GenServer.stop(ref);
        expect(Supervisor.countChildren(sup)).toBeLessThanOrEqual(1);
      }
      await runtime.settle();
      expect(places(sup)).toEqual([]);
    },
  );

  test('stay for a transient child that has finished, until they are deleted', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a')] });
    const session = await Supervisor.startChild(sup, fixture.worker('session', { restart: 'transient' }));
    await GenServer.stop(session);
    await runtime.settle();
    expect(places(sup)).toEqual(['a', 'session']);
    expect(Supervisor.getChild(sup, session)).toMatchObject({ id: 'session', ref: undefined });
    await Supervisor.deleteChild(sup, session);
    expect(places(sup)).toEqual(['a']);
    expect(Supervisor.getChild(sup, session)).toBeUndefined();
  });

  test('are none for a temporary child that has finished', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start();
    const session = await Supervisor.startChild(sup, fixture.worker('session', { restart: 'temporary' }));
    await GenServer.stop(session);
    await runtime.settle();
    expect(places(sup)).toEqual([]);
    await expect(Supervisor.deleteChild(sup, session)).rejects.toMatchObject({
      name: 'ChildNotFoundError',
      supervisorId: sup.id,
      childId: session.id,
    });
  });

  test('are none for a child of a template that does not start again when it is asked to', async () => {
    const { Supervisor, GenServer } = runtime;
    let starts = 0;
    const sup = await Supervisor.start({
      strategy: 'simple_one_for_one',
      childTemplate: {
        start() {
          starts += 1;
          return starts === 1 ? GenServer.start(counter) : Promise.reject(new Error('no more'));
        },
      },
    });
    const ref = await Supervisor.startChild(sup, []);
    await expect(Supervisor.restartChild(sup, ref)).rejects.toThrow('no more');
    expect(places(sup)).toEqual([]);
  });

  test('of a child that runs cannot be deleted', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a')] });
    await expect(Supervisor.deleteChild(sup, 'a')).rejects.toMatchObject({
      name: 'ChildRunningError',
      code: 'NOEX_CHILD_RUNNING',
      supervisorId: sup.id,
      childId: 'a',
    });
    await Supervisor.terminateChild(sup, 'a');
    await Supervisor.deleteChild(sup, 'a');
    expect(places(sup)).toEqual([]);
    await expect(Supervisor.deleteChild(sup, 'a')).rejects.toMatchObject({ name: 'ChildNotFoundError', childId: 'a' });
  });

  test('are found by the process that runs there, through restarts', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({
      strategy: 'simple_one_for_one',
      childTemplate: { start: () => GenServer.start(counter) },
    });
    const first = await Supervisor.startChild(sup, []);
    const id = Supervisor.getChild(sup, first)?.id ?? '';
    GenServer.cast(first, 'boom');
    await runtime.settle();
    expect(Supervisor.getChild(sup, first)).toBeUndefined();
    const successor = childOf(runtime, sup, id);
    expect(Supervisor.getChild(sup, successor)).toMatchObject({ id, restartCount: 1 });
    // The process that is meant is gone; that which came after it is not meant.
    await Supervisor.terminateChild(sup, first);
    expect(places(sup)).toEqual([id]);
    const again = await Supervisor.restartChild(sup, successor);
    await Supervisor.terminateChild(sup, again);
    expect(places(sup)).toEqual([]);
  });

  test('of another supervisor are not found by the process there', async () => {
    const { Supervisor } = runtime;
    const [one, other] = [
      await Supervisor.start({ children: [fixture.worker('a')] }),
      await Supervisor.start({ children: [fixture.worker('a')] }),
    ];
    const stranger = childOf(runtime, other, 'a');
    const refused = { name: 'ChildNotFoundError', supervisorId: one.id, childId: stranger.id };
    await expect(Supervisor.terminateChild(one, stranger)).rejects.toMatchObject(refused);
    await expect(Supervisor.restartChild(one, stranger)).rejects.toMatchObject(refused);
    await expect(Supervisor.deleteChild(one, stranger)).rejects.toMatchObject(refused);
    expect(() => Supervisor.getChild(one, {} as ProcessRef)).toThrow('ref must be the ref of a process');
    expect(alive(runtime, other)).toEqual(['a']);
  });

  test('are not gone through for the restart of a child that is restarted alone', async () => {
    const { Supervisor, GenServer } = runtime;
    const size = 200;
    const sup = await Supervisor.start({
      strategy: 'simple_one_for_one',
      restartIntensity: { maxRestarts: size, withinMs: 1000 },
      childTemplate: { start: () => GenServer.start(counter) },
    });
    for (let i = 0; i < size; i += 1) await Supervisor.startChild(sup, []);
    const refs = Supervisor.getChildren(sup).flatMap(({ ref }) => ref ?? []);
    const walks = vi.spyOn(ChildTable.prototype, Symbol.iterator);
    for (const ref of refs) GenServer.cast(ref, 'boom');
    await runtime.settle();
    expect(runtime.eventsOf('child_restarted')).toHaveLength(size);
    expect(Supervisor.countChildren(sup)).toBe(size);
    expect(walks).not.toHaveBeenCalled();
    walks.mockRestore();
  });
});

describe('a child that the supervisor restarts by itself', () => {
  let runtime: TestRuntime = createTestRuntime();
  let fixture: SupervisorFixture = createSupervisorFixture(runtime);

  beforeEach(() => {
    runtime = createTestRuntime();
    fixture = createSupervisorFixture(runtime);
  });

  /** A supervisor whose child `a` has crashed, and whose next start waits for the door. */
  const retrying = async (strategy: 'one_for_one' | 'one_for_all' | 'rest_for_one') => {
    const door = gate<boolean>();
    const worker = fixture.worker('a');
    let starts = 0;
    const sup = await runtime.Supervisor.start({
      strategy,
      children: [
        {
          ...worker,
          async start() {
            starts += 1;
            if (starts === 2 && !(await door.opened)) throw new Error('not yet');
            return worker.start();
          },
        },
        fixture.worker('b'),
        fixture.worker('c'),
      ],
    });
    runtime.GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
    await runtime.settle();
    fixture.newEntries();
    return { sup, fails: () => door.open(false) };
  };

  test('cannot be restarted or deleted by hand, and the attempts go on', async () => {
    const { Supervisor } = runtime;
    const { sup, fails } = await retrying('one_for_one');
    const requests = [Supervisor.restartChild(sup, 'a'), Supervisor.deleteChild(sup, 'a')].map((request) =>
      expect(request).rejects.toMatchObject({
        name: 'ChildRestartingError',
        code: 'NOEX_CHILD_RESTARTING',
        supervisorId: sup.id,
        childId: 'a',
      }),
    );
    // Both are in the mailbox before the second attempt.
    fails();
    await Promise.all(requests);
    await runtime.settle();
    expect(alive(runtime, sup)).toEqual(['a', 'b', 'c']);
    expect(Supervisor.getChild(sup, 'a')?.restartCount).toBe(1);
  });

  test('is not restarted any more when it is terminated', async () => {
    const { Supervisor } = runtime;
    const { sup, fails } = await retrying('one_for_one');
    const terminated = Supervisor.terminateChild(sup, 'a');
    fails();
    await terminated;
    await runtime.settle();
    expect(alive(runtime, sup)).toEqual(['b', 'c']);
    await Supervisor.deleteChild(sup, 'a');
  });

  test.each(['one_for_all', 'rest_for_one'] as const)(
    'holds up its siblings under %s until it is terminated: then they start, and it stays down',
    async (strategy) => {
      const { Supervisor } = runtime;
      const { sup, fails } = await retrying(strategy);
      const waiting = expect(Supervisor.restartChild(sup, 'c')).rejects.toMatchObject({ name: 'ChildRestartingError' });
      const terminated = Supervisor.terminateChild(sup, 'a');
      fails();
      await Promise.all([waiting, terminated]);
      await runtime.settle();
      expect(fixture.newEntries()).toEqual(['+b', '+c']);
      expect(alive(runtime, sup)).toEqual(['b', 'c']);
      expect(Supervisor.getChild(sup, 'c')?.restartCount).toBe(1);
    },
  );

  test('is found by the process that was there', async () => {
    const { Supervisor } = runtime;
    const { sup, fails } = await retrying('one_for_one');
    const last = runtime.refOf(runtime.eventsOf('child_started')[0]?.id ?? '');
    expect(Supervisor.getChild(sup, last)).toMatchObject({ id: 'a', ref: undefined });
    const terminated = Supervisor.terminateChild(sup, last);
    fails();
    await terminated;
    await runtime.settle();
    expect(alive(runtime, sup)).toEqual(['b', 'c']);
  });
});

describe('a child that hangs in terminate after a crash', () => {
  test.each([
    [0, 0],
    [300, 300],
    [undefined, 5000],
    [7000, 7000],
  ])('with shutdownTimeout %s is restarted after %i ms', async (shutdownTimeout, ms) => {
    const runtime = createTestRuntime();
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({
      children: [
        {
          id: 'a',
          ...(shutdownTimeout !== undefined && { shutdownTimeout }),
          start: () => GenServer.start({ ...counter, terminate: () => never }),
        },
      ],
    });
    GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
    if (ms > 0) {
      await runtime.advance(ms - 1);
      expect(runtime.eventsOf('child_restarted')).toHaveLength(0);
      await runtime.advance(1);
    }
    await runtime.settle();
    expect(runtime.eventsOf('child_restarted')).toHaveLength(1);
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: { error: { message: 'boom' } } }]);
  });

  test('has that time also where it crashes before its start is through', async () => {
    const runtime = createTestRuntime();
    const { Supervisor, GenServer } = runtime;
    let starts = 0;
    const starting = Supervisor.start({
      children: [
        {
          id: 'hasty',
          shutdownTimeout: 300,
          async start() {
            starts += 1;
            if (starts > 1) return GenServer.start(counter);
            const ref = await GenServer.start({ ...counter, terminate: () => never });
            GenServer.cast(ref, 'boom');
            await runtime.settle();
            return ref;
          },
        },
      ],
    });
    await runtime.settle();
    await starting;
    await runtime.advance(299);
    expect(starts).toBe(1);
    await runtime.advance(1);
    expect(starts).toBe(2);
    expect(runtime.clock.pending).toBe(0);
  });

  test('with shutdownTimeout Infinity is waited for', async () => {
    const runtime = createTestRuntime();
    const { Supervisor, GenServer } = runtime;
    const door = gate();
    const sup = await Supervisor.start({
      children: [
        {
          id: 'a',
          shutdownTimeout: Number.POSITIVE_INFINITY,
          start: () => GenServer.start({ ...counter, terminate: () => door.opened }),
        },
      ],
    });
    GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
    await runtime.advance(1_000_000);
    expect(runtime.eventsOf('child_restarted')).toHaveLength(0);
    door.open();
    await runtime.settle();
    expect(runtime.eventsOf('child_restarted')).toHaveLength(1);
  });
});
