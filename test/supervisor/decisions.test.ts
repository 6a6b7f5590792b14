import { describe, expect, test } from 'vitest';
import { childOf, createSupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

/** What supervisors decided, as `child: next (restarts of maxRestarts)`. */
function decisions({ eventsOf }: TestRuntime): readonly string[] {
  return eventsOf('child_down').map(
    ({ childId, next, restarts, maxRestarts }) => `${childId}: ${next} (${restarts} of ${maxRestarts})`,
  );
}

describe('a supervisor says what follows the end of a child', () => {
  test('before it starts the child again', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({ children: [createSupervisorFixture(runtime).worker('a')] });
    GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
    await runtime.settle();
    const order = runtime.events.map(({ type }) => type).filter((type) => /^child|crashed/.test(type));
    expect(order).toEqual(['child_started', 'process_crashed', 'child_down', 'child_started', 'child_restarted']);
    expect(runtime.eventsOf('child_down')).toMatchObject([
      { supervisorId: 'p1', childId: 'a', oldId: 'p2', next: 'restart', restart: 'permanent', withinMs: 5000 },
    ]);
  });

  test('with the restarts that still count', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({ children: [createSupervisorFixture(runtime).worker('a')] });
    for (const wait of [4000, 4000, 0, 0]) {
      GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
      await runtime.advance(wait);
    }
    expect(decisions(runtime)).toEqual([
      'a: restart (1 of 3)',
      'a: restart (2 of 3)',
      'a: restart (2 of 3)',
      'a: restart (3 of 3)',
    ]);
  });

  test('when that is one restart too many', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({
      name: 'shop',
      children: [createSupervisorFixture(runtime).worker('a')],
      restartIntensity: { maxRestarts: 0, withinMs: 1000 },
    });
    GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
    await runtime.settle();
    expect(decisions(runtime)).toEqual(['a: give_up (1 of 0)']);
    expect(runtime.eventsOf('supervisor_gave_up')).toMatchObject([
      { id: 'p1', name: 'shop', childId: 'a', maxRestarts: 0, withinMs: 1000, error: { message: 'boom' } },
    ]);
  });

  test('when the child stays down, and when the supervisor ends with it', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const { worker } = createSupervisorFixture(runtime);
    const supervisor = await Supervisor.start({
      children: [
        worker('temporary', { restart: 'temporary' }),
        worker('significant', { restart: 'temporary', significant: true }),
      ],
      autoShutdown: 'any_significant',
    });
    for (const id of ['temporary', 'significant']) {
      GenServer.cast(childOf(runtime, supervisor, id), 'boom');
      await runtime.settle();
    }
    expect(decisions(runtime)).toEqual(['temporary: stay_down (0 of 3)', 'significant: shutdown (0 of 3)']);
  });

  test('of a sibling that crashed in the same turn', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const { worker } = createSupervisorFixture(runtime);
    const supervisor = await Supervisor.start({ strategy: 'one_for_all', children: [worker('a'), worker('b')] });
    for (const id of ['a', 'b']) GenServer.cast(childOf(runtime, supervisor, id), 'boom');
    await runtime.settle();
    expect(decisions(runtime)).toEqual(['a: restart (1 of 3)', 'b: restart (1 of 3)']);
    expect(runtime.eventsOf('child_restarted')).toHaveLength(2);
  });

  test('of a child that crashed while it was being stopped', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({ children: [createSupervisorFixture(runtime).worker('a')] });
    GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
    await Supervisor.terminateChild(supervisor, 'a');
    await runtime.settle();
    expect(decisions(runtime)).toEqual(['a: stopped (0 of 3)']);
  });

  test('and nothing of children that end without an error and stay down', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({
      children: [createSupervisorFixture(runtime).worker('a', { restart: 'transient' })],
    });
    await GenServer.stop(childOf(runtime, supervisor, 'a'));
    await Supervisor.stop(supervisor);
    expect(runtime.eventsOf('child_down')).toEqual([]);
  });

  test('again each time that a restart failed, with the reason', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    let starts = 0;
    const supervisor = await Supervisor.start({
      children: [
        {
          id: 'db',
          async start() {
            starts += 1;
            if (starts === 2 || starts === 3) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
            return GenServer.start({ init: () => 0, handleCall: (_, s) => [s, s], handleCast: (_, s) => s });
          },
        },
      ],
    });
    await GenServer.stop(childOf(runtime, supervisor, 'db'));
    await runtime.settle();
    expect(runtime.eventsOf('child_restart_failed')).toMatchObject([
      { supervisorId: 'p1', childId: 'db', oldId: 'p2', attempt: 1, error: { code: 'ECONNREFUSED' } },
      { supervisorId: 'p1', childId: 'db', oldId: 'p2', attempt: 2, error: { code: 'ECONNREFUSED' } },
    ]);
    expect(decisions(runtime)).toEqual(['db: restart (1 of 3)', 'db: restart (2 of 3)', 'db: restart (3 of 3)']);
  });
});

