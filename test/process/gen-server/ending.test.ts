import { beforeEach, describe, expect, test } from 'vitest';
import { type HandlerContext, stop } from '../../../src/index.js';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import type { GenServerRef } from '../../../src/process/process-refs.js';
import { createRuntime } from '../../../src/runtime/runtime.js';
import { boom, counter, gate, never, recorder } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

let runtime: TestRuntime;

beforeEach(() => {
  runtime = createTestRuntime();
});

const forEver = { timeout: Number.POSITIVE_INFINITY };

describe('kill', () => {
  test('ends a process whose handler never returns, rejects its callers, and frees its name', async () => {
    const { GenServer, Registry } = runtime;
    const ref = await GenServer.start({ ...counter, handleCall: () => never }, { name: 'hung' });
    const calls = [GenServer.call(ref, 'get', forEver), GenServer.call(ref, 'get', forEver)];
    await runtime.settle();
    GenServer.kill(ref);
    expect(GenServer.isRunning(ref)).toBe(false);
    expect(Registry.whereis('hung')).toBeUndefined();
    for (const call of calls) await expect(call).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ id: ref.id, reason: 'killed' }]);
    await GenServer.start(counter, { name: 'hung' });
    GenServer.kill(ref);
  });

  test('runs no terminate, and stop with the reason killed is the same', async () => {
    const { GenServer } = runtime;
    const { log, behavior } = recorder();
    GenServer.kill(await GenServer.start(behavior));
    await GenServer.stop(await GenServer.start(behavior), 'killed');
    expect(log).toEqual([]);
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: 'killed' }, { reason: 'killed' }]);
  });

  test('lets a process end itself at once', async () => {
    const { GenServer } = runtime;
    const ref: GenServerRef<number, string, string, number> = await GenServer.start<number, string, string, number>({
      init: () => 0,
      handleCall: (_message, state, { self }) => {
        GenServer.kill(self);
        return [1, state];
      },
      handleCast: (_message, state) => state,
    });
    await expect(GenServer.call(ref, 'x')).rejects.toMatchObject({ name: 'ServerNotRunningError' });
  });
});

describe('stop with a time-out', () => {
  test('kills the process when it takes longer', async () => {
    const { GenServer, clock } = runtime;
    const ref = await GenServer.start({ ...counter, terminate: () => never });
    const stopping = GenServer.stop(ref, 'normal', { timeout: 300 });
    await runtime.advance(299);
    expect(runtime.eventsOf('process_exited')).toEqual([]);
    await runtime.advance(1);
    await stopping;
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: 'killed' }]);
    expect(clock.pending).toBe(0);
  });

  test('leaves no timer behind when the process stops in time', async () => {
    const { GenServer, clock } = runtime;
    await GenServer.stop(await GenServer.start(counter), 'normal', { timeout: 300 });
    expect(clock.pending).toBe(0);
  });

  test.each([-1, Number.NaN])('takes no time-out of %s', async (timeout) => {
    const ref = await runtime.GenServer.start(counter);
    await expect(runtime.GenServer.stop(ref, 'normal', { timeout })).rejects.toMatchObject({ field: 'timeout' });
    expect(runtime.GenServer.isRunning(ref)).toBe(true);
  });
});

describe('the context of a handler', () => {
  test('holds the ref of the process and a signal, in every handler', async () => {
    const { GenServer } = runtime;
    const seen: HandlerContext[] = [];
    const note = (ctx: HandlerContext): null => {
      seen.push(ctx);
      return null;
    };
    const ref = await GenServer.start<null, string, string, null>({
      init: (_self, ctx) => note(ctx),
      handleCall: (_message, _state, ctx) => [null, note(ctx)],
      handleCast: (_message, _state, ctx) => note(ctx),
      handleInfo: (_message, _state, ctx) => note(ctx),
      terminate: (_reason, _state, ctx) => void note(ctx),
    });
    GenServer.cast(ref, 'x');
    GenServer.info(ref, 'x');
    await GenServer.call(ref, 'x');
    await GenServer.stop(ref);
    expect(seen).toHaveLength(5);
    for (const { self, signal } of seen) {
      expect(self).toEqual(ref);
      expect(signal).toBe(seen[0]?.signal);
    }
  });

  test('has a signal that is aborted when the process is killed, while a handler still waits', async () => {
    const { GenServer } = runtime;
    const aborted = gate<unknown>();
    const ref = await GenServer.start({
      ...counter,
      handleCall: (_message, _state, { signal }) => {
        signal.addEventListener('abort', () => aborted.open(signal.reason));
        return never;
      },
    });
    const called = GenServer.call(ref, 'get', forEver).catch((error: unknown) => error);
    await runtime.settle();
    GenServer.kill(ref);
    expect(await aborted.opened).toMatchObject({ name: 'ServerNotRunningError', processId: ref.id });
    expect(await called).toMatchObject({ name: 'ServerNotRunningError' });
  });

  test('has an aborted signal for code that asks for it only after the end', async () => {
    const { GenServer } = runtime;
    let context: HandlerContext | undefined;
    const ref = await GenServer.start({
      ...counter,
      init: (_self, ctx) => {
        context = ctx;
        return 0;
      },
    });
    await GenServer.stop(ref);
    expect(context?.signal.aborted).toBe(true);
  });

  test('is aborted when init takes too long', async () => {
    const { GenServer } = runtime;
    let signal: AbortSignal | undefined;
    const starting = GenServer.start(
      {
        ...counter,
        init: (_self, ctx) => {
          signal = ctx.signal;
          return never;
        },
      },
      { initTimeout: 100 },
    );
    const failed = expect(starting).rejects.toMatchObject({ name: 'InitializationError' });
    await runtime.advance(99);
    expect(signal?.aborted).toBe(false);
    await runtime.advance(1);
    await failed;
    expect(signal?.aborted).toBe(true);
  });
});

