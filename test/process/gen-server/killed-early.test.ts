import { beforeEach, describe, expect, test } from 'vitest';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import type { GenServerRef } from '../../../src/process/process-refs.js';
import { counter, recorder } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

let runtime: TestRuntime;

beforeEach(() => {
  runtime = createTestRuntime();
});

/** How the processes of this test ended, in order. */
const exits = (): unknown[] => runtime.eventsOf('process_exited').map(({ id, reason }) => [id, reason]);

describe('a process that is killed by its own init', () => {
  const killedDuringInit = { name: 'InitializationError', message: expect.stringContaining('killed during init') };

  /** Kills itself while `init` is on the stack, then goes on with what `then` returns. */
  const suicidal = (then: () => string | Promise<string>, cleaned: unknown[]): GenServerBehavior<string> => ({
    init: (self) => {
      runtime.GenServer.kill(self);
      return then();
    },
    handleCall: (_message, state) => [state, state],
    handleCast: (_message, state) => state,
    terminate: (reason, state) => void cleaned.push(reason, state),
  });

  test.each([
    ['a state', () => 'state'],
    ['a promise of a state', async () => 'state'],
  ])('does not start when that returns %s, which is passed to terminate', async (_what, then) => {
    const cleaned: unknown[] = [];
    const starting = runtime.GenServer.start(suicidal(then, cleaned), { name: 'early' });
    await expect(starting).rejects.toMatchObject(killedDuringInit);
    await runtime.settle();
    expect(cleaned).toEqual(['killed', 'state']);
    expect(exits()).toEqual([['p1', 'killed']]);
    expect(runtime.eventsOf('process_started')).toEqual([]);
    expect(runtime.clock.pending).toBe(0);
    await runtime.GenServer.start(counter, { name: 'early' });
  });

  test('does not start when that throws, and the error is reported', async () => {
    const failing = suicidal(() => {
      throw new Error('boom');
    }, []);
    await expect(runtime.GenServer.start(failing)).rejects.toMatchObject(killedDuringInit);
    expect(exits()).toEqual([['p1', 'killed']]);
    expect(runtime.errors).toMatchObject([{ code: 'NOEX_ENDED_PROCESS', cause: { message: 'boom' } }]);
  });
});

describe('a process that is killed', () => {
  test('by its own terminate ends once, and its supervisor restarts it once', async () => {
    const { GenServer, Supervisor } = runtime;
    const behavior: GenServerBehavior<number> = { ...counter, terminate: (_r, _s, { self }) => GenServer.kill(self) };
    const sup = await Supervisor.start({ children: [{ id: 'a', start: () => GenServer.start(behavior) }] });
    const child = Supervisor.getChild(sup, 'a')?.ref as GenServerRef;
    await GenServer.stop(child);
    await runtime.settle();
    expect(exits()).toEqual([[child.id, 'killed']]);
    expect(runtime.eventsOf('child_restarted')).toHaveLength(1);
  });

  test.each([
    ['crashed', 'process_crashed'],
    ['stops', 'process_stopping'],
  ] as const)('by a listener that hears that it %s ends once, and without terminate', async (_what, type) => {
    const { GenServer, Observer } = runtime;
    const { log, behavior } = recorder();
    const ref = await GenServer.start({
      ...behavior,
      handleCast: () => {
        throw new Error('boom');
      },
    });
    Observer.events$.subscribe((event) => event.type === type && GenServer.kill(ref));
    GenServer.cast(ref, 'x');
    await runtime.settle();
    expect(exits()).toEqual([[ref.id, 'killed']]);
    expect(log).toEqual([]);
    expect(GenServer.isRunning(ref)).toBe(false);
  });

  test('by a listener that hears of its init that failed ends once', async () => {
    const { GenServer } = runtime;
    GenServer.onLifecycleEvent((event) => event.type === 'crashed' && GenServer.kill(event.ref));
    const failing = { ...counter, init: () => Promise.reject(new Error('boom')) };
    await expect(GenServer.start(failing)).rejects.toMatchObject({ cause: { message: 'boom' } });
    expect(exits()).toEqual([['p1', 'killed']]);
  });

  test('by a listener that hears of its name is not started', async () => {
    const { GenServer, Observer } = runtime;
    const { life } = await GenServer.start(counter);
    Observer.events$.subscribe((event) => event.type === 'name_registered' && GenServer.kill({ id: event.id, life }));
    await expect(GenServer.start(counter, { name: 'x' })).rejects.toMatchObject({ name: 'InitializationError' });
    expect(exits()).toEqual([['p2', 'killed']]);
    expect(runtime.eventsOf('process_started')).toHaveLength(1);
  });
});

describe('a handler that returns a thenable', () => {
  const settlingTwice = {
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    then(resolve: (value: [string, number]) => void, reject: (error: Error) => void): void {
      resolve(['first', 1]);
      resolve(['second', 2]);
      reject(new Error('third'));
    },
  };

  test('is through when that settles for the first time', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start({
      ...counter,
      handleCall: (_message, state): never => (state === 0 ? settlingTwice : ['state', state]) as never,
    });
    expect(await GenServer.call(ref, 'get')).toBe('first');
    await runtime.settle();
    expect(GenServer.isRunning(ref)).toBe(true);
  });

  test('fails its init when that cannot be read, and frees the name', async () => {
    const { GenServer, Registry } = runtime;
    const unreadable = {
      // biome-ignore lint/suspicious/noThenProperty: that is what is tested
      get then(): never {
        throw new Error('boom');
      },
    };
    const starting = GenServer.start({ ...counter, init: () => unreadable as never }, { name: 'x' });
    await expect(starting).rejects.toMatchObject({ name: 'InitializationError', cause: { message: 'boom' } });
    expect(Registry.getNames()).toEqual([]);
  });
});
