import { describe, expect, test } from 'vitest';
import {
  type CallFrom,
  CallTimeoutError,
  continueWith,
  createRuntime,
  InvalidArgumentError,
  InvalidHandlerResultError,
  noReply,
  ServerNotRunningError,
  stop,
} from '../../../src/index.js';
import { gate } from '../../helpers/servers.js';

const quiet = { reporter: false } as const;

/** Writes something down on the way to a result. */
function logged<Result>(log: unknown[], what: unknown, result: Result): Result {
  log.push(what);
  return result;
}

describe('noReply(state)', () => {
  /** Callers of `next` wait until `put` is cast. */
  const queue = {
    init: (): readonly CallFrom<number>[] => [],
    handleCall: (_next: 'next', waiting: readonly CallFrom<number>[], { from }: { from: CallFrom<number> }) =>
      noReply([...waiting, from]),
    handleCast: (value: number, [first, ...rest]: readonly CallFrom<number>[]) => {
      if (first !== undefined) GenServer.reply(first, value);
      return rest;
    },
  };
  const { GenServer } = createRuntime(quiet);

  test('lets the process go on, and the callers wait for GenServer.reply, in whatever order', async () => {
    const ref = await GenServer.start(queue);
    const replies = [GenServer.call(ref, 'next'), GenServer.call(ref, 'next')];
    GenServer.cast(ref, 1);
    GenServer.cast(ref, 2);
    expect(await Promise.all(replies)).toEqual([1, 2]);
  });

  test('leaves the time-out of the caller as it is; a reply after that is ignored', async () => {
    const ref = await GenServer.start(queue);
    await expect(GenServer.call(ref, 'next', { timeout: 5 })).rejects.toThrow(CallTimeoutError);
    GenServer.cast(ref, 1);
    const reply = GenServer.call(ref, 'next');
    GenServer.cast(ref, 2);
    expect(await reply).toBe(2);
  });

  test('rejects the caller when the process ends, as one whose message may have been handled', async () => {
    const ref = await GenServer.start(queue);
    const reply = GenServer.call(ref, 'next');
    const rejected = expect(reply).rejects.toMatchObject({ name: 'ServerNotRunningError', mayHaveBeenHandled: true });
    await GenServer.stop(ref);
    await rejected;
  });

  test('may carry stop(...)', async () => {
    const ref = await GenServer.start({
      init: () => 0,
      handleCall(_message: 'last', count: number, { from }) {
        GenServer.reply(from, 'bye');
        return noReply<number>(stop('normal', count));
      },
      handleCast: (_message: never, count) => count,
    });
    expect(await GenServer.call(ref, 'last')).toBe('bye');
    await GenServer.stop(ref);
    expect(GenServer.isRunning(ref)).toBe(false);
  });

  test('is no result of handleCast', async () => {
    const ref = await GenServer.start({
      init: () => 0,
      handleCast: (_message: 'x', count: number) => noReply(count) as unknown as number,
      handleCall: (_message: 'get', count: number) => [count, count],
    });
    GenServer.cast(ref, 'x');
    const error = await GenServer.call(ref, 'get').catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ServerNotRunningError);
    expect(error.cause).toBeInstanceOf(InvalidHandlerResultError);
    expect(error.cause.message).toContain('handleCast');
  });

  test('GenServer.reply refuses what is no ctx.from', () => {
    expect(() => GenServer.reply({} as CallFrom<number>, 1)).toThrow(InvalidArgumentError);
    expect(() => GenServer.reply({} as CallFrom<number>, 1)).toThrow(/^from must be/);
  });

  test('ctx.from is undefined in handlers of other messages', async () => {
    const seen: unknown[] = [];
    const ref = await GenServer.start({
      init: (_self, ctx) => logged(seen, ctx.from, null),
      handleCall: (_message: 'call', state: null, ctx) => logged(seen, typeof ctx.from, [null, state]),
      handleCast: (_message: 'cast', state, ctx) => logged(seen, ctx.from, state),
    });
    await GenServer.call(ref, 'call');
    GenServer.cast(ref, 'cast');
    await GenServer.stop(ref);
    expect(seen).toEqual([undefined, 'object', undefined]);
  });
});

