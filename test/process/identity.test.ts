import { firstValueFrom, toArray } from 'rxjs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ProcessRef } from '../../src/process/process-refs.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import type { Runtime } from '../../src/runtime/runtime-options.js';
import { counter } from '../helpers/servers.js';

/** All that takes a ref, and whether it answers with a promise. */
const readers: readonly (readonly [string, (runtime: Runtime, ref: ProcessRef) => unknown])[] = [
  ['GenServer.call', ({ GenServer }, ref) => GenServer.call({ id: ref.id, life: ref.life }, 'get')],
  ['GenServer.cast', ({ GenServer }, ref) => GenServer.cast({ id: ref.id, life: ref.life }, 'inc')],
  ['GenServer.info', ({ GenServer }, ref) => GenServer.info(ref, 'x')],
  ['GenServer.sendAfter', ({ GenServer }, ref) => GenServer.sendAfter({ id: ref.id, life: ref.life }, 'inc', 1)],
  ['GenServer.stop', ({ GenServer }, ref) => GenServer.stop(ref)],
  ['GenServer.kill', ({ GenServer }, ref) => GenServer.kill(ref)],
  ['Registry.register', ({ Registry }, ref) => Registry.register('name', ref)],
  ['Observer.trace$', ({ Observer }, ref) => firstValueFrom(Observer.trace$(ref).pipe(toArray()))],
  ['Supervisor.stop', ({ Supervisor }, ref) => Supervisor.stop({ id: ref.id, life: ref.life })],
  ['Supervisor.startChild', ({ Supervisor }, ref) => Supervisor.startChild({ id: ref.id, life: ref.life }, [])],
  [
    'Supervisor.terminateChild',
    ({ Supervisor }, ref) => Supervisor.terminateChild({ id: ref.id, life: ref.life }, 'a'),
  ],
  ['Supervisor.restartChild', ({ Supervisor }, ref) => Supervisor.restartChild({ id: ref.id, life: ref.life }, 'a')],
  ['Supervisor.deleteChild', ({ Supervisor }, ref) => Supervisor.deleteChild({ id: ref.id, life: ref.life }, 'a')],
  ['Supervisor.getChildren', ({ Supervisor }, ref) => Supervisor.getChildren({ id: ref.id, life: ref.life })],
  ['Supervisor.getChild', ({ Supervisor }, ref) => Supervisor.getChild({ id: ref.id, life: ref.life }, 'a')],
  ['Supervisor.countChildren', ({ Supervisor }, ref) => Supervisor.countChildren({ id: ref.id, life: ref.life })],
];

describe('a ref', () => {
  let here: Runtime;
  let elsewhere: Runtime;
  let foreign: ProcessRef;

  beforeEach(async () => {
    here = createRuntime();
    elsewhere = createRuntime();
    const own = await here.GenServer.start(counter);
    foreign = await elsewhere.GenServer.start(counter);
    expect(foreign.id).toBe(own.id);
  });

  test('is frozen plain data: a short id, and the life of its runtime', async () => {
    const ref = await here.GenServer.start(counter);
    expect(Object.isFrozen(ref)).toBe(true);
    expect(ref).toEqual({ id: 'p2', life: expect.stringMatching(/^[\w-]{16}$/) });
    expect(ref.life).not.toBe(foreign.life);
    expect(await here.GenServer.call(structuredClone(ref), 'get')).toBe(0);
  });

  test.each(readers)('of another runtime is refused by %s, and reaches no process of this one', async (_name, use) => {
    await expect((async () => use(here, foreign))()).rejects.toMatchObject({
      name: 'ForeignRefError',
      code: 'NOEX_FOREIGN_REF',
      processId: foreign.id,
      life: foreign.life,
    });
    expect(here.Observer.getServerStats()).toMatchObject([{ id: foreign.id, status: 'running', messageCount: 0 }]);
    expect(here.Registry.count()).toBe(0);
  });

  test.each(readers)('without a life is refused by %s, which names the argument', async (_name, use) => {
    const withoutLife = JSON.parse('{ "id": "p1" }');
    await expect((async () => use(here, withoutLife))()).rejects.toMatchObject({
      name: 'InvalidArgumentError',
      field: 'ref',
    });
  });

  test('of another runtime does not run here', () => {
    expect(here.GenServer.isRunning(foreign)).toBe(false);
    expect(here.Supervisor.isRunning({ id: foreign.id, life: foreign.life })).toBe(false);
    expect(elsewhere.GenServer.isRunning(foreign)).toBe(true);
  });

  test('of another runtime is not stopped by the observer, which says why', async () => {
    expect(await here.Observer.stopProcess(foreign)).toEqual({
      success: false,
      error: expect.stringContaining('does not belong to this runtime'),
    });
    expect(await here.Observer.stopProcess(foreign.id)).toEqual({ success: true });
  });

  test('of another runtime is no child', async () => {
    const start = async (): Promise<ProcessRef> => foreign;
    await expect(here.Supervisor.start({ children: [{ id: 'a', start }] })).rejects.toMatchObject({
      name: 'InitializationError',
      cause: { name: 'ChildStartError', cause: { name: 'ForeignRefError' } },
    });
    expect(elsewhere.GenServer.isRunning(foreign)).toBe(true);
  });
});