describe('a crash says where it happened', () => {
  test('down from the root', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const { worker } = createSupervisorFixture(runtime);
    const money = { name: 'money', children: [worker('ledger')] };
    await Supervisor.start({
      name: 'shop',
      children: [{ id: 'payments', start: () => Supervisor.start(money) }],
    });
    GenServer.cast(childOf(runtime, runtime.Registry.lookup('money'), 'ledger'), 'boom');
    await runtime.settle();
    expect(runtime.eventsOf('process_crashed')).toMatchObject([
      {
        id: 'p3',
        supervisorId: 'p2',
        supervisorName: 'money',
        childId: 'ledger',
        path: ['shop', 'payments', 'ledger'],
      },
    ]);
  });

  test('in init and in terminate, when it was not in a handler', async () => {
    const runtime = createTestRuntime();
    const { GenServer } = runtime;
    const fails = (): never => {
      throw new Error('boom');
    };
    const handlers = { handleCall: fails, handleCast: fails };
    await expect(GenServer.start({ init: fails, ...handlers }, { name: 'a' })).rejects.toThrow('boom');
    const b = await GenServer.start({ init: () => 0, ...handlers, terminate: fails }, { name: 'b' });
    await GenServer.stop(b);
    const c = await GenServer.start({ init: () => 0, ...handlers }, { name: 'c' });
    GenServer.cast(c, undefined as never);
    await runtime.settle();
    expect(runtime.eventsOf('process_crashed').map(({ name, during }) => [name, during])).toEqual([
      ['a', 'init'],
      ['b', 'terminate'],
      ['c', undefined],
    ]);
  });
});

describe('a process that does not stop in time', () => {
  test('is killed, and that is an event', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const hangs = () => new Promise<never>(() => undefined);
    const supervisor = await Supervisor.start({
      children: [
        {
          id: 'slow',
          shutdownTimeout: 200,
          start: () =>
            GenServer.start(
              { init: () => 0, handleCall: (_, s) => [s, s], handleCast: (_, s) => s, terminate: hangs },
              { name: 'slow-one' },
            ),
        },
      ],
    });
    const stopped = Supervisor.stop(supervisor);
    await runtime.advance(200);
    await stopped;
    expect(runtime.eventsOf('stop_timed_out')).toMatchObject([
      { id: 'p2', kind: 'genserver', name: 'slow-one', timeoutMs: 200, childId: 'slow', supervisorId: 'p1' },
    ]);
  });

  test('is none when it had no time, or was killed on demand', async () => {
    const runtime = createTestRuntime();
    const { Supervisor } = runtime;
    const supervisor = await Supervisor.start({
      children: [createSupervisorFixture(runtime).worker('a', { shutdownTimeout: 0 })],
    });
    await Supervisor.stop(supervisor);
    expect(runtime.eventsOf('stop_timed_out')).toEqual([]);
  });
});
