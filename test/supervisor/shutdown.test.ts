import { beforeEach, describe, expect, test } from 'vitest';
import { boom, counter, gate, never, recorder } from '../helpers/servers.js';
import { alive, childOf, createSupervisorFixture, type SupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

describe('stopping a supervisor', () => {
  let runtime: TestRuntime = createTestRuntime();
  let fixture: SupervisorFixture = createSupervisorFixture(runtime);

  beforeEach(() => {
    runtime = createTestRuntime();
    fixture = createSupervisorFixture(runtime);
  });

  test('stops its children in reverse order, and those of its children', async () => {
    const { Supervisor, Observer, clock } = runtime;
    const sup = await Supervisor.start({
      children: [
        fixture.worker('a'),
        { id: 'inner', start: () => Supervisor.start({ children: [fixture.worker('x'), fixture.worker('y')] }) },
        fixture.worker('b'),
      ],
    });
    expect(fixture.newEntries()).toEqual(['+a', '+x', '+y', '+b']);
    await Supervisor.stop(sup);
    expect(fixture.newEntries()).toEqual(['-b shutdown', '-y shutdown', '-x shutdown', '-a shutdown']);
    expect(Observer.getProcessCount()).toBe(0);
    expect(clock.pending).toBe(0);
    expect(runtime.eventsOf('process_exited').at(-1)).toMatchObject({ id: sup.id, reason: 'normal', unhandled: 0 });
  });

  test('twice is fine, and so is stopping one that is gone', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a')] });
    await Promise.all([Supervisor.stop(sup), Supervisor.stop(sup, 'shutdown')]);
    await Supervisor.stop(sup);
    expect(fixture.newEntries()).toEqual(['+a', '-a shutdown']);
  });

  test('waits while a child takes its time within its shutdownTimeout', async () => {
    const { Supervisor, GenServer } = runtime;
    const door = gate();
    const sup = await Supervisor.start({
      children: [
        {
          id: 'a',
          shutdownTimeout: 100,
          start: () => GenServer.start({ ...counter, terminate: () => door.opened }),
        },
      ],
    });
    const stopping = Supervisor.stop(sup);
    await runtime.advance(99);
    door.open();
    await stopping;
    expect(runtime.eventsOf('process_exited').map(({ reason }) => reason)).toEqual(['shutdown', 'normal']);
  });

  test.each([
    ['terminate', { ...counter, terminate: () => never }],
    ['handler', { ...counter, handleCast: () => never }],
  ])(
    'kills a child whose %s hangs when its shutdownTimeout is over, and rejects its callers',
    async (_what, behavior) => {
      const { Supervisor, GenServer, clock } = runtime;
      const sup = await Supervisor.start({
        children: [
          fixture.worker('first'),
          { id: 'hung', shutdownTimeout: 300, start: () => GenServer.start(behavior, { name: 'hung' }) },
        ],
      });
      const hung = childOf(runtime, sup, 'hung');
      GenServer.cast({ id: hung.id, life: hung.life }, 'inc');
      let stopped = false;
      const stopping = Supervisor.stop(sup).then(() => {
        stopped = true;
      });
      await runtime.settle();
      const caller = GenServer.call(hung, 'ping', { timeout: Number.POSITIVE_INFINITY });
      const rejected = expect(caller).rejects.toMatchObject({ name: 'ServerNotRunningError', processId: hung.id });
      await runtime.advance(299);
      expect(stopped).toBe(false);
      await runtime.advance(1);
      await Promise.all([stopping, rejected]);
      expect(runtime.eventsOf('process_exited').map(({ reason }) => reason)).toEqual(['killed', 'shutdown', 'normal']);
      expect(runtime.Registry.count()).toBe(0);
      expect(clock.pending).toBe(0);
    },
  );

  test('gives a worker 5000 ms by default', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({
      children: [{ id: 'a', start: () => GenServer.start({ ...counter, terminate: () => never }) }],
    });
    const stopping = Supervisor.stop(sup);
    await runtime.advance(4999);
    expect(runtime.eventsOf('process_exited')).toEqual([]);
    await runtime.advance(1);
    await stopping;
  });

  test('gives a supervisor among its children all the time that its own children need', async () => {
    const { Supervisor, GenServer } = runtime;
    const hung = () => GenServer.start({ ...counter, terminate: () => never });
    const sup = await Supervisor.start({
      children: [
        {
          id: 'inner',
          start: () =>
            Supervisor.start({
              children: [
                { id: 'x', shutdownTimeout: 4000, start: hung },
                { id: 'y', shutdownTimeout: 4000, start: hung },
              ],
            }),
        },
      ],
    });
    const stopping = Supervisor.stop(sup);
    await runtime.advance(4000);
    await runtime.advance(4000);
    await stopping;
    expect(runtime.eventsOf('process_exited').map(({ reason }) => reason)).toEqual([
      'killed',
      'killed',
      'shutdown',
      'normal',
    ]);
  });

  test('kills at once, without terminate, a child whose shutdownTimeout is 0', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a', { shutdownTimeout: 0 })] });
    await Supervisor.stop(sup);
    expect(fixture.newEntries()).toEqual(['+a']);
    expect(runtime.eventsOf('process_exited').map(({ reason }) => reason)).toEqual(['killed', 'normal']);
  });

  test('stops the children of a template all at once, each within its shutdownTimeout', async () => {
    const { Supervisor, GenServer, Observer, clock } = runtime;
    const sup = await Supervisor.start({
      strategy: 'simple_one_for_one',
      childTemplate: { shutdownTimeout: 300, start: () => GenServer.start({ ...counter, terminate: () => never }) },
    });
    for (let i = 0; i < 1000; i += 1) await Supervisor.startChild(sup, []);
    const stopping = Supervisor.stop(sup);
    await runtime.advance(299);
    expect(Observer.getProcessCount()).toBe(1001);
    await runtime.advance(1);
    await stopping;
    expect(Observer.getProcessCount()).toBe(0);
    expect(clock.pending).toBe(0);
    const reasons = runtime.eventsOf('process_exited').map(({ reason }) => reason);
    expect(reasons).toEqual([...Array(1000).fill('killed'), 'normal']);
  });

  test('stops siblings one after another: the next only when the one before is gone', async () => {
    const { Supervisor, GenServer } = runtime;
    const door = gate();
    const sup = await Supervisor.start({
      children: [
        fixture.worker('a'),
        { id: 'b', start: () => GenServer.start({ ...counter, terminate: () => door.opened }) },
        fixture.worker('c'),
      ],
    });
    const stopping = Supervisor.stop(sup);
    await runtime.settle();
    expect(fixture.newEntries()).toEqual(['+a', '+c', '-c shutdown']);
    door.open();
    await stopping;
    expect(fixture.newEntries()).toEqual(['-a shutdown']);
  });

  test('lets a child handle what it was sent before', async () => {
    const { Supervisor, GenServer } = runtime;
    const { log, behavior } = recorder();
    const sup = await Supervisor.start({ children: [{ id: 'a', start: () => GenServer.start(behavior) }] });
    GenServer.cast(runtime.refOf(childOf(runtime, sup, 'a').id), 'x');
    await Supervisor.stop(sup);
    expect(log).toEqual(['cast x', 'terminate shutdown']);
  });

  test('goes on to the next child when one throws in its terminate', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({
      children: [
        fixture.worker('a'),
        { id: 'b', start: () => GenServer.start({ ...counter, terminate: () => Promise.reject(boom) }) },
      ],
    });
    await Supervisor.stop(sup);
    expect(fixture.newEntries()).toEqual(['+a', '-a shutdown']);
  });

  test('ends a loop of restarts that fail', async () => {
    const { Supervisor, GenServer } = runtime;
    let starts = 0;
    let stopping: Promise<void> | undefined;
    const worker = fixture.worker('a');
    const sup = await Supervisor.start({
      restartIntensity: { maxRestarts: 1_000_000, withinMs: 1000 },
      children: [
        {
          ...worker,
          start() {
            starts += 1;
            if (starts === 1) return worker.start();
            if (starts === 20) stopping = Supervisor.stop(sup);
            return Promise.reject(boom);
          },
        },
      ],
    });
    GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
    await runtime.settle();
    await stopping;
    expect(starts).toBe(20);
    expect(runtime.eventsOf('process_exited').at(-1)).toMatchObject({ id: sup.id, reason: 'normal' });
    expect(runtime.Observer.getProcessCount()).toBe(0);
  });

  test('restarts no child whose crash it hears of when it was asked to stop already', async () => {
    const { Supervisor, GenServer } = runtime;
    const door = gate();
    const worker = fixture.worker('b');
    const sup = await Supervisor.start({ children: [fixture.worker('a')] });
    const busy = Supervisor.startChild(sup, { ...worker, start: () => door.opened.then(() => worker.start()) });
    GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
    await runtime.settle();
    const refused = expect(busy).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    await Promise.all([Supervisor.stop(sup), refused]);
    expect(fixture.newEntries()).toEqual(['+a', '-a crash: boom']);
  });
});