describe('continueWith(payload, result)', () => {
  test('from init: the starter goes on, and handleContinue runs before the first message', async () => {
    const { GenServer } = createRuntime(quiet);
    const loading = gate<readonly string[]>();
    const ref = await GenServer.start({
      init: () => continueWith('load', [] as readonly string[]),
      handleContinue: async (payload, rows) => [...rows, String(payload), ...(await loading.opened)],
      handleCall: (_message: 'rows', rows: readonly string[]) => [rows, rows],
      handleCast: (_message: never, rows) => rows,
    });
    const rows = GenServer.call(ref, 'rows');
    loading.open(['a']);
    expect(await rows).toEqual(['load', 'a']);
  });

  test('from handlers: the reply is there at once, and no message overtakes the continuation', async () => {
    const { GenServer } = createRuntime(quiet);
    const log: string[] = [];
    const ref = await GenServer.start({
      init: () => 0,
      handleCall: (message: string, count: number) => continueWith(`after ${message}`, [`re: ${message}`, count + 1]),
      handleCast: (message: string, count: number) => logged(log, message, continueWith(`after ${message}`, count + 1)),
      handleInfo: (message: unknown, count: number) => logged(log, String(message), count),
      handleContinue: (payload, count) => logged(log, `${payload} ${count}`, count),
    });
    const reply = GenServer.call(ref, 'one');
    GenServer.cast(ref, 'two');
    GenServer.info(ref, 'three');
    expect(await reply).toBe('re: one');
    await GenServer.stop(ref);
    expect(log).toEqual(['after one 1', 'two', 'after two 2', 'three']);
  });

  test('a continuation may ask for another, and may stop the process', async () => {
    const { GenServer } = createRuntime(quiet);
    const log: unknown[] = [];
    const ref = await GenServer.start({
      init: () => continueWith(3, null),
      handleContinue: (left, state) => {
        log.push(left);
        return left === 0 ? stop('normal', state) : continueWith(Number(left) - 1, state);
      },
      handleCall: (_message: never, state: null) => [null, state],
      handleCast: (_message: never, state) => state,
    });
    await GenServer.stop(ref);
    expect(log).toEqual([3, 2, 1, 0]);
  });

  test('without handleContinue the process ends with an error that says so', async () => {
    const { GenServer } = createRuntime(quiet);
    const ref = await GenServer.start({
      init: () => continueWith('load', null),
      handleCall: (_message: 'get', state: null) => [null, state],
      handleCast: (_message: never, state) => state,
    });
    const error = await GenServer.call(ref, 'get').catch((thrown) => thrown);
    expect(error.cause).toMatchObject({ name: 'InvalidHandlerResultError' });
    expect(error.cause.message).toContain('has no handleContinue');
  });

  test('counts as no message', async () => {
    const { GenServer, Observer } = createRuntime(quiet);
    const ref = await GenServer.start({
      init: () => continueWith('load', 0),
      handleContinue: (_payload, count) => count,
      handleCall: (_message: 'get', count: number) => [count, count],
      handleCast: (_message: never, count) => count,
    });
    await GenServer.call(ref, 'get');
    expect(Observer.getServerStats()).toMatchObject([{ messageCount: 1 }]);
  });
});

describe('the signal of a call', () => {
  const { GenServer } = createRuntime(quiet);
  const slow = {
    init: () => 0,
    handleCall: (_message: 'wait' | 'count', count: number) => [count, count + 1] as const,
    handleCast: (_message: never, count: number) => count,
  };

  test('rejects the call when it is aborted; the message is handled nevertheless', async () => {
    const ref = await GenServer.start(slow);
    const aborter = new AbortController();
    const reply = GenServer.call(ref, 'wait', { signal: aborter.signal });
    aborter.abort(new Error('closed'));
    await expect(reply).rejects.toMatchObject({
      name: 'CallAbortedError',
      code: 'NOEX_CALL_ABORTED',
      mayHaveBeenHandled: true,
      cause: { message: 'closed' },
    });
    expect(await GenServer.call(ref, 'count')).toBe(1);
  });

  test('that is aborted already sends nothing', async () => {
    const ref = await GenServer.start(slow);
    const call = GenServer.call(ref, 'wait', { signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ name: 'CallAbortedError', mayHaveBeenHandled: false });
    expect(await GenServer.call(ref, 'count')).toBe(0);
  });

  test('that is aborted after the reply changes nothing', async () => {
    const ref = await GenServer.start(slow);
    const aborter = new AbortController();
    const reply = GenServer.call(ref, 'wait', { signal: aborter.signal });
    expect(await reply).toBe(0);
    aborter.abort();
    expect(await reply).toBe(0);
  });
});