describe('code of a process that has ended', () => {
  const hung = (handler: Promise<never>): GenServerBehavior<number> => ({ ...counter, handleCall: () => handler });

  test('is reported with the name of its process when it fails', async () => {
    const { GenServer } = runtime;
    const door = gate<never>();
    const ref = await GenServer.start(hung(door.opened));
    const called = expect(GenServer.call(ref, 'get', forEver)).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    await runtime.settle();
    GenServer.kill(ref);
    door.fail(boom);
    await called;
    await runtime.settle();
    expect(runtime.errors).toMatchObject([{ code: 'NOEX_ENDED_PROCESS', processId: ref.id, cause: boom }]);
  });

  test('fails in silence when it heeds the signal', async () => {
    const { GenServer } = runtime;
    const behavior: GenServerBehavior<number> = {
      ...counter,
      handleCall: (_message, _state, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    };
    const ref = await GenServer.start(behavior);
    const called = expect(GenServer.call(ref, 'get', forEver)).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    await runtime.settle();
    GenServer.kill(ref);
    await called;
    await runtime.settle();
    expect(runtime.errors).toEqual([]);
  });

  test('is cleaned up after: a state that init makes too late is passed to terminate', async () => {
    const { GenServer } = runtime;
    const door = gate<string>();
    const closed: unknown[] = [];
    let self: GenServerRef | undefined;
    const starting = GenServer.start({
      init: (ref) => {
        self = ref;
        return door.opened;
      },
      handleCall: (_message, state) => [null, state],
      handleCast: (_message, state) => state,
      terminate: (reason, state) => void closed.push(reason, state),
    });
    const failed = expect(starting).rejects.toMatchObject({ name: 'InitializationError' });
    if (self !== undefined) GenServer.kill(self);
    await failed;
    expect(closed).toEqual([]);
    door.open('connection');
    await runtime.settle();
    expect(closed).toEqual(['killed', 'connection']);
    expect(runtime.eventsOf('process_started')).toEqual([]);
  });
});

describe('a process that waits for itself', () => {
  test('in a call is refused at once, whatever the time-out', async () => {
    const { GenServer } = runtime;
    const ref: GenServerRef<number, string, string, string> = await GenServer.start<number, string, string, string>({
      init: () => 0,
      handleCast: (_message, state) => state,
      handleCall: async (message, state, { self }) => {
        if (message === 'inner') return ['inner', state];
        return GenServer.call(self, 'inner', forEver).then(
          () => ['handled', state],
          (error) => [error.code, state],
        );
      },
    });
    expect(await GenServer.call(ref, 'outer', forEver)).toBe('NOEX_CALLING_SELF');
    expect(await GenServer.call(ref, 'inner')).toBe('inner');
  });

  test('in init, in terminate and in a stop is refused as well', async () => {
    const { GenServer } = runtime;
    const refused: string[] = [];
    const note = (error: { code: string }): void => void refused.push(error.code);
    const ref = await GenServer.start<number, string, string, number>({
      init: (self) => {
        GenServer.call(self, 'x', forEver).catch(note);
        return 0;
      },
      handleCall: (_message, state, { self }) => {
        GenServer.stop(self).catch(note);
        return [0, state];
      },
      handleCast: (_message, state) => state,
      terminate: (_reason, _state, { self }) => GenServer.stop(self).catch(note),
    });
    await GenServer.call(ref, 'x');
    expect(GenServer.isRunning(ref)).toBe(true);
    await GenServer.stop(ref);
    expect(refused).toEqual(Array.from({ length: 3 }, () => 'NOEX_CALLING_SELF'));
  });

  test('in Observer.stopProcess is refused, too', async () => {
    const { GenServer, Observer } = runtime;
    const ref = await GenServer.start<number, string, string, unknown>({
      init: () => 0,
      handleCall: async (_message, state, { self }) => [await Observer.stopProcess(self), state],
    });
    expect(await GenServer.call(ref, 'x', forEver)).toMatchObject({
      success: false,
      error: expect.stringContaining('cannot stop itself'),
    });
    expect(GenServer.isRunning(ref)).toBe(true);
  });

  test('is not meant by listeners on its stack: they may call it, and are answered after its handler', async () => {
    const { GenServer, Registry } = runtime;
    const ref = await GenServer.start<number, string, string, number>({
      ...counter,
      handleCast: (message, state) => {
        if (message === 'start') void GenServer.start(counter);
        if (message === 'kill') GenServer.kill(Registry.lookup('other'));
        return state;
      },
    });
    const replies: Promise<number>[] = [];
    const callIt = (): void => void replies.push(GenServer.call(ref, 'get'));
    await GenServer.start(
      {
        ...counter,
        init: (_self, { signal }) => {
          signal.addEventListener('abort', callIt);
          return 0;
        },
      },
      { name: 'other' },
    );
    const unsubscribe = GenServer.onLifecycleEvent(callIt);
    GenServer.cast(ref, 'start');
    await runtime.settle();
    unsubscribe();
    GenServer.cast(ref, 'kill');
    await runtime.settle();
    expect(await Promise.all(replies)).toEqual([0, 0]);
  });

  test('may call others, and waits for their reply', async () => {
    const { GenServer } = runtime;
    const other = await GenServer.start(counter);
    const ref = await GenServer.start<number, string, string, number>({
      ...counter,
      handleCall: async (_message, state) => [await GenServer.call(other, 'get'), state],
    });
    expect(await GenServer.call(ref, 'x')).toBe(0);
  });
});

describe('a handler that returns stop()', () => {
  const ending = (log: unknown[]): GenServerBehavior<number, 'reply' | 'silent', string, string, string> => ({
    init: () => 1,
    handleCall: (message, state) => (message === 'reply' ? ['bye', stop('normal', state + 1)] : stop('shutdown', 7)),
    handleCast: async (_message, state) => stop({ error: boom }, state + 1),
    handleInfo: (_message, state) => stop('normal', state + 1),
    terminate: (reason, state) => void log.push(reason, state),
  });

  test('ends its process with that reason and state, after the reply if there is one', async () => {
    const { GenServer } = runtime;
    const log: unknown[] = [];
    const ref = await GenServer.start(ending(log));
    const queued = GenServer.call(ref, 'reply');
    const behind = expect(GenServer.call(ref, 'reply')).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    expect(await queued).toBe('bye');
    await behind;
    expect(log).toEqual(['normal', 2]);
    expect(runtime.eventsOf('messages_handled')).toMatchObject([{ calls: 1 }]);
  });

  test('rejects a caller without a reply', async () => {
    const { GenServer } = runtime;
    const log: unknown[] = [];
    const ref = await GenServer.start(ending(log));
    await expect(GenServer.call(ref, 'silent')).rejects.toMatchObject({ name: 'ServerNotRunningError' });
    expect(log).toEqual(['shutdown', 7]);
  });

  test.each(['cast', 'info'] as const)('ends it after a %s as well', async (kind) => {
    const { GenServer } = runtime;
    const log: unknown[] = [];
    const ref = await GenServer.start(ending(log));
    GenServer[kind](ref, 'x');
    await runtime.settle();
    expect(log).toEqual([kind === 'cast' ? { error: boom } : 'normal', 2]);
    const crashes = runtime.eventsOf('process_crashed').map(({ error }) => error.message);
    expect(crashes).toEqual(kind === 'cast' ? ['boom'] : []);
  });
});

describe('stop()', () => {
  test.each([undefined, null, 'bogus', boom, {}, { error: 'text' }])(
    'refuses the reason %o: the handler crashes with it, and whatever waits for the process goes on',
    async (reason) => {
      const { GenServer, Supervisor } = runtime;
      const behavior: GenServerBehavior<number> = { ...counter, handleCast: () => stop(reason as never, 1) };
      const sup = await Supervisor.start({ children: [{ id: 'a', start: () => GenServer.start(behavior) }] });
      const ref = Supervisor.getChild(sup, 'a')?.ref as GenServerRef;
      GenServer.cast(ref, 'x');
      await GenServer.stop(ref);
      await runtime.settle();
      expect(runtime.eventsOf('process_crashed')).toMatchObject([
        { id: ref.id, error: { code: 'NOEX_INVALID_ARGUMENT' } },
      ]);
      expect(runtime.eventsOf('child_restarted')).toMatchObject([{ oldId: ref.id }]);
    },
  );
});

describe('a state that is missing', () => {
  const forgetful: GenServerBehavior<number, 'reply' | 'get', string, number, string> = {
    init: () => 1,
    handleCall: (message, state) => (message === 'get' ? [state, state] : JSON.parse('[1]')),
    handleCast: () => undefined as never,
    handleInfo: () => undefined as never,
  };

  test('ends the process with an error that names the handler, and rejects the caller', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(forgetful);
    await expect(GenServer.call(ref, 'reply')).rejects.toMatchObject({
      name: 'InvalidHandlerResultError',
      processId: ref.id,
      handler: 'handleCall',
    });
    expect(GenServer.isRunning(ref)).toBe(false);
  });

  test.each([
    ['cast', 'handleCast'],
    ['info', 'handleInfo'],
  ] as const)('is found after a %s', async (kind, handler) => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(forgetful);
    GenServer[kind](ref, 'x');
    await runtime.settle();
    expect(runtime.eventsOf('process_crashed')).toMatchObject([
      { error: { code: 'NOEX_INVALID_HANDLER_RESULT', message: expect.stringContaining(`${handler} of process`) } },
    ]);
  });

  test('is not a promise of one', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start<unknown, string, string, string>({
      init: () => 1,
      handleCall: (message) => [message, Promise.resolve(2)],
      handleCast: (_message, state) => state,
    });
    await expect(GenServer.call(ref, 'x')).rejects.toMatchObject({
      code: 'NOEX_INVALID_HANDLER_RESULT',
      message: expect.stringContaining('returned a promise as the next state; return [reply, state]'),
    });
  });

  test('is fine where there never was one', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start<undefined, string, string, string>({
      init: () => undefined,
      handleCall: (message) => [message, undefined],
      handleCast: () => undefined,
    });
    GenServer.cast(ref, 'x');
    expect(await GenServer.call(ref, 'pong')).toBe('pong');
  });
});