describe('a supervisor that is killed', () => {
  test('takes all its children along, and those of its children, here and now', async () => {
    const runtime = createTestRuntime();
    const fixture = createSupervisorFixture(runtime);
    const { Supervisor, Observer } = runtime;
    const top = await Supervisor.start({
      children: [
        {
          id: 'inner',
          shutdownTimeout: 0,
          start: () =>
            Supervisor.start({
              children: [
                fixture.worker('x'),
                { id: 'deep', start: () => Supervisor.start({ children: [fixture.worker('y')] }) },
              ],
            }),
        },
      ],
    });
    await Supervisor.terminateChild(top, 'inner');
    expect(Observer.getProcessCount()).toBe(1);
    expect(fixture.newEntries()).toEqual(['+x', '+y']);
    expect(runtime.eventsOf('process_exited').map(({ reason }) => reason)).toEqual(Array(4).fill('killed'));
    expect(alive(runtime, top)).toEqual([]);
  });

  test('while it starts a child takes that along as well', async () => {
    const runtime = createTestRuntime();
    const fixture = createSupervisorFixture(runtime);
    const { Supervisor, Observer } = runtime;
    const door = gate();
    const worker = fixture.worker('late');
    const top = await Supervisor.start({
      children: [{ id: 'inner', shutdownTimeout: 0, start: () => Supervisor.start() }],
    });
    const inner = runtime.refOf(childOf(runtime, top, 'inner').id);
    const starting = Supervisor.startChild(inner, { ...worker, start: () => door.opened.then(() => worker.start()) });
    const rejected = expect(starting).rejects.toMatchObject({ name: 'ServerNotRunningError', processId: inner.id });
    await runtime.settle();
    await Supervisor.terminateChild(top, 'inner');
    await rejected;
    door.open();
    await runtime.settle();
    expect(fixture.newEntries()).toEqual(['+late']);
    expect(Observer.getSnapshot().servers).toEqual([]);
  });
});
