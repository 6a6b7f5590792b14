import { beforeEach, describe, expect, test } from 'vitest';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import { boom, gate, never } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

let runtime: TestRuntime;

beforeEach(() => {
  runtime = createTestRuntime();
});

/** Answers every call with this promise. */
const promising = (reply: PromiseLike<number>): GenServerBehavior<number, 'get', 'boom', number> => ({
  init: () => 0,
  handleCall: (_message, state) => [reply, state],
  handleCast: () => {
    throw boom;
  },
});

const forEver = { timeout: Number.POSITIVE_INFINITY };

describe('a reply that is a promise', () => {
  test('reaches the caller when it settles, and the process handles other messages meanwhile', async () => {
    const { GenServer, Observer } = runtime;
    const door = gate<number>();
    const ref = await GenServer.start(promising(door.opened));
    const calls = Promise.all([GenServer.call(ref, 'get'), GenServer.call(ref, 'get')]);
    await runtime.settle();
    expect(Observer.getServerStats()).toMatchObject([{ messageCount: 2 }]);
    door.open(7);
    expect(await calls).toEqual([7, 7]);
  });

  test('is waited for as long as the time-out of the call, not longer', async () => {
    const { GenServer, clock } = runtime;
    const ref = await GenServer.start(promising(never));
    const rejected = expect(GenServer.call(ref, 'get', { timeout: 100 })).rejects.toMatchObject({
      name: 'CallTimeoutError',
      timeoutMs: 100,
    });
    await runtime.advance(100);
    await rejected;
    expect(clock.pending).toBe(0);
  });

  test('rejects the caller alone when it rejects', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(promising(Promise.reject(boom)));
    await expect(GenServer.call(ref, 'get')).rejects.toBe(boom);
    expect(GenServer.isRunning(ref)).toBe(true);
    expect(runtime.errors).toEqual([]);
  });

  test('that rejects after the time-out is reported, not swallowed', async () => {
    const { GenServer } = runtime;
    const door = gate<number>();
    const ref = await GenServer.start(promising(door.opened));
    const rejected = expect(GenServer.call(ref, 'get', { timeout: 100 })).rejects.toMatchObject({
      name: 'CallTimeoutError',
    });
    await runtime.advance(100);
    await rejected;
    door.fail(boom);
    await runtime.settle();
    expect(runtime.errors).toMatchObject([{ processId: ref.id, cause: boom }]);
  });

  test.each([
    ['stops', 'normal', undefined],
    ['crashes', 'crash', boom],
    ['is killed', 'kill', undefined],
  ] as const)('is given up when the process %s', async (_what, how, cause) => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(promising(never));
    const rejected = expect(GenServer.call(ref, 'get', forEver)).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      ...(cause !== undefined && { cause }),
    });
    await runtime.settle();
    if (how === 'normal') await GenServer.stop(ref);
    else if (how === 'crash') GenServer.cast(ref, 'boom');
    else GenServer.kill(ref);
    await rejected;
  });
});
