import { beforeEach, describe, expect, test } from 'vitest';
import type { ProcessRef, SupervisorRef } from '../../src/process/process-refs.js';
import { boom, counter, gate } from '../helpers/servers.js';
import { alive, childOf, createSupervisorFixture, type SupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

describe('the children of a supervisor', () => {
  let runtime: TestRuntime = createTestRuntime();
  let fixture: SupervisorFixture = createSupervisorFixture(runtime);

  beforeEach(() => {
    runtime = createTestRuntime();
    fixture = createSupervisorFixture(runtime);
  });

  test('start one after another, each when the one before runs', async () => {
    const { Supervisor, GenServer } = runtime;
    const door = gate<number>();
    const starting = Supervisor.start({
      children: [
        { id: 'a', start: () => GenServer.start({ ...counter, init: () => door.opened }) },
        fixture.worker('b'),
      ],
    });
    await runtime.settle();
    expect(fixture.newEntries()).toEqual([]);
    door.open(0);
    await starting;
    expect(fixture.newEntries()).toEqual(['+b']);
  });

  test('are refused when a process that has ended is given for two of them', async () => {
    const { Supervisor, GenServer } = runtime;
    const ended = await GenServer.start(counter);
    await GenServer.stop(ended);
    const child = (id: string) => ({ id, restart: 'temporary' as const, start: () => Promise.resolve(ended) });
    const sup = await Supervisor.start({ children: [child('a')] });
    await expect(Supervisor.startChild(sup, child('b'))).rejects.toMatchObject({
      name: 'InvalidChildSpecError',
      message: expect.stringContaining('which already has a place in the supervision tree'),
    });
    await runtime.settle();
    expect(Supervisor.getChildren(sup)).toEqual([]);
    expect(Supervisor.countChildren(sup)).toBe(0);
  });

  test('have one supervisor, also when two are given the same process at the same moment', async () => {
    const { Supervisor, GenServer } = runtime;
    const shared = await GenServer.start(counter);
    const sups = await Promise.all([Supervisor.start(), Supervisor.start()]);
    const child = { id: 'shared', start: () => Promise.resolve(shared) };
    const outcomes = await Promise.allSettled(sups.map((sup) => Supervisor.startChild(sup, child)));
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: shared },
      { status: 'rejected', reason: { name: 'InvalidChildSpecError' } },
    ]);
    expect(sups.map((sup) => Supervisor.countChildren(sup))).toEqual([1, 0]);
  });

  test('that started are stopped, last first, when one after them does not start', async () => {
    const { Supervisor, Observer, Registry } = runtime;
    const starting = Supervisor.start({
      name: 'sup',
      children: [
        fixture.worker('a'),
        fixture.worker('b'),
        { id: 'c', start: () => Promise.reject(boom) },
        fixture.worker('d'),
      ],
    });
    await expect(starting).rejects.toMatchObject({
      name: 'InitializationError',
      message: "process p1 ('sup') did not start: child 'c' of supervisor p1 did not start: boom",
      cause: { name: 'ChildStartError', code: 'NOEX_CHILD_START', supervisorId: 'p1', childId: 'c', cause: boom },
    });
    expect(fixture.newEntries()).toEqual(['+a', '+b', '-b shutdown', '-a shutdown']);
    expect(Observer.getProcessCount()).toBe(0);
    expect(Registry.count()).toBe(0);
  });

  test('that do not start are named through all supervisors, with what their processes threw', async () => {
    const { Supervisor, GenServer } = runtime;
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
    const db = () => GenServer.start({ ...counter, init: () => Promise.reject(refused) }, { name: 'db' });
    const inner = () => Supervisor.start({ name: 'storage', children: [{ id: 'pool', start: db }] });
    const error = await Supervisor.start({ children: [{ id: 'inner', start: inner }] }).catch((thrown) => thrown);
    expect(error.message).toBe(
      "process p1 did not start: child 'inner' of supervisor p1 did not start: process p2 ('storage') did not start: " +
        "child 'pool' of supervisor p2 did not start: process p3 ('db') did not start: connect ECONNREFUSED 127.0.0.1:5432",
    );
    const chain: string[] = [];
    for (let at = error; at instanceof Error; at = at.cause as Error) chain.push(at.name);
    expect(chain).toEqual([
      'InitializationError',
      'ChildStartError',
      'InitializationError',
      'ChildStartError',
      'InitializationError',
      'Error',
    ]);
  });

  test('are listed in order, with what they are', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      autoShutdown: 'all_significant',
      children: [
        fixture.worker('a', { restart: 'transient', significant: true }),
        { id: 'inner', start: () => Supervisor.start() },
      ],
    });
    const [a, inner] = Supervisor.getChildren(sup);
    expect(a).toEqual({
      id: 'a',
      ref: { id: expect.any(String), life: expect.any(String) },
      type: 'genserver',
      restart: 'transient',
      significant: true,
      restartCount: 0,
    });
    expect(inner).toMatchObject({ id: 'inner', type: 'supervisor', restart: 'permanent', significant: false });
    expect(Supervisor.getChild(sup, 'a')).toEqual(a);
    expect(Supervisor.getChild(sup, 'nobody')).toBeUndefined();
    expect(Supervisor.countChildren(sup)).toBe(2);
  });

  test('can be added while it runs', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a')] });
    const ref = await Supervisor.startChild(sup, fixture.worker('b'));
    expect(alive(runtime, sup)).toEqual(['a', 'b']);
    expect(childOf(runtime, sup, 'b')).toEqual(ref);
    GenServer.cast({ id: ref.id, life: ref.life }, 'boom');
    await runtime.settle();
    expect(alive(runtime, sup)).toEqual(['a', 'b']);
  });

  test('keep their place for themselves while they are down for a restart', async () => {
    const { Supervisor, GenServer } = runtime;
    const worker = fixture.worker('a');
    const failing = gate();
    let starts = 0;
    const sup = await Supervisor.start({
      children: [
        {
          ...worker,
          start() {
            starts += 1;
            return starts === 2 ? failing.opened.then(() => Promise.reject(boom)) : worker.start();
          },
        },
      ],
    });
    GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
    await runtime.settle();
    // The request is in the mailbox before the second attempt.
    const added = expect(Supervisor.startChild(sup, worker)).rejects.toMatchObject({ name: 'DuplicateChildError' });
    failing.open();
    await added;
    await runtime.settle();
    expect(alive(runtime, sup)).toEqual(['a']);
    expect(starts).toBe(3);
  });

  test('cannot be added twice under one id', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a')] });
    await expect(Supervisor.startChild(sup, fixture.worker('a'))).rejects.toMatchObject({
      name: 'DuplicateChildError',
      code: 'NOEX_DUPLICATE_CHILD',
      supervisorId: sup.id,
      childId: 'a',
    });
    expect(fixture.newEntries()).toEqual(['+a']);
  });

  test('that do not start when added are not kept, and the reason is given', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start();
    await expect(Supervisor.startChild(sup, { id: 'a', start: () => Promise.reject(boom) })).rejects.toBe(boom);
    expect(Supervisor.getChildren(sup)).toEqual([]);
    expect(Supervisor.isRunning(sup)).toBe(true);
  });

  test('can be terminated, keep their place, and can be started again', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a'), fixture.worker('b')] });
    const before = childOf(runtime, sup, 'a');
    await Supervisor.terminateChild(sup, 'a');
    await Supervisor.terminateChild(sup, 'a');
    expect(fixture.newEntries()).toEqual(['+a', '+b', '-a shutdown']);
    expect(Supervisor.getChild(sup, 'a')).toMatchObject({ ref: undefined, type: undefined });
    expect(Supervisor.countChildren(sup)).toBe(1);
    expect(runtime.clock.pending).toBe(0);
    const ref = await Supervisor.restartChild(sup, 'a');
    expect(ref.id).not.toBe(before.id);
    expect(alive(runtime, sup)).toEqual(['a', 'b']);
    expect(Supervisor.getChild(sup, 'a')?.restartCount).toBe(0);
  });

  test('that run are stopped first when restarted by hand', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a')] });
    await Supervisor.restartChild(sup, 'a');
    expect(fixture.newEntries()).toEqual(['+a', '-a shutdown', '+a']);
    expect(runtime.eventsOf('child_restarted')).toEqual([]);
  });

  test('that do not start again stay down in their place', async () => {
    const { Supervisor } = runtime;
    const worker = fixture.worker('a');
    let starts = 0;
    const sup = await Supervisor.start({
      children: [
        {
          ...worker,
          start() {
            starts += 1;
            return starts === 2 ? Promise.reject(boom) : worker.start();
          },
        },
      ],
    });
    await expect(Supervisor.restartChild(sup, 'a')).rejects.toBe(boom);
    expect(Supervisor.getChild(sup, 'a')).toMatchObject({ ref: undefined });
    await Supervisor.restartChild(sup, 'a');
    expect(alive(runtime, sup)).toEqual(['a']);
  });

  test('of type temporary are forgotten when terminated, and the place of one that is down can be taken', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      children: [fixture.worker('t', { restart: 'temporary' }), fixture.worker('p')],
    });
    await Supervisor.terminateChild(sup, 't');
    await Supervisor.terminateChild(sup, 'p');
    expect(Supervisor.getChildren(sup).map(({ id }) => id)).toEqual(['p']);
    await Supervisor.startChild(sup, fixture.worker('p', { restart: 'transient' }));
    expect(Supervisor.getChild(sup, 'p')?.restart).toBe('transient');
  });

  test('that are unknown are an error', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start();
    const refusal = { name: 'ChildNotFoundError', code: 'NOEX_CHILD_NOT_FOUND', supervisorId: sup.id, childId: 'x' };
    await expect(Supervisor.terminateChild(sup, 'x')).rejects.toMatchObject(refusal);
    await expect(Supervisor.restartChild(sup, 'x')).rejects.toMatchObject(refusal);
  });

  test('of a supervisor that is gone are an error', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start();
    await Supervisor.stop(sup);
    const refusal = { name: 'ServerNotRunningError', processId: sup.id };
    expect(() => Supervisor.getChildren(sup)).toThrow(expect.objectContaining(refusal));
    expect(() => Supervisor.getChild(sup, 'a')).toThrow(expect.objectContaining(refusal));
    expect(() => Supervisor.countChildren(sup)).toThrow(expect.objectContaining(refusal));
    await expect(Supervisor.startChild(sup, fixture.worker('a'))).rejects.toMatchObject(refusal);
    await expect(Supervisor.terminateChild(sup, 'a')).rejects.toMatchObject(refusal);
    await expect(Supervisor.restartChild(sup, 'a')).rejects.toMatchObject(refusal);
    expect(Supervisor.isRunning(sup)).toBe(false);
  });

  test('may ask their supervisor for another while it is still starting', async () => {
    const { Supervisor, GenServer, Registry } = runtime;
    const asked: Promise<unknown>[] = [];
    const sup = await Supervisor.start({
      name: 'sup',
      children: [
        {
          id: 'asks',
          start: () =>
            GenServer.start({
              ...counter,
              init() {
                // Not awaited, and not before the start that is under way has returned to the supervisor.
                queueMicrotask(() =>
                  asked.push(Supervisor.startChild(Registry.lookup('sup'), fixture.worker('asked for'))),
                );
                return 0;
              },
            }),
        },
        fixture.worker('b'),
      ],
    });
    await Promise.all(asked);
    expect(alive(runtime, sup)).toEqual(['asks', 'b', 'asked for']);
  });

  test('that ask their supervisor from within their own start are refused: it waits for that start', async () => {
    const { Supervisor, Registry } = runtime;
    const ask = (request: (sup: SupervisorRef) => Promise<unknown>) => ({
      id: 'asks',
      async start() {
        await request(Registry.lookup('sup'));
        return runtime.GenServer.start(counter);
      },
    });
    const sup = await Supervisor.start({ name: 'sup', children: [fixture.worker('b')] });
    const refused = { name: 'CallingSelfError', code: 'NOEX_CALLING_SELF', processId: sup.id };
    for (const request of [
      () => Supervisor.startChild(sup, fixture.worker('c')),
      () => Supervisor.terminateChild(sup, 'b'),
      () => Supervisor.restartChild(sup, 'b'),
      () => Supervisor.deleteChild(sup, 'b'),
    ]) {
      await expect(Supervisor.startChild(sup, ask(request))).rejects.toMatchObject(refused);
    }
    expect(alive(runtime, sup)).toEqual(['b']);
    expect(alive(runtime, await Supervisor.start({ children: [fixture.worker('d')] }))).toEqual(['d']);
  });
});