describe('a process in terminate', () => {
  test('takes no message: a cast throws and a call is rejected, with the crash that it cleans up after', async () => {
    const { GenServer } = runtime;
    const door = gate();
    const ref = await GenServer.start({ ...counter, terminate: () => door.opened });
    GenServer.cast(ref, 'boom');
    await runtime.settle();
    const notRunning = expect.objectContaining({ name: 'ServerNotRunningError', processId: ref.id });
    expect(() => GenServer.cast(ref, 'inc')).toThrow(notRunning);
    expect(() => GenServer.info(ref, 'inc')).toThrow(notRunning);
    await expect(GenServer.call(ref, 'get')).rejects.toEqual(notRunning);
    door.open();
    await runtime.settle();
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ unhandled: 0 }]);
  });
});

describe('the errors of a process with a registered name', () => {
  test('name it, and the crash that ended it, to those who still have its ref', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter, { name: 'billing' });
    GenServer.cast(ref, 'boom');
    await runtime.settle();
    await expect(GenServer.call(ref, 'get')).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      registeredName: 'billing',
      cause: boom,
    });
  });

  test('name it beside its id, also when it has ended meanwhile', async () => {
    const { GenServer } = runtime;
    const slow = await GenServer.start({ ...counter, handleCall: () => never }, { name: 'billing', mailboxLimit: 2 });
    const label = `process ${slow.id} ('billing')`;
    const calls = [GenServer.call(slow, 'get', { timeout: 10 }), GenServer.call(slow, 'get', forEver)];
    const messages = Promise.all(calls.map((call) => call.catch((error: Error) => error.message)));
    await runtime.settle();
    GenServer.cast(slow, 'inc');
    expect(() => GenServer.cast(slow, 'inc')).toThrow(`the mailbox of ${label} is full`);
    await runtime.advance(10);
    GenServer.kill(slow);
    expect(await messages).toEqual([
      expect.stringContaining(`${label} did not reply within 10 ms`),
      expect.stringContaining(`${label} is not running`),
    ]);
  });
});

test('an option that does not exist is refused by name, at the start, at the stop and of the runtime', async () => {
  const { GenServer } = runtime;
  const misspelled = JSON.parse('{ "nam": "x" }');
  const unknown = { name: 'UnknownOptionError', code: 'NOEX_UNKNOWN_OPTION', field: 'nam' };
  await expect(GenServer.start(counter, misspelled)).rejects.toMatchObject(unknown);
  const ref = await GenServer.start(counter);
  await expect(GenServer.stop(ref, 'normal', misspelled)).rejects.toMatchObject(unknown);
  expect(GenServer.isRunning(ref)).toBe(true);
  expect(() => createRuntime(misspelled)).toThrow(expect.objectContaining(unknown));
});
