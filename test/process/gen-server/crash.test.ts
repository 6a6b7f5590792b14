import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../../src/errors.js';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import type { ProcessRef } from '../../../src/process/process-refs.js';
import { boom, counter, gate, never, reasonText, recorder } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

describe('a handler that throws', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  const crashing = (how: () => unknown): GenServerBehavior<unknown, 'crash', 'crash', unknown, 'crash'> => ({
    init: () => null,
    handleCall: async () => [await how(), null],
    handleCast: how,
    handleInfo: how,
  });
  const sync = (): never => {
    throw boom;
  };
  const async = (): Promise<never> => Promise.reject(boom);

  test.each([
    ['call', sync],
    ['call', async],
    ['cast', sync],
    ['cast', async],
    ['info', sync],
    ['info', async],
  ] as const)('of a %s (%o) ends its process with that error', async (kind, how) => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(crashing(how));
    if (kind === 'call') await expect(GenServer.call(ref, 'crash')).rejects.toBe(boom);
    else GenServer[kind](ref, 'crash');
    await runtime.settle();
    expect(GenServer.isRunning(ref)).toBe(false);
    expect(runtime.eventsOf('process_crashed')).toMatchObject([
      { id: ref.id, error: { name: 'Error', message: 'boom' } },
    ]);
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ id: ref.id, reason: { error: { message: 'boom' } } }]);
    expect(() => GenServer.cast(ref, 'crash')).toThrow('is not running');
  });

  test('something that is no Error ends its process too, and the caller gets an Error with it as its cause', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start<null, 'crash', never, null>({
      init: () => null,
      handleCall: () => Promise.reject('only a text'),
      handleCast: () => null,
    });
    await expect(GenServer.call(ref, 'crash')).rejects.toMatchObject({
      message: "thrown: 'only a text'",
      cause: 'only a text',
    });
  });

  test('rejects the callers behind it, with the error as the cause', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    GenServer.cast(ref, 'boom');
    GenServer.cast(ref, 'inc');
    const behind = GenServer.call(ref, 'get');
    await expect(behind).rejects.toMatchObject({ name: 'ServerNotRunningError', processId: ref.id, cause: boom });
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ unhandled: 2 }]);
  });

  test('does not count the message that it did not handle', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    GenServer.cast(ref, 'inc');
    GenServer.cast(ref, 'boom');
    await runtime.settle();
    const handled = runtime.eventsOf('messages_handled').reduce((sum, { calls, casts }) => sum + calls + casts, 0);
    expect(handled).toBe(1);
  });

  test('is followed by terminate, with the error and the last good state', async () => {
    const { GenServer } = runtime;
    const seen: string[] = [];
    const ref = await GenServer.start({
      ...counter,
      terminate: (reason, count) => void seen.push(`${reasonText(reason)} at ${count}`),
    });
    GenServer.cast(ref, 'inc');
    GenServer.cast(ref, 'boom');
    await runtime.settle();
    expect(seen).toEqual(['crash: boom at 1']);
  });

  test('hurts no other process', async () => {
    const { GenServer } = runtime;
    const [a, b] = [await GenServer.start(counter), await GenServer.start(counter)];
    GenServer.cast(b, 'inc');
    GenServer.cast(a, 'boom');
    GenServer.cast(b, 'inc');
    expect(await GenServer.call(b, 'get')).toBe(2);
  });

  test('and a terminate that throws as well leave the first error as the reason', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start({
      ...counter,
      terminate() {
        throw new Error('second');
      },
    });
    GenServer.cast(ref, 'boom');
    await runtime.settle();
    expect(runtime.eventsOf('process_crashed').map(({ error }) => error.message)).toEqual(['boom', 'second']);
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: { error: { message: 'boom' } } }]);
  });

  test('and a terminate that hangs do not keep the process from going', async () => {
    const { GenServer, clock } = runtime;
    const ref = await GenServer.start({ ...counter, terminate: () => never }, { name: 'stuck' });
    GenServer.cast(ref, 'boom');
    const behind = GenServer.call(ref, 'get', { timeout: Number.POSITIVE_INFINITY });
    const rejected = expect(behind).rejects.toMatchObject({ cause: boom });
    await runtime.advance(4999);
    expect(runtime.eventsOf('process_exited')).toEqual([]);
    await runtime.advance(1);
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: { error: { message: 'boom' } } }]);
    await rejected;
    expect(clock.pending).toBe(0);
  });
});

describe('what the handler of a stopped or killed process comes back with', () => {
  test('is of no use to anybody', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor } = runtime;
    const door = gate();
    const { log, behavior } = recorder();
    const sup = await Supervisor.start({
      children: [
        {
          id: 'a',
          shutdownTimeout: 0,
          start: () =>
            GenServer.start({
              ...behavior,
              async handleCast() {
                await door.opened;
                throw new Error('too late');
              },
            }),
        },
      ],
    });
    const ref = Supervisor.getChild(sup, 'a')?.ref ?? { id: '', life: '' };
    GenServer.cast(ref, 'x');
    await runtime.settle();
    await Supervisor.stop(sup);
    door.open();
    await runtime.settle();
    expect(log).toEqual([]);
    expect(runtime.eventsOf('process_crashed')).toEqual([]);
    expect(runtime.eventsOf('process_exited').map(({ id, reason }) => [id, reason])).toEqual([
      [ref.id, 'killed'],
      [sup.id, 'normal'],
    ]);
  });
});

describe('an error that throws when it is read', () => {
  class Unreadable extends Error {
    override get name(): string {
      throw boom;
    }
    override get message(): string {
      throw boom;
    }
  }
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  test.each([
    ['sync', true],
    ['async', false],
  ])('in an init that is %s rejects the start all the same', async (_what, isSync) => {
    const { GenServer, Supervisor } = runtime;
    const init = (): Promise<never> => {
      if (isSync) throw new Unreadable();
      return Promise.reject(new Unreadable());
    };
    const start = (): Promise<ProcessRef> => GenServer.start({ ...counter, init });
    await expect(start().catch(codeOf)).resolves.toBe('NOEX_INITIALIZATION');
    const starting = Supervisor.start({ children: [{ id: 'a', start }] });
    await expect(starting.catch((error) => codeOf(error.cause))).resolves.toBe('NOEX_CHILD_START');
  });

  test('in a handler that goes on after the end is reported', async () => {
    const { GenServer } = runtime;
    const door = gate<never>();
    const ref = await GenServer.start({ ...counter, handleCast: () => door.opened });
    GenServer.cast(ref, 'inc');
    await runtime.settle();
    GenServer.kill(ref);
    door.fail(new Unreadable());
    await runtime.settle();
    expect(runtime.errors.map(codeOf)).toEqual(['NOEX_ENDED_PROCESS']);
  });
});
