import { beforeEach, describe, expect, test } from 'vitest';
import type { ProcessRef } from '../../src/process/behavior.js';
import { gate } from '../helpers/servers.js';
import { alive, childOf, createFamily, type Family } from '../helpers/supervisor-fixture.js';
import { createWorld, type World } from '../helpers/test-runtime.js';

describe('a supervisor with autoShutdown', () => {
  let world: World = createWorld();
  let family: Family = createFamily(world);

  beforeEach(() => {
    world = createWorld();
    family = createFamily(world);
  });

  const significant = { restart: 'transient', significant: true } as const;
  const finish = async (sup: ProcessRef, id: string): Promise<void> => {
    await world.GenServer.stop(childOf(world, { id: sup.id, life: sup.life }, id));
    await world.settle();
  };

  test('any_significant ends at the first significant child that finishes', async () => {
    const { Supervisor } = world;
    const sup = await Supervisor.start({
      autoShutdown: 'any_significant',
      children: [family.worker('a', significant), family.worker('b', significant), family.worker('c')],
    });
    await finish(sup, 'b');
    expect(Supervisor.isRunning(sup)).toBe(false);
    expect(family.log.slice(3)).toEqual(['-b normal', '-c shutdown', '-a shutdown']);
    expect(world.told('process_exited').at(-1)).toMatchObject({ id: sup.id, reason: 'shutdown' });
  });

  test('all_significant ends at the last', async () => {
    const { Supervisor } = world;
    const sup = await Supervisor.start({
      autoShutdown: 'all_significant',
      children: [
        family.worker('a', significant),
        family.worker('b', { restart: 'temporary', significant: true }),
        family.worker('c'),
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
      const { Supervisor, GenServer } = world;
      const sup = await Supervisor.start({
        autoShutdown,
        children: [family.worker('a', significant), family.worker('t', { restart: 'temporary' })],
      });
      GenServer.cast(childOf(world, sup, 'a'), 'boom');
      await world.settle();
      await finish(sup, 't');
      await Supervisor.terminateChild(sup, 'a');
      await world.settle();
      expect(Supervisor.isRunning(sup)).toBe(true);
    },
  );

  test('never, the default, ends for no child', async () => {
    const { Supervisor } = world;
    const sup = await Supervisor.start({ children: [family.worker('a', { restart: 'transient' })] });
    await finish(sup, 'a');
    expect(Supervisor.isRunning(sup)).toBe(true);
  });

  test('any_significant takes effect before what is in the mailbox already', async () => {
    const { Supervisor, GenServer } = world;
    const sup = await Supervisor.start({
      autoShutdown: 'any_significant',
      children: [family.worker('a', significant), family.worker('b')],
    });
    family.news();
    const stopped = GenServer.stop(childOf(world, sup, 'a'));
    GenServer.cast(childOf(world, sup, 'b'), 'boom');
    await stopped;
    // Behind the exits of both, and before the supervisor has handled either.
    const refused = expect(Supervisor.startChild(sup, family.worker('late'))).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      processId: sup.id,
    });
    await world.settle();
    await refused;
    expect(family.news()).toEqual(['-a normal', '-b crash: boom']);
    expect(Supervisor.isRunning(sup)).toBe(false);
  });

  test.each(['any_significant', 'all_significant'] as const)(
    '%s counts the children of a template',
    async (autoShutdown) => {
      const { Supervisor, GenServer } = world;
      const { start } = family.worker('x');
      const sup = await Supervisor.start({
        strategy: 'simple_one_for_one',
        autoShutdown,
        childTemplate: { ...significant, start: () => start() },
      });
      const [first, second] = [await Supervisor.startChild(sup, []), await Supervisor.startChild(sup, [])];
      await GenServer.stop(first);
      await world.settle();
      expect(Supervisor.isRunning(sup)).toBe(autoShutdown === 'all_significant');
      await GenServer.stop(second);
      await world.settle();
      expect(Supervisor.isRunning(sup)).toBe(false);
    },
  );

  test('all_significant does not end while a child that had finished is being started with its group', async () => {
    const { Supervisor, GenServer } = world;
    const door = gate();
    const worker = family.worker('again', significant);
    let starts = 0;
    const sup = await Supervisor.start({
      strategy: 'one_for_all',
      autoShutdown: 'all_significant',
      children: [
        family.worker('first', significant),
        {
          ...worker,
          start() {
            starts += 1;
            return starts === 2 ? door.opened.then(() => Promise.reject(new Error('not yet'))) : worker.start();
          },
        },
        family.worker('crashes'),
      ],
    });
    await finish(sup, 'again');
    GenServer.cast(childOf(world, sup, 'crashes'), 'boom');
    await world.settle();
    // The exit of the first is in the mailbox before the second attempt at the other.
    await GenServer.stop(childOf(world, sup, 'first'));
    door.open();
    await world.settle();
    expect(alive(world, sup)).toEqual(['first', 'again', 'crashes']);
    await finish(sup, 'first');
    await finish(sup, 'again');
    expect(Supervisor.isRunning(sup)).toBe(false);
  });

  test('does not take a significant child that is about to be restarted for one that has finished', async () => {
    const { Supervisor, GenServer } = world;
    const door = gate();
    const worker = family.worker('a', significant);
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
        family.worker('b', significant),
      ],
    });
    const b = childOf(world, sup, 'b');
    GenServer.cast(childOf(world, sup, 'a'), 'boom');
    await world.settle();
    // The exit of b is in the mailbox before the second attempt at a.
    await GenServer.stop(b);
    door.open();
    await world.settle();
    expect(Supervisor.isRunning(sup)).toBe(true);
    expect(starts).toBe(3);
  });
});
