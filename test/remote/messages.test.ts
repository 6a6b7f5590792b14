import { describe, expect, test } from 'vitest';
import type { ProcessDown } from '../../src/process/gen-server-types.js';
import { type ObservedCluster, type ObservedNode, threeNodes } from '../helpers/observed-cluster.js';
import { counter, recorder } from '../helpers/servers.js';

/** What a promise was rejected with. */
async function rejection(promise: Promise<unknown>): Promise<Error & { readonly mayHaveBeenHandled?: boolean }> {
  return promise.then(
    () => {
      throw new Error('it was fulfilled');
    },
    (error) => error,
  );
}

const echo = {
  init: () => null,
  handleCall: (message: unknown, state: null) => [message, state] as const,
  handleCast: (_message: unknown, state: null) => state,
};

describe('messages to a process of another node', () => {
  test('calls, casts and infos arrive in order, and the reply comes back', async () => {
    const [cluster, a, b] = await threeNodes();
    const { log, behavior } = recorder();
    const ref = await b.GenServer.start(behavior);
    a.GenServer.cast(ref, 'one');
    a.GenServer.info(ref, 'two');
    const reply = a.GenServer.call(ref, 'three');
    a.GenServer.cast(ref, 'four');
    expect(await cluster.settle(reply)).toBe('re: three');
    await cluster.run(50);
    expect(log).toEqual(['cast one', 'info two', 'call three', 'cast four']);
    expect(a.GenServer.nodeOf(ref)).toBe(b.id);
    expect(b.GenServer.nodeOf(ref)).toBe(b.id);
    expect(a.GenServer.isRunning(ref)).toBe(true);
  });

  test('data arrives as it was sent', async () => {
    const [cluster, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>(echo);
    const sent = {
      text: 'naïve \u2028 \ud83d\ude00',
      date: new Date(5),
      map: new Map([[{ key: 1 }, new Set([1n])]]),
      missing: undefined,
      numbers: [Number.NaN, -0, Number.POSITIVE_INFINITY, 1e21],
      error: new TypeError('wrong', { cause: new Error('below') }),
      ref,
      plain: { deep: [[[{ a: null }]]] },
    };
    const got = (await cluster.settle(a.GenServer.call(ref, sent))) as typeof sent;
    const { error, ...data } = got;
    expect({ ...data, error: sent.error }).toEqual(sent);
    expect(error).toMatchObject({ name: 'TypeError', message: 'wrong', cause: { message: 'below' } });
    expect(Object.is(got.numbers[1], -0)).toBe(true);
    expect('missing' in got).toBe(true);
    // A ref that has travelled there and back is as good as the one it was made of.
    expect(await cluster.settle(a.GenServer.call(got.ref, undefined))).toBe(undefined);
  });

  test.each([
    ['message.items[1].run', { items: [0, { run: () => 1 }] }, 'a function'],
    ['message.socket', { socket: new (class Socket {})() }, 'an instance of Socket'],
    ['message.bytes', { bytes: new Uint8Array(2) }, 'an instance of Uint8Array'],
    ["message.get('a')", new Map([['a', Symbol('b')]]), 'a symbol'],
    ['message.constructor', { constructor: 1 }, 'a property of that name'],
    ['message.at', { at: new Date(Number.NaN) }, 'an invalid Date'],
    ['message.error.cause', { error: new Error('x', { cause: () => 1 }) }, 'a function'],
  ])('what cannot travel is refused where it is sent: %s', async (path, message, problem) => {
    const [, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>(echo);
    expect(() => a.GenServer.cast(ref, message)).toThrow(`${path} cannot be sent to another node: it is ${problem}`);
    const error = await rejection(a.GenServer.call(ref, message));
    expect(error).toMatchObject({ code: 'NOEX_NOT_SERIALIZABLE', path, mayHaveBeenHandled: false });
  });

  test('a cycle, and a message that is too deep or too large, are refused, too', async () => {
    const [, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>(echo);
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(() => a.GenServer.cast(ref, cycle)).toThrow('message.self cannot be sent to another node: it is a cycle');
    let deep: unknown = 1;
    for (let at = 0; at < 70; at += 1) deep = [deep];
    expect(() => a.GenServer.cast(ref, deep)).toThrow(/nested deeper than 64/);
    expect(() => a.GenServer.cast(ref, 'x'.repeat(1024 * 1024))).toThrow(
      'message cannot be sent to another node: it is larger than 1048576 bytes once encoded; send it in parts',
    );
    const long = 'é'.repeat(600 * 1024);
    const error = await rejection(a.GenServer.call(ref, long));
    expect(error).toMatchObject({ code: 'NOEX_NOT_SERIALIZABLE', path: 'message', mayHaveBeenHandled: false });
    expect(() =>
      a.GenServer.cast(
        ref,
        Array.from({ length: 50_000 }, () => ''),
      ),
    ).toThrow(/more than 39900 objects/);
  });

  test('what is over the limits for data that is not JSON is refused with that limit', async () => {
    const [, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>(echo);
    const dates = Array.from({ length: 2001 }, () => new Date());
    expect(() => a.GenServer.cast(ref, dates)).toThrow(
      /^message cannot be sent to another node: it is a value with more than 2000 [^;]*; send it in parts$/,
    );
  });

  test('a small value that would be endless as text is refused at once', async () => {
    const [, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>(echo);
    let doubled: unknown = [1];
    for (let at = 0; at < 50; at += 1) doubled = [doubled, doubled];
    const text = 'x'.repeat(500 * 1024);
    for (const message of [doubled, [new Date(), doubled], new Map([[doubled, 1]]), new Array(1000).fill({ text })]) {
      expect(() => a.GenServer.cast(ref, message)).toThrow(/it is larger than 1048576 bytes once encoded/);
    }
  });

  test("a handler's error arrives as RemoteError, with its name, code and message", async () => {
    const [cluster, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>({
      ...echo,
      handleCall() {
        throw Object.assign(new RangeError('out of stock'), { code: 'SHOP_EMPTY' });
      },
    });
    const error = await rejection(cluster.settle(a.GenServer.call(ref, 'x')));
    expect(error).toMatchObject({
      name: 'RemoteError',
      nodeId: b.id,
      message: 'out of stock',
      remoteName: 'RangeError',
      remoteCode: 'SHOP_EMPTY',
      mayHaveBeenHandled: true,
    });
    expect(error.stack).not.toContain('handleCall');
  });

  test('a call ends by its time-out, by its signal, and with its process, and says whether it may have been handled', async () => {
    const [cluster, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>({
      ...echo,
      handleCall: () => new Promise(() => undefined),
    });
    const late = rejection(cluster.settle(a.GenServer.call(ref, 'x', { timeout: 100 })));
    expect(await late).toMatchObject({ name: 'CallTimeoutError', mayHaveBeenHandled: true });
    const aborter = new AbortController();
    const aborted = rejection(a.GenServer.call(ref, 'x', { signal: aborter.signal }));
    await cluster.run(20);
    aborter.abort('enough');
    expect(await aborted).toMatchObject({ name: 'CallAbortedError', cause: 'enough', mayHaveBeenHandled: true });
    const underWay = rejection(a.GenServer.call(ref, 'x'));
    await cluster.run(50);
    b.GenServer.kill(ref);
    await cluster.run(50);
    // The first call is being handled; this one waits behind it.
    expect(await underWay).toMatchObject({ name: 'ServerNotRunningError', mayHaveBeenHandled: false });
    const gone = rejection(cluster.settle(a.GenServer.call(ref, 'x')));
    expect(await gone).toMatchObject({ name: 'ServerNotRunningError', processId: ref.id, mayHaveBeenHandled: false });
  });

  test('a reply that cannot travel is an error at the caller', async () => {
    const [cluster, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>({
      ...echo,
      handleCall: () => [() => 1, null],
    });
    const error = await rejection(cluster.settle(a.GenServer.call(ref, 'x')));
    expect(error).toMatchObject({ name: 'RemoteError', remoteCode: 'NOEX_NOT_SERIALIZABLE' });
    expect(error.message).toContain('reply cannot be sent');
  });

  test('the mailbox limit of the process holds: a call is rejected, a cast is dropped and counted', async () => {
    const [cluster, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>(
      { ...echo, handleCall: () => new Promise(() => undefined) },
      { mailboxLimit: 1, name: 'busy' },
    );
    const calls = [1, 2, 3].map((n) => rejection(a.GenServer.call(ref, n)));
    await cluster.run(50);
    // The first call is being handled, so that one message may wait.
    a.GenServer.cast(ref, 'waits');
    a.GenServer.cast(ref, 'is dropped');
    await cluster.run(50);
    expect(await calls[2]).toMatchObject({ name: 'MailboxFullError', limit: 1, registeredName: 'busy' });
    expect(b.Observer.getServerStats().find(({ id }) => id === ref.id)).toMatchObject({ dropped: 1 });
  });

  test('supervisors are no targets, and neither is what does not run', async () => {
    const [cluster, a, b] = await threeNodes();
    const supervisor = await b.Supervisor.start({ children: [] });
    const error = await rejection(cluster.settle(a.GenServer.call(supervisor as never, 'x' as never)));
    expect(error).toMatchObject({ name: 'ServerNotRunningError' });
    expect(b.Supervisor.isRunning(supervisor)).toBe(true);
  });

  test('handlers call across nodes, and reply to callers on another node later', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const far = await c.GenServer.start(counter);
    const near = await b.GenServer.start<null, 'ask', never, number>({
      init: () => null,
      handleCall: async (_message, state, { call, cast }) => {
        cast(far, 'inc');
        return [await call(far, 'get'), state];
      },
      handleCast: (_message, state) => state,
    });
    expect(await cluster.settle(a.GenServer.call(near, 'ask'))).toBe(1);
  });

  test('stop and kill reach it', async () => {
    const [cluster, a, b] = await threeNodes();
    const reasons: unknown[] = [];
    const behavior = { ...echo, terminate: (reason: unknown) => void reasons.push(reason) };
    const [one, other] = [await b.GenServer.start(behavior), await b.GenServer.start(behavior)];
    await cluster.settle(a.GenServer.stop(one, 'shutdown'));
    expect(b.GenServer.isRunning(one)).toBe(false);
    a.GenServer.kill(other);
    await cluster.run(50);
    expect(b.GenServer.isRunning(other)).toBe(false);
    expect(reasons).toEqual(['shutdown']);
  });
});

describe('too much for a node', () => {
  test('8 MiB that it does not take: casts throw, calls reject, and the node gets what was taken before', async () => {
    const [cluster, a, b] = await threeNodes();
    const { log, behavior } = recorder();
    const noteFirst = (message: string): null => {
      log.push(message.slice(0, 1));
      return null;
    };
    const ref = await b.GenServer.start({ ...behavior, handleCast: noteFirst });
    cluster.network.cut(a.address, b.address);
    const message = `x${'y'.repeat(99_999)}`;
    let taken = 0;
    const fill = (): void => {
      for (; taken < 1000; taken += 1) a.GenServer.cast(ref, message);
    };
    expect(fill).toThrow(/8388608 bytes wait for node nodeB/);
    expect(taken).toBeGreaterThan(80);
    expect(taken).toBeLessThan(90);
    const error = await rejection(a.GenServer.call(ref, 'x'));
    expect(error).toMatchObject({ code: 'NOEX_LINK_OVERLOADED', unit: 'bytes', mayHaveBeenHandled: false });
    cluster.network.heal();
    await cluster.run(200);
    expect(log).toHaveLength(taken);
    a.GenServer.cast(ref, 'again');
    await cluster.run(50);
    expect(log.at(-1)).toBe('a');
  });

  test('65,536 calls without an answer: the next is rejected, and those time out', async () => {
    const [cluster, a, b] = await threeNodes();
    const ref = await b.GenServer.start<null, unknown, unknown, unknown>({
      ...echo,
      handleCall: () => new Promise(() => undefined),
    });
    const calls: Promise<unknown>[] = [];
    for (let at = 0; at < 65_536; at += 1) calls.push(rejection(a.GenServer.call(ref, at, { timeout: 3000 })));
    const error = await rejection(a.GenServer.call(ref, 'one too many'));
    expect(error).toMatchObject({
      code: 'NOEX_LINK_OVERLOADED',
      limit: 65_536,
      unit: 'calls',
      mayHaveBeenHandled: false,
    });
    await cluster.run(3500);
    const names = new Set((await Promise.all(calls)).map((each) => (each as Error).name));
    expect(names).toEqual(new Set(['CallTimeoutError']));
    const afterwards = a.GenServer.call(ref, 'room again', { timeout: 100 });
    await expect(cluster.settle(afterwards)).rejects.toMatchObject({ name: 'CallTimeoutError' });
  });
});

describe('a ref', () => {
  test('of a life that was never heard of is foreign', async () => {
    const [, a] = await threeNodes();
    expect(() => a.GenServer.cast({ id: 'p1', life: 'nobody' }, 'x')).toThrow(/does not belong/);
    expect(() => a.GenServer.nodeOf({ id: 'p1', life: 'nobody' })).toThrow(/does not belong/);
  });

  test('of a node that is cut off is not connected, and works again when the node is back', async () => {
    const [cluster, a, b] = await threeNodes();
    const ref = await b.GenServer.start(counter);
    const call = rejection(a.GenServer.call(ref, 'get', { timeout: 60_000 }));
    cluster.network.cut(a.address, b.address);
    await cluster.run(10_000);
    expect(await call).toMatchObject({ name: 'NodeNotConnectedError', nodeId: b.id, mayHaveBeenHandled: true });
    const unsent = await rejection(a.GenServer.call(ref, 'get'));
    expect(unsent).toMatchObject({ name: 'NodeNotConnectedError', mayHaveBeenHandled: false });
    expect(a.GenServer.isRunning(ref)).toBe(false);
    cluster.network.heal();
    await cluster.run(60_000);
    expect(await cluster.settle(a.GenServer.call(ref, 'get'))).toBeGreaterThanOrEqual(0);
  });

  test('of a node that has left is not running; once the same runtime is back, it works again', async () => {
    const [cluster, a, b] = await threeNodes();
    const ref = await b.GenServer.start(counter);
    a.GenServer.cast(ref, 'inc');
    await cluster.settle(b.Cluster.stop());
    await cluster.run(100);
    expect(await rejection(a.GenServer.call(ref, 'get'))).toMatchObject({ name: 'ServerNotRunningError' });
    await b.Cluster.start({ nodeName: 'nodeB', port: 4370, seeds: ['nodeA@127.0.0.1:4369'] });
    await cluster.run(5000);
    a.GenServer.cast(ref, 'inc');
    expect(await cluster.settle(a.GenServer.call(ref, 'get'))).toBeGreaterThanOrEqual(1);
  });
});

describe('monitors across nodes', () => {
  async function watching(node: ObservedNode, downs: ProcessDown[]) {
    return node.GenServer.start<null, never, never, unknown, ProcessDown>({
      init: () => null,
      handleCall: (_message, state) => [undefined, state],
      handleCast: (_message, state) => state,
      handleInfo(down, state) {
        downs.push(down);
        return state;
      },
    });
  }

  async function setUp(): Promise<{
    readonly cluster: ObservedCluster;
    readonly a: ObservedNode;
    readonly b: ObservedNode;
    readonly watcher: Awaited<ReturnType<typeof watching>>;
    readonly downs: ProcessDown[];
  }> {
    const [cluster, a, b] = await threeNodes();
    const downs: ProcessDown[] = [];
    return { cluster, a, b, watcher: await watching(a, downs), downs };
  }

  test('say once how the process ended', async () => {
    const { cluster, a, b, watcher, downs } = await setUp();
    const target = await b.GenServer.start(counter);
    const monitor = a.GenServer.monitor(watcher, target);
    const exited = a.GenServer.exited(target);
    await cluster.run(50);
    a.GenServer.cast(target, 'boom');
    await cluster.run(50);
    cluster.network.cut(a.address, b.address);
    await cluster.run(10_000);
    const reason = { error: { name: 'RemoteError', message: 'boom', nodeId: b.id } };
    expect(downs).toMatchObject([{ type: 'process_down', monitor, ref: target, reason }]);
    expect(await exited).toMatchObject(reason);
  });

  test('are down with noconnection when the node is lost, and stay so when it is back', async () => {
    const { cluster, a, b, watcher, downs } = await setUp();
    const target = await b.GenServer.start(counter);
    a.GenServer.monitor(watcher, target);
    cluster.network.cut(a.address, b.address);
    await cluster.run(10_000);
    expect(downs).toMatchObject([{ ref: target, reason: 'noconnection' }]);
    a.GenServer.monitor(watcher, target);
    expect(downs).toHaveLength(1);
    await cluster.run(50);
    expect(downs).toMatchObject([{ reason: 'noconnection' }, { reason: 'noconnection' }]);
    cluster.network.heal();
    await cluster.run(60_000);
    b.GenServer.kill(target);
    await cluster.run(100);
    expect(downs).toHaveLength(2);
  });

  test('of a process that has ended are down with noproc; those that were ended say nothing', async () => {
    const { cluster, a, b, watcher, downs } = await setUp();
    const target = await b.GenServer.start(counter);
    const monitor = a.GenServer.monitor(watcher, target);
    await cluster.run(50);
    expect(a.GenServer.demonitor(monitor)).toBe(true);
    b.GenServer.kill(target);
    await cluster.run(50);
    expect(downs).toEqual([]);
    a.GenServer.monitor(watcher, target);
    await cluster.run(50);
    expect(downs).toMatchObject([{ reason: 'noproc' }]);
  });

  test('links end the other process, in both directions, and when the node is lost', async () => {
    const { cluster, a, b } = await setUp();
    const start = async () => [await a.GenServer.start(counter), await b.GenServer.start(counter)] as const;
    const [killed, crashed, lost] = [await start(), await start(), await start()] as const;
    for (const [here, there] of [killed, crashed, lost]) a.GenServer.link(here, there);
    await cluster.run(50);
    a.GenServer.kill(killed[0]);
    b.GenServer.cast(crashed[1], 'boom');
    await cluster.run(50);
    expect(b.GenServer.isRunning(killed[1])).toBe(false);
    expect(await a.GenServer.exited(crashed[0])).toMatchObject({ error: { message: 'boom' } });
    cluster.network.cut(a.address, b.address);
    await cluster.run(10_000);
    expect(await a.GenServer.exited(lost[0])).toMatchObject({ error: { name: 'NodeNotConnectedError', nodeId: b.id } });
    expect(await b.GenServer.exited(lost[1])).toMatchObject({ error: { name: 'NodeNotConnectedError', nodeId: a.id } });
  });

  test('a supervisor takes no link, and can be monitored', async () => {
    const { cluster, a, b, watcher, downs } = await setUp();
    const supervisor = await b.Supervisor.start({ children: [] });
    const here = await a.GenServer.start(counter);
    a.GenServer.link(here, supervisor);
    a.GenServer.monitor(watcher, supervisor);
    await cluster.run(50);
    expect(await a.GenServer.exited(here)).toMatchObject({ error: { name: 'ServerNotRunningError' } });
    expect(downs).toEqual([]);
    await cluster.settle(b.Supervisor.stop(supervisor));
    await cluster.run(50);
    expect(downs).toMatchObject([{ ref: supervisor, reason: 'normal' }]);
  });

  test('a link that was ended does nothing', async () => {
    const { cluster, a, b } = await setUp();
    const [here, there] = [await a.GenServer.start(counter), await b.GenServer.start(counter)];
    const link = a.GenServer.link(here, there);
    await cluster.run(50);
    expect(a.GenServer.unlink(link)).toBe(true);
    await cluster.run(50);
    a.GenServer.kill(here);
    await cluster.run(50);
    expect(b.GenServer.isRunning(there)).toBe(true);
  });

  test('a call that is aborted in the turn in which it was made is not sent', async () => {
    const [cluster, a, b] = await threeNodes();
    const handled: string[] = [];
    const ref = await b.GenServer.start({
      init: () => 0,
      handleCall: (message: string, state: number) => {
        handled.push(message);
        return [message, state] as const;
      },
    });
    const controller = new AbortController();
    const first = a.GenServer.call(ref, 'first');
    const aborted = a.GenServer.call(ref, 'aborted', { signal: controller.signal });
    const last = a.GenServer.call(ref, 'last');
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'NOEX_CALL_ABORTED', mayHaveBeenHandled: false });
    expect(await cluster.settle(Promise.all([first, last]))).toEqual(['first', 'last']);
    expect(handled).toEqual(['first', 'last']);
  });
});
