import { beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../helpers/event-loop.js';
import { boom, counter, gate, recorder } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

describe('messages', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  test('are handled in the order sent, whatever their kind', async () => {
    const { GenServer } = runtime;
    const { log, behavior } = recorder();
    const ref = await GenServer.start(behavior);
    GenServer.cast(ref, '1');
    GenServer.info(ref, '2');
    const reply = GenServer.call(ref, '3');
    GenServer.cast(ref, '4');
    const last = GenServer.call(ref, '5');
    expect(log).toEqual([]);
    expect([await reply, await last]).toEqual(['re: 3', 're: 5']);
    expect(log).toEqual(['cast 1', 'info 2', 'call 3', 'cast 4', 'call 5']);
  });

  test('wait for an async handler, one at a time', async () => {
    const { GenServer } = runtime;
    const doors = [gate(), gate()];
    const log: string[] = [];
    const ref = await GenServer.start<number, 'get', number, number>({
      init: () => 0,
      handleCall: (_get, sum) => [sum, sum],
      async handleCast(message, sum) {
        log.push(`begin ${message}`);
        await doors[message]?.opened;
        log.push(`end ${message}`);
        return sum + 1;
      },
    });
    GenServer.cast(ref, 0);
    GenServer.cast(ref, 1);
    const sum = GenServer.call(ref, 'get');
    await runtime.settle();
    expect(log).toEqual(['begin 0']);
    doors[1]?.open();
    await runtime.settle();
    expect(log).toEqual(['begin 0']);
    doors[0]?.open();
    expect(await sum).toBe(2);
    expect(log).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1']);
  });

  test('that a server sends to itself come after what is queued', async () => {
    const { GenServer } = runtime;
    const log: string[] = [];
    const ref = await GenServer.start<null, 'flush', string, null>({
      init: () => null,
      handleCall: () => [null, null],
      handleCast(message) {
        log.push(message);
        if (message === 'a') GenServer.cast(ref, 'a again');
        return null;
      },
    });
    GenServer.cast(ref, 'a');
    GenServer.cast(ref, 'b');
    await until(() => log.length === 3);
    expect(log).toEqual(['a', 'b', 'a again']);
  });

  test('of kind info are counted and dropped by a server that does not handle them', async () => {
    const { GenServer, Observer } = runtime;
    const ref = await GenServer.start(counter);
    GenServer.info(ref, 'anything');
    expect(await GenServer.call(ref, 'get')).toBe(0);
    expect(Observer.getServerStats()[0]?.messageCount).toBe(2);
  });

  test('may be undefined, and so may replies', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start<string, undefined, undefined, undefined>({
      init: () => 'state',
      handleCall: (_nothing, state) => [undefined, state],
      handleCast: (_nothing, state) => state,
    });
    GenServer.cast(ref, undefined);
    expect(await GenServer.call(ref, undefined)).toBeUndefined();
  });

  test('sent during init wait until it is through', async () => {
    const { GenServer } = runtime;
    const door = gate<number>();
    const { log, behavior } = recorder();
    const starting = GenServer.start({
      ...behavior,
      async init(self) {
        GenServer.cast(self, 'to myself');
        await door.opened;
        log.push('init');
        return null;
      },
    });
    await runtime.settle();
    expect(log).toEqual([]);
    door.open(0);
    const ref = await starting;
    await GenServer.call(ref, 'after');
    expect(log).toEqual(['init', 'cast to myself', 'call after']);
  });

  test('get replies while another process is called from within a handler', async () => {
    const { GenServer } = runtime;
    const inner = await GenServer.start(counter);
    const outer = await GenServer.start<null, 'ask', never, number>({
      init: () => null,
      handleCall: async () => [(await GenServer.call(inner, 'get')) + 1, null],
      handleCast: () => null,
    });
    GenServer.cast(inner, 'inc');
    expect(await GenServer.call(outer, 'ask')).toBe(2);
  });

  test('to one that is gone are refused at once, by name', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    await GenServer.stop(ref);
    const refusal = { name: 'ServerNotRunningError', code: 'NOEX_SERVER_NOT_RUNNING', processId: ref.id };
    expect(() => GenServer.cast(ref, 'inc')).toThrow(expect.objectContaining(refusal));
    expect(() => GenServer.info(ref, 'x')).toThrow(expect.objectContaining(refusal));
    expect(() => GenServer.sendAfter(ref, 'inc', 5)).toThrow(expect.objectContaining(refusal));
    await expect(GenServer.call(ref, 'get')).rejects.toMatchObject(refusal);
  });

  test('are refused when the mailbox is full, and taken again when it is not', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter, { mailboxLimit: 2 });
    GenServer.cast(ref, 'inc');
    const second = GenServer.call(ref, 'get');
    const refusal = { name: 'MailboxFullError', code: 'NOEX_MAILBOX_FULL', processId: ref.id, limit: 2 };
    expect(() => GenServer.cast(ref, 'inc')).toThrow(expect.objectContaining(refusal));
    expect(() => GenServer.info(ref, 'x')).toThrow(expect.objectContaining(refusal));
    await expect(GenServer.call(ref, 'get')).rejects.toMatchObject(refusal);
    expect(await second).toBe(1);
    GenServer.cast(ref, 'inc');
    expect(await GenServer.call(ref, 'get')).toBe(2);
  });

  test('find a full mailbox no obstacle to stopping', async () => {
    const { GenServer } = runtime;
    const { log, behavior } = recorder();
    const ref = await GenServer.start(behavior, { mailboxLimit: 1 });
    GenServer.cast(ref, 'x');
    await GenServer.stop(ref);
    expect(log).toEqual(['cast x', 'terminate normal']);
  });
});

