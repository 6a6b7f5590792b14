import { beforeEach, describe, expect, test } from 'vitest';
import type { ChildSpec } from '../../src/supervisor/child-spec.js';
import { boom, type Gate, gate, never } from '../helpers/servers.js';
import { childOf, createSupervisorFixture, type SupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

describe('a supervisor whose child takes for ever to start', () => {
  let runtime: TestRuntime = createTestRuntime();
  let fixture: SupervisorFixture = createSupervisorFixture(runtime);
  let door: Gate = gate();

  beforeEach(() => {
    runtime = createTestRuntime();
    fixture = createSupervisorFixture(runtime);
    door = gate();
  });

  /** Starts when the door opens, from its `from`-th start on; the starts before are as usual. */
  const slow = (id: string, from: number, options = {}) => {
    const worker = fixture.worker(id, options);
    let starts = 0;
    return {
      ...worker,
      start() {
        starts += 1;
        return starts < from ? worker.start() : door.opened.then(() => worker.start());
      },
    };
  };

  test('stops while that child is added; requests that wait are refused', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [fixture.worker('a')] });
    const requests = [
      Supervisor.startChild(sup, { id: 'slow', start: () => never }),
      Supervisor.startChild(sup, fixture.worker('b')),
      Supervisor.terminateChild(sup, 'a'),
      Supervisor.restartChild(sup, 'a'),
      Supervisor.deleteChild(sup, 'a'),
    ].map((request) => expect(request).rejects.toMatchObject({ name: 'ServerNotRunningError', processId: sup.id }));
    await runtime.settle();
    await Supervisor.stop(sup);
    await Promise.all(requests);
    expect(fixture.newEntries()).toEqual(['+a', '-a shutdown']);
    expect(runtime.Observer.getProcessCount()).toBe(0);
  });

  test('stops while that child is restarted', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({
      strategy: 'one_for_all',
      children: [fixture.worker('a'), slow('slow', 2), fixture.worker('c')],
    });
    GenServer.cast(childOf(runtime, sup, 'a'), 'boom');
    await runtime.settle();
    fixture.newEntries();
    await Supervisor.stop(sup);
    expect(fixture.newEntries()).toEqual(['-a shutdown']);
    expect(runtime.eventsOf('child_restart_failed')).toEqual([]);
  });

  test('stops while it starts itself, and its own start is refused', async () => {
    const { Supervisor, Registry, Observer } = runtime;
    const starting = expect(
      Supervisor.start({ name: 'sup', children: [fixture.worker('a'), slow('slow', 1), fixture.worker('c')] }),
    ).rejects.toMatchObject({ name: 'InitializationError', message: expect.stringContaining('it was stopped') });
    await runtime.settle();
    await Supervisor.stop(Registry.lookup('sup'));
    await starting;
    expect(fixture.newEntries()).toEqual(['+a', '-a shutdown']);
    expect(runtime.eventsOf('process_crashed')).toEqual([]);
    door.open();
    await runtime.settle();
    expect(fixture.newEntries()).toEqual(['+slow', '-slow shutdown']);
    expect(Observer.getProcessCount()).toBe(0);
  });

  test('has what starts too late stopped within its shutdownTimeout', async () => {
    const { Supervisor, GenServer, Observer, clock } = runtime;
    const sup = await Supervisor.start();
    const refused = expect(
      Supervisor.startChild(sup, {
        id: 'slow',
        shutdownTimeout: 300,
        start: async () => {
          await door.opened;
          return GenServer.start({
            init: () => 0,
            handleCall: () => [0, 0],
            handleCast: () => 0,
            terminate: () => never,
          });
        },
      }),
    ).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    await runtime.settle();
    await Promise.all([Supervisor.stop(sup), refused]);
    door.open();
    await runtime.advance(299);
    expect(Observer.getProcessCount()).toBe(1);
    await runtime.advance(1);
    expect(Observer.getProcessCount()).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('leaves alone what starts too late where it has a supervisor by then', async () => {
    const { Supervisor, Observer } = runtime;
    const other = await Supervisor.start();
    const sup = await Supervisor.start();
    const refused = expect(
      Supervisor.startChild(sup, {
        id: 'shared',
        start: async () => {
          await door.opened;
          return Supervisor.startChild(other, fixture.worker('w'));
        },
      }),
    ).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    await runtime.settle();
    await Promise.all([Supervisor.stop(sup), refused]);
    door.open();
    await runtime.settle();
    expect(Supervisor.countChildren(other)).toBe(1);
    expect(Observer.getProcessCount()).toBe(2);
  });

  test('reports an error of a start that it did not wait for', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start();
    const refused = expect(
      Supervisor.startChild(sup, { id: 'slow', start: () => door.opened.then(() => Promise.reject(boom)) }),
    ).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    await runtime.settle();
    await Promise.all([Supervisor.stop(sup), refused]);
    door.open();
    await runtime.settle();
    expect(runtime.errors).toMatchObject([
      {
        name: 'ChildStartError',
        supervisorId: sup.id,
        childId: 'slow',
        message: "child 'slow' of supervisor p1 did not start: boom",
        cause: boom,
      },
    ]);
  });

  test('stops though that start waits for the supervisor itself', async () => {
    const { Supervisor } = runtime;
    const sup = await Supervisor.start();
    const start = async () => {
      await door.opened;
      return Supervisor.startChild(sup, fixture.worker('never started'));
    };
    const refused = expect(Supervisor.startChild(sup, { id: 'waits', start })).rejects.toMatchObject({
      name: 'ServerNotRunningError',
    });
    await runtime.settle();
    door.open();
    await runtime.settle();
    await Promise.all([Supervisor.stop(sup), refused]);
    await runtime.settle();
    expect(fixture.newEntries()).toEqual([]);
    expect(runtime.errors).toEqual([]);
  });

  test('is killed by the supervisor above in time, and what starts later with it', async () => {
    const { Supervisor, Observer } = runtime;
    const top = await Supervisor.start({
      children: [{ id: 'inner', shutdownTimeout: 0, start: () => Supervisor.start() }],
    });
    const inner = runtime.refOf(childOf(runtime, top, 'inner').id);
    const refused = expect(Supervisor.startChild(inner, slow('late', 1))).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      processId: inner.id,
    });
    await runtime.settle();
    await Promise.all([Supervisor.stop(top), refused]);
    door.open();
    await runtime.settle();
    expect(fixture.newEntries()).toEqual(['+late']);
    expect(Observer.getProcessCount()).toBe(0);
  });

  test('takes along what has just started, at whatever moment it is killed', async () => {
    const { Supervisor, GenServer, Observer } = runtime;
    for (let microtasks = 0; microtasks < 20; microtasks += 1) {
      const opening = gate();
      const sup = await Supervisor.start();
      const start = () => opening.opened.then(() => fixture.worker('w').start());
      const adding = Supervisor.startChild(sup, { id: 'w', start }).catch(() => undefined);
      await runtime.settle();
      opening.open();
      for (let at = 0; at < microtasks; at += 1) await Promise.resolve();
      GenServer.kill(sup);
      await adding;
      await runtime.settle();
      expect(Observer.getProcessCount()).toBe(0);
    }
  });

  test('answers at once who asks when it stops already', async () => {
    const { Supervisor, GenServer } = runtime;
    const sup = await Supervisor.start({
      children: [
        {
          id: 'hung',
          shutdownTimeout: 1000,
          start: () =>
            GenServer.start({ init: () => 0, handleCall: () => [0, 0], handleCast: () => 0, terminate: () => never }),
        },
      ],
    });
    const stopping = Supervisor.stop(sup);
    await runtime.settle();
    await expect(Supervisor.startChild(sup, fixture.worker('b'))).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      processId: sup.id,
    });
    await runtime.advance(1000);
    await stopping;
  });

  describe('when that child is in its init', () => {
    /** A supervisor in a supervisor, of which the last child never starts. */
    const nested = (start: ChildSpec['start'] = () => never) => ({
      id: 'inner',
      start: () => runtime.Supervisor.start({ name: 'inner', children: [fixture.worker('a'), { id: 'hung', start }] }),
    });

    test('stops a nested supervisor that still starts its own children, and them, before its other children', async () => {
      const { Supervisor, Registry, Observer } = runtime;
      const starting = Supervisor.start({ name: 'outer', children: [fixture.worker('before'), nested()] });
      const refused = expect(starting).rejects.toMatchObject({ name: 'InitializationError' });
      await runtime.settle();
      await Supervisor.stop(Registry.lookup('outer'));
      await refused;
      expect(Observer.getProcessCount()).toBe(0);
      expect(fixture.newEntries()).toEqual(['+before', '+a', '-a shutdown', '-before shutdown']);
      expect(runtime.errors).toEqual([]);
    });

    test('stops a nested supervisor that is restarted', async () => {
      const { Supervisor, GenServer, Observer } = runtime;
      let starts = 0;
      const hung = () => {
        starts += 1;
        return starts === 1 ? fixture.worker('b').start() : never;
      };
      const outer = await Supervisor.start({
        strategy: 'one_for_all',
        children: [fixture.worker('c'), nested(hung)],
      });
      GenServer.cast(childOf(runtime, outer, 'c'), 'boom');
      await runtime.settle();
      expect(Observer.getProcessCount()).toBe(4);
      await Supervisor.stop(outer);
      expect(Observer.getProcessCount()).toBe(0);
      expect(runtime.errors).toEqual([]);
    });

    test('stops supervisors nested in one another', async () => {
      const { Supervisor, Observer } = runtime;
      const outer = await Supervisor.start();
      const middle = () => Supervisor.start({ children: [nested()] });
      const refused = expect(Supervisor.startChild(outer, { id: 'middle', start: middle })).rejects.toMatchObject({
        name: 'ServerNotRunningError',
      });
      await runtime.settle();
      expect(Observer.getProcessCount()).toBe(4);
      await Promise.all([Supervisor.stop(outer), refused]);
      expect(Observer.getProcessCount()).toBe(0);
      expect(runtime.errors).toEqual([]);
    });

    test('kills it when the supervisor is killed', async () => {
      const { Supervisor, GenServer, Observer } = runtime;
      const outer = await Supervisor.start();
      const refused = expect(Supervisor.startChild(outer, nested())).rejects.toMatchObject({
        name: 'ServerNotRunningError',
      });
      await runtime.settle();
      GenServer.kill(outer);
      await refused;
      expect(Observer.getProcessCount()).toBe(0);
      await runtime.settle();
      expect(runtime.errors).toEqual([]);
    });

    test('gives a server its shutdownTimeout to end its init', async () => {
      const { Supervisor, GenServer, Observer, clock } = runtime;
      const server = () =>
        GenServer.start({ init: () => never, handleCall: () => [0, 0], handleCast: () => 0 }, { initTimeout: 60_000 });
      const outer = await Supervisor.start();
      const refused = expect(
        Supervisor.startChild(outer, { id: 'slow', shutdownTimeout: 300, start: server }),
      ).rejects.toMatchObject({ name: 'ServerNotRunningError' });
      await runtime.settle();
      const stopping = Supervisor.stop(outer);
      await runtime.advance(299);
      expect(Observer.getProcessCount()).toBe(2);
      await runtime.advance(1);
      await Promise.all([stopping, refused]);
      expect(Observer.getProcessCount()).toBe(0);
      expect(runtime.errors).toEqual([]);
      expect(clock.pending).toBe(0);
    });

    test('leaves alone a server that was started by the way and runs', async () => {
      const { Supervisor, Observer } = runtime;
      const outer = await Supervisor.start();
      const start = async () => {
        await fixture.worker('helper').start();
        return never;
      };
      const refused = expect(Supervisor.startChild(outer, { id: 'hung', start })).rejects.toMatchObject({
        name: 'ServerNotRunningError',
      });
      await runtime.settle();
      await Promise.all([Supervisor.stop(outer), refused]);
      expect(fixture.newEntries()).toEqual(['+helper']);
      expect(Observer.getProcessCount()).toBe(1);
    });
  });
});
