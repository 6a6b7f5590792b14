import { beforeEach, describe, expect, test } from 'vitest';
import type { ProcessRef } from '../../src/process/process-refs.js';
import { gate } from '../helpers/servers.js';
import { alive, childOf, createSupervisorFixture, type SupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

describe('a supervisor with autoShutdown', () => {
  let runtime: TestRuntime = createTestRuntime();
  let fixture: SupervisorFixture = createSupervisorFixture(runtime);

  beforeEach(() => {
    runtime = createTestRuntime();
    fixture = createSupervisorFixture(runtime);
  });

  const significant = { restart: 'transient', significant: true } as const;
  const finish = async (sup: ProcessRef, id: string): Promise<void> => {
    await runtime.GenServer.stop(childOf(runtime, { id: sup.id, life: sup.life }, id));
    await runtime.settle();
  };

  test('any_significant ends at the first significant child that finishes', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      autoShutdown: 'any_significant',
      children: [fixture.worker('a', significant), fixture.worker('b', significant), fixture.worker('c')],
    });
    await finish(sup, 'b');
    expect(Supervisor.isRunning(sup)).toBe(false);
    expect(fixture.log.slice(3)).toEqual(['-b normal', '-c shutdown', '-a shutdown']);
    expect(runtime.eventsOf('process_exited').at(-1)).toMatchObject({ id: sup.id, reason: 'shutdown' });
  });

  test('all_significant ends at the last', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({
      autoShutdown: 'all_significant',
      children: [
        fixture.worker('a', significant),
        fixture.worker('b', { restart: 'temporary', significant: true }),
        fixture.worker('c'),
      ],
    });
    await finish(sup, 'b');
    expect(Supervisor.isRunning(sup)).toBe(true);
    await finish(sup, 'a');
    expect(Supervisor.isRunning(sup)).toBe(false);
  });

  test.each(['any_significant', 'all_significant'] as const)(
    '%s does not end for one that is restarted, terminated by hand, or not significant',
    async (autoShutdown) => {
      const { Supervisor, GenServer } = runtime;
      const sup = await Supervisor.start({
        autoShutdown,
        children: [fixture.worker('a', significant), fixture.worker('t', { restart: 'temporary' })],
      });
      GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
      await runtime.settle();
      await finish(sup, 't');
      await Supervisor.terminateChild(sup, 'a');
      await runtime.settle();
      expect(Supervisor.isRunning(sup)).toBe(true);
    },
  );

  test('never, the default, ends for no child', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a', { restart: 'transient' })] });
    await finish(sup, 'a');
    expect(Supervisor.isRunning(sup)).toBe(true);
  });

  test('any_significant takes effect before what is in the mailbox already', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({
      autoShutdown: 'any_significant',
      children: [fixture.worker('a', significant), fixture.worker('b')],
    });
    fixture.newEntries();
    const stopped = GenServer.stop(childOf(runtime, sup, 'a'));
    GenServer.cast(childOf(runtime, sup, 'b'), 'boom');
    await stopped;
    // Behind the exits of both, and before the supervisor has handled either.
    const refused = expect(Supervisor.startChild(sup, fixture.worker('late'))).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      processId: sup.id,
    });
    await runtime.settle();
    await refused;
    expect(fixture.newEntries()).toEqual(['-a normal', '-b crash: boom']);
    expect(Supervisor.isRunning(sup)).toBe(false);
  });

  test.each(['any_significant', 'all_significant'] as const)(
    '%s counts the children of a template',
    async (autoShutdown) => {
      const { Supervisor, GenServer } = runtime;
      const { start } = fixture.worker('x');
      const sup = await Supervisor.start({
        strategy: 'simple_one_for_one',
        autoShutdown,
        childTemplate: { ...significant, start: () => start() },
      });
      const [first, second] = [await Supervisor.startChild(sup, []), await Supervisor.startChild(sup, [])];
      await GenServer.stop(first);
      await runtime.settle();
      expect(Supervisor.isRunning(sup)).toBe(autoShutdown === 'all_significant');
      await GenServer.stop(second);
      await runtime.settle();
      expect(Supervisor.isRunning(sup)).toBe(false);
    },
  );

  test('all_significant does not end while a child that had finished is being started with its group', async () => {
    const { Supervisor, GenServer } = runtime;
    const door = gate();
    const worker = fixture.worker('again', significant);
    let starts = 0;
    const sup = await Supervisor.start({
      strategy: 'one_for_all',
      autoShutdown: 'all_significant',
      children: [
        fixture.worker('first', significant),
        {
          ...worker,
          start() {
            starts += 1;
            return starts === 2 ? door.opened.then(() => Promise.reject(new Error('not yet'))) : worker.start();
          },
        },
        fixture.worker('crashes'),
      ],
    });
    await finish(sup, 'again');
    GenServer.cast(childOf(runtime, sup, 'crashes'), 'boom');
    await runtime.settle();
    // The exit of the first is in the mailbox before the second attempt at the other.
    await GenServer.stop(childOf(runtime, sup, 'first'));
    door.open();
    await runtime.settle();
    expect(alive(runtime, sup)).toEqual(['first', 'again', 'crashes']);
    await finish(sup, 'first');
    await finish(sup, 'again');
    expect(Supervisor.isRunning(sup)).toBe(false);
  });

  test('does not take a significant child that is about to be restarted for one that has finished', async () => {
    const { Supervisor, GenServer } = runtime;
    const door = gate();
    const worker = fixture.worker('a', significant);
    let starts = 0;
    const sup = await Supervisor.start({
      autoShutdown: 'all_significant',
      children: [
        {
          ...worker,
          start() {
            starts += 1;
            if (starts === 2) return door.opened.then(() => Promise.reject(new Error('not yet')));
            return worker.start();
          },
        },
        fixture.worker('b', significant),
      ],
    });
    const b = childOf(runtime, sup, 'b');
    GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
    await runtime.settle();
    // The exit of b is in the mailbox before the second attempt at a.
    await GenServer.stop(b);
    door.open();
    await runtime.settle();
    expect(Supervisor.isRunning(sup)).toBe(true);
    expect(starts).toBe(3);
  });
});