describe('the children of a simple_one_for_one supervisor', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  const pool = (restart: 'permanent' | 'transient' | 'temporary' = 'permanent') =>
    runtime.Supervisor.start<[first: number, second: number]>({
      strategy: 'simple_one_for_one',
      childTemplate: {
        restart,
        start: (first, second) => runtime.GenServer.start({ ...counter, init: () => first + second }),
      },
    });

  const sumOf = (ref: ProcessRef): Promise<unknown> => runtime.GenServer.call({ id: ref.id, life: ref.life }, 'get');

  test('are none at first, and made from the template with the arguments given', async () => {
    const { Supervisor } = runtime;
    const sup = await pool();
    expect(Supervisor.countChildren(sup)).toBe(0);
    const a = await Supervisor.startChild(sup, [1, 2]);
    const b = await Supervisor.startChild(sup, [10, 20]);
    expect([await sumOf(a), await sumOf(b)]).toEqual([3, 30]);
    const ids = Supervisor.getChildren(sup).map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });

  test('are restarted with the same arguments, alone', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await pool();
    const a = await Supervisor.startChild(sup, [1, 2]);
    const b = await Supervisor.startChild(sup, [10, 20]);
    GenServer.cast({ id: a.id, life: a.life }, 'boom');
    await runtime.settle();
    const [first, second] = Supervisor.getChildren(sup);
    expect(await sumOf(first?.ref ?? a)).toBe(3);
    expect(first?.restartCount).toBe(1);
    expect(second?.ref).toEqual(b);
  });

  test('are forgotten when they are down', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await pool('transient');
    const finished = await Supervisor.startChild(sup, [1, 2]);
    await Supervisor.startChild(sup, [3, 4]);
    await GenServer.stop(finished);
    await runtime.settle();
    const [left] = Supervisor.getChildren(sup);
    await Supervisor.terminateChild(sup, left?.id ?? '');
    expect(Supervisor.getChildren(sup)).toEqual([]);
  });

  test('never share an id, however many have come and gone', async () => {
    const { Supervisor } = runtime;
    const sup = await pool('temporary');
    const seen = new Set<string>();
    for (let i = 0; i < 5; i += 1) {
      await Supervisor.startChild(sup, [i, i]);
      const [child] = Supervisor.getChildren(sup);
      seen.add(child?.id ?? '');
      await Supervisor.terminateChild(sup, child?.id ?? '');
    }
    expect(seen.size).toBe(5);
  });

  test('stop with their supervisor, last first', async () => {
    const { Supervisor } = runtime;
    const sup = await pool();
    const refs = [await Supervisor.startChild(sup, [1, 1]), await Supervisor.startChild(sup, [2, 2])];
    await Supervisor.stop(sup);
    expect(runtime.eventsOf('process_exited').map(({ id }) => id)).toEqual([refs[1]?.id, refs[0]?.id, sup.id]);
  });
});