describe('a call', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  const hanging = () => {
    const door = gate();
    return {
      door,
      behavior: {
        init: () => 0,
        handleCall: async (_message: 'get', handled: number) => {
          await door.opened;
          return [handled + 1, handled + 1] as const;
        },
        handleCast: (_message: never, handled: number) => handled,
      },
    };
  };

  test('that gets no reply in time is rejected, at 5000 ms by default', async () => {
    const { GenServer, clock } = runtime;
    const ref = await GenServer.start(hanging().behavior);
    let error: unknown;
    GenServer.call(ref, 'get').catch((thrown: unknown) => {
      error = thrown;
    });
    await runtime.advance(4999);
    expect(error).toBeUndefined();
    await runtime.advance(1);
    expect(error).toMatchObject({
      name: 'CallTimeoutError',
      code: 'NOEX_CALL_TIMEOUT',
      processId: ref.id,
      timeoutMs: 5000,
    });
    expect(clock.pending).toBe(0);
  });

  test('has the time-out it was given, and other calls to the same server do not extend it', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(hanging().behavior);
    const outcomes: string[] = [];
    const call = (name: string, timeout: number): void => {
      GenServer.call(ref, 'get', { timeout }).catch(() => outcomes.push(name));
    };
    call('first', 100);
    await runtime.advance(60);
    call('second', 100);
    await runtime.advance(40);
    expect(outcomes).toEqual(['first']);
    await runtime.advance(60);
    expect(outcomes).toEqual(['first', 'second']);
  });

  test('waits as long as it takes when asked to', async () => {
    const { GenServer, clock } = runtime;
    const { door, behavior } = hanging();
    const ref = await GenServer.start(behavior);
    const reply = GenServer.call(ref, 'get', { timeout: Number.POSITIVE_INFINITY });
    await runtime.advance(2 ** 40);
    expect(clock.pending).toBe(0);
    door.open();
    expect(await reply).toBe(1);
  });

  test('that was given up is handled all the same, and its late reply goes nowhere', async () => {
    const { GenServer } = runtime;
    const { door, behavior } = hanging();
    const ref = await GenServer.start(behavior);
    const given = GenServer.call(ref, 'get', { timeout: 10 });
    const refused = expect(given).rejects.toThrow('did not reply within 10 ms');
    await runtime.advance(10);
    await refused;
    door.open();
    expect(await GenServer.call(ref, 'get')).toBe(2);
  });

  test('leaves no timer when it is answered', async () => {
    const { GenServer, clock } = runtime;
    const { door, behavior } = hanging();
    const ref = await GenServer.start(behavior);
    const reply = GenServer.call(ref, 'get');
    await runtime.settle();
    expect(clock.pending).toBe(1);
    door.open();
    await reply;
    expect(clock.pending).toBe(0);
  });

  test('is rejected with the very error of its handler, sync or async', async () => {
    const { GenServer } = runtime;
    const sync = await GenServer.start(counter);
    await expect(GenServer.call(sync, 'boom')).rejects.toBe(boom);
    const later = new Error('later');
    const async = await GenServer.start<null, 'boom', never, null>({
      init: () => null,
      handleCall: () => Promise.reject(later),
      handleCast: () => null,
    });
    await expect(GenServer.call(async, 'boom')).rejects.toBe(later);
  });

  test('is rejected, and the server crashes, when the handler gives no pair', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start<number, 'get', never, number>({
      init: () => 0,
      handleCall: () => JSON.parse('{ "reply": 1 }'),
      handleCast: (_message, state) => state,
    });
    await expect(GenServer.call(ref, 'get')).rejects.toMatchObject({
      name: 'InvalidHandlerResultError',
      code: 'NOEX_INVALID_HANDLER_RESULT',
      processId: ref.id,
      handler: 'handleCall',
      message: expect.stringContaining(`handleCall of process ${ref.id} returned neither [reply, state]`),
    });
    expect(GenServer.isRunning(ref)).toBe(false);
  });
});
