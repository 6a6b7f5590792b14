import { beforeEach, describe, expect, test } from 'vitest';
import { childOf, createFamily, type Family } from '../../helpers/family.js';
import { boom, type Gate, gate, never } from '../../helpers/servers.js';
import { createWorld, type World } from '../../helpers/world.js';

describe('a supervisor whose child takes for ever to start', () => {
  let world: World = createWorld();
  let family: Family = createFamily(world);
  let door: Gate = gate();

  beforeEach(() => {
    world = createWorld();
    family = createFamily(world);
    door = gate();
  });

  /** Starts when the door opens, from its `from`-th start on; the starts before are as usual. */
  const slow = (id: string, from: number, options = {}) => {
    const worker = family.worker(id, options);
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
    const { Supervisor } = world;
    const sup = await Supervisor.start({ children: [family.worker('a')] });
    const requests = [
      Supervisor.startChild(sup, { id: 'slow', start: () => never }),
      Supervisor.startChild(sup, family.worker('b')),
      Supervisor.terminateChild(sup, 'a'),
      Supervisor.restartChild(sup, 'a'),
      Supervisor.deleteChild(sup, 'a'),
    ].map((request) => expect(request).rejects.toMatchObject({ name: 'ServerNotRunningError', processId: sup.id }));
    await world.settle();
    await Supervisor.stop(sup);
    await Promise.all(requests);
    expect(family.news()).toEqual(['+a', '-a shutdown']);
    expect(world.Observer.getProcessCount()).toBe(0);
  });

  test('stops while that child is restarted', async () => {
    const { Supervisor, GenServer } = world;
    const sup = await Supervisor.start({
      strategy: 'one_for_all',
      children: [family.worker('a'), slow('slow', 2), family.worker('c')],
    });
    GenServer.cast(childOf(world, sup, 'a'), 'boom');
    await world.settle();
    family.news();
    await Supervisor.stop(sup);
    expect(family.news()).toEqual(['-a shutdown']);
    expect(world.told('child_restart_failed')).toEqual([]);
  });

  test('stops while it starts itself, and its own start is refused', async () => {
    const { Supervisor, Registry, Observer } = world;
    const starting = expect(
      Supervisor.start({ name: 'sup', children: [family.worker('a'), slow('slow', 1), family.worker('c')] }),
    ).rejects.toMatchObject({ name: 'InitializationError', message: expect.stringContaining('it was stopped') });
    await world.settle();
    await Supervisor.stop(Registry.lookup('sup'));
    await starting;
    expect(family.news()).toEqual(['+a', '-a shutdown']);
    expect(world.told('process_crashed')).toEqual([]);
    door.open();
    await world.settle();
    expect(family.news()).toEqual(['+slow', '-slow shutdown']);
    expect(Observer.getProcessCount()).toBe(0);
  });

  test('has what starts too late stopped within its shutdownTimeout', async () => {
    const { Supervisor, GenServer, Observer, clock } = world;
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
    await world.settle();
    await Promise.all([Supervisor.stop(sup), refused]);
    door.open();
    await world.pass(299);
    expect(Observer.getProcessCount()).toBe(1);
    await world.pass(1);
    expect(Observer.getProcessCount()).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('leaves alone what starts too late where it has a supervisor by then', async () => {
    const { Supervisor, Observer } = world;
    const other = await Supervisor.start();
    const sup = await Supervisor.start();
    const refused = expect(
      Supervisor.startChild(sup, {
        id: 'shared',
        start: async () => {
          await door.opened;
          return Supervisor.startChild(other, family.worker('w'));
        },
      }),
    ).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    await world.settle();
    await Promise.all([Supervisor.stop(sup), refused]);
    door.open();
    await world.settle();
    expect(Supervisor.countChildren(other)).toBe(1);
    expect(Observer.getProcessCount()).toBe(2);
  });

  test('reports an error of a start that it did not wait for', async () => {
    const { Supervisor } = world;
    const sup = await Supervisor.start();
    const refused = expect(
      Supervisor.startChild(sup, { id: 'slow', start: () => door.opened.then(() => Promise.reject(boom)) }),
    ).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    await world.settle();
    await Promise.all([Supervisor.stop(sup), refused]);
    door.open();
    await world.settle();
    expect(world.errors).toMatchObject([
      {
        name: 'ChildStartError',
        supervisorId: sup.id,
        childId: 'slow',
        message: "child 'slow' did not start: boom",
        cause: boom,
      },
    ]);
  });

  test('stops though that start waits for the supervisor itself', async () => {
    const { Supervisor } = world;
    const sup = await Supervisor.start();
    const start = async () => {
      await door.opened;
      return Supervisor.startChild(sup, family.worker('never started'));
    };
    const refused = expect(Supervisor.startChild(sup, { id: 'waits', start })).rejects.toMatchObject({
      name: 'ServerNotRunningError',
    });
    await world.settle();
    door.open();
    await world.settle();
    await Promise.all([Supervisor.stop(sup), refused]);
    await world.settle();
    expect(family.news()).toEqual([]);
    expect(world.errors).toEqual([]);
  });

  test('is killed by the supervisor above in time, and what starts later with it', async () => {
    const { Supervisor, Observer } = world;
    const top = await Supervisor.start({
      children: [{ id: 'inner', shutdownTimeout: 0, start: () => Supervisor.start() }],
    });
    const inner = world.refOf(childOf(world, top, 'inner').id);
    const refused = expect(Supervisor.startChild(inner, slow('late', 1))).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      processId: inner.id,
    });
    await world.settle();
    await Promise.all([Supervisor.stop(top), refused]);
    door.open();
    await world.settle();
    expect(family.news()).toEqual(['+late']);
    expect(Observer.getProcessCount()).toBe(0);
  });

  test('answers at once who asks when it stops already', async () => {
    const { Supervisor, GenServer } = world;
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
    await world.settle();
    await expect(Supervisor.startChild(sup, family.worker('b'))).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      processId: sup.id,
    });
    await world.pass(1000);
    await stopping;
  });
});
