import { beforeEach, describe, expect, test } from 'vitest';
import type { ProcessRef } from '../../src/process/process-refs.js';
import { boom, counter, gate } from '../helpers/servers.js';
import { alive, childOf, createSupervisorFixture, type SupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

describe('the restart intensity of a supervisor', () => {
  let runtime: TestRuntime = createTestRuntime();
  let fixture: SupervisorFixture = createSupervisorFixture(runtime);

  beforeEach(() => {
    runtime = createTestRuntime();
    fixture = createSupervisorFixture(runtime);
  });

  const crash = async (sup: ProcessRef, id: string): Promise<void> => {
    runtime.GenServer.cast(childOf(runtime, { id: sup.id, life: sup.life }, id), 'boom');
    await runtime.settle();
  };

  test('is three restarts in 5000 ms by default: the fourth crash is one too many', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a'), fixture.worker('b')] });
    for (let i = 0; i < 3; i += 1) await crash(sup, 'a');
    expect(Supervisor.isRunning(sup)).toBe(true);
    fixture.newEntries();
    await crash(sup, 'a');
    expect(Supervisor.isRunning(sup)).toBe(false);
    expect(fixture.newEntries()).toEqual(['-a crash: boom', '-b shutdown']);
    expect(runtime.eventsOf('supervisor_gave_up')).toMatchObject([
      { id: sup.id, maxRestarts: 3, withinMs: 5000, childId: 'a', error: { name: 'Error', message: 'boom' } },
    ]);
    expect(runtime.eventsOf('process_exited').at(-1)).toMatchObject({ id: sup.id, reason: 'shutdown' });
    expect(runtime.Observer.getProcessCount()).toBe(0);
  });

  test('forgives what lies further back than its window', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      restartIntensity: { maxRestarts: 1, withinMs: 1000 },
      children: [fixture.worker('a')],
    });
    for (let i = 0; i < 5; i += 1) {
      await crash(sup, 'a');
      await runtime.advance(1001);
    }
    expect(alive(runtime, sup)).toEqual(['a']);
    await crash(sup, 'a');
    await runtime.advance(1000);
    await crash(sup, 'a');
    expect(Supervisor.isRunning(sup)).toBe(false);
  });

  test('counts the crashes of all children together', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      restartIntensity: { maxRestarts: 1, withinMs: 1000 },
      children: [fixture.worker('a'), fixture.worker('b')],
    });
    await crash(sup, 'a');
    await crash(sup, 'b');
    expect(Supervisor.isRunning(sup)).toBe(false);
  });

  test('of none tolerates none', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      restartIntensity: { maxRestarts: 0, withinMs: 1000 },
      children: [fixture.worker('a'), fixture.worker('t', { restart: 'temporary' })],
    });
    await crash(sup, 't');
    expect(Supervisor.isRunning(sup)).toBe(true);
    await crash(sup, 'a');
    expect(Supervisor.isRunning(sup)).toBe(false);
  });

  test('once exceeded ends the supervisor, which the one above restarts where it is permanent', async () => {
    const { Supervisor, Registry, GenServer } = runtime;
    const top = await Supervisor.start({
      children: [
        {
          id: 'inner',
          start: () =>
            Supervisor.start({
              name: 'inner',
              restartIntensity: { maxRestarts: 0, withinMs: 1000 },
              children: [fixture.worker('w')],
            }),
        },
      ],
    });
    const inner = Registry.lookup('inner');
    await crash(inner, 'w');
    const again = Registry.lookup('inner');
    expect(again.id).not.toBe(inner.id);
    expect(await GenServer.call(childOf(runtime, { id: again.id, life: again.life }, 'w'), 'ping')).toBe('pong');
    expect(Supervisor.getChild(top, 'inner')).toMatchObject({ type: 'supervisor', restartCount: 1 });
  });

  test('once exceeded is no reason to restart a transient supervisor: it ended politely', async () => {
    const { Supervisor, Registry } = runtime;
    const top = await Supervisor.start({
      children: [
        {
          id: 'inner',
          restart: 'transient',
          start: () =>
            Supervisor.start({
              name: 'inner',
              restartIntensity: { maxRestarts: 0, withinMs: 1000 },
              children: [fixture.worker('w')],
            }),
        },
      ],
    });
    await crash(Registry.lookup('inner'), 'w');
    expect(Supervisor.getChild(top, 'inner')).toMatchObject({ ref: undefined, restartCount: 0 });
    expect(Registry.whereis('inner')).toBeUndefined();
  });

  test('names the last child also where it did not crash', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({
      restartIntensity: { maxRestarts: 0, withinMs: 1000 },
      children: [fixture.worker('a')],
    });
    await GenServer.stop(childOf(runtime, sup, 'a'));
    await runtime.settle();
    expect(runtime.eventsOf('supervisor_gave_up')).toMatchObject([
      { id: sup.id, childId: 'a', error: { message: "child 'a' ended with reason 'normal'" } },
    ]);
  });

  test('ends the topmost supervisor too when that has had enough, and the cause is the last crash', async () => {
    const { Supervisor, Registry } = runtime;
    const reasons: unknown[] = [];
    Supervisor.onLifecycleEvent((event) => event.type === 'crashed' && reasons.push(event.error.message));
    const restartIntensity = { maxRestarts: 0, withinMs: 1000 };
    const top = await Supervisor.start({
      restartIntensity,
      children: [
        {
          id: 'inner',
          start: () => Supervisor.start({ name: 'inner', restartIntensity, children: [fixture.worker('w')] }),
        },
      ],
    });
    await crash(Registry.lookup('inner'), 'w');
    expect(Supervisor.isRunning(top)).toBe(false);
    expect(reasons).toEqual([
      expect.stringContaining('supervisor p2 gave up: more than 0 restarts within 1000 ms'),
      expect.stringContaining(`supervisor ${top.id} gave up`),
    ]);
    expect(runtime.eventsOf('supervisor_gave_up')).toMatchObject([
      { id: 'p2', childId: 'w', error: { message: 'boom' } },
      { id: top.id, childId: 'inner', error: { name: 'MaxRestartsExceededError' } },
    ]);
    expect(runtime.Observer.getProcessCount()).toBe(0);
  });

  test('once exceeded rejects every request that waits for that supervisor, with the reason as the cause', async () => {
    const { Supervisor, GenServer } = runtime;
    const door = gate();
    const sup = await Supervisor.start({
      restartIntensity: { maxRestarts: 0, withinMs: 1000 },
      children: [
        { id: 'slow', start: () => GenServer.start({ ...counter, terminate: () => door.opened }) },
        fixture.worker('a'),
      ],
    });
    await crash(sup, 'a');
    const waiting = expect(Supervisor.startChild(sup, fixture.worker('b'))).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      processId: sup.id,
      cause: { name: 'MaxRestartsExceededError', cause: boom },
    });
    door.open();
    await waiting;
  });

  test('counts a restart whose start fails, tries again, and gives up in the end', async () => {
    const { Supervisor } = runtime;
    let starts = 0;
    const worker = fixture.worker('a');
    const sup = await Supervisor.start({
      restartIntensity: { maxRestarts: 5, withinMs: 1000 },
      children: [
        {
          ...worker,
          start() {
            starts += 1;
            return starts === 1 ? worker.start() : Promise.reject(new Error(`attempt ${starts}`));
          },
        },
      ],
    });
    await crash(sup, 'a');
    expect(starts).toBe(6);
    expect(Supervisor.isRunning(sup)).toBe(false);
    expect(runtime.eventsOf('supervisor_gave_up')).toMatchObject([{ id: sup.id, error: { message: 'attempt 6' } }]);
    expect(runtime.eventsOf('process_exited').at(-1)).toMatchObject({ id: sup.id, reason: 'shutdown' });
    const oldId = runtime.eventsOf('child_started')[0]?.id;
    expect(runtime.eventsOf('child_restart_failed')).toMatchObject(
      [2, 3, 4, 5, 6].map((start, failure) => ({
        supervisorId: sup.id,
        childId: 'a',
        oldId,
        error: { name: 'Error', message: `attempt ${start}` },
        attempt: failure + 1,
      })),
    );
  });

  test('lets a restart that failed succeed at the next attempt', async () => {
    const { Supervisor } = runtime;
    let starts = 0;
    const worker = fixture.worker('b');
    const sup = await Supervisor.start({
      strategy: 'rest_for_one',
      children: [
        fixture.worker('a'),
        {
          ...worker,
          start() {
            starts += 1;
            return starts === 2 ? Promise.reject(boom) : worker.start();
          },
        },
        fixture.worker('c'),
      ],
    });
    fixture.newEntries();
    await crash(sup, 'b');
    expect(fixture.newEntries()).toEqual(['-b crash: boom', '-c shutdown', '+b', '+c']);
    expect(alive(runtime, sup)).toEqual(['a', 'b', 'c']);
    expect(Supervisor.getChild(sup, 'b')?.restartCount).toBe(1);
  });
});
