import { describe, expect, test } from 'vitest';
import type { GenServerRef } from '../../src/process/process-refs.js';
import { threeNodes } from '../helpers/observed-cluster.js';
import { counter, gate } from '../helpers/servers.js';

type CartRef = GenServerRef<readonly string[], 'items', string, readonly string[]>;

const cartOf = ({ owner, since }: { readonly owner: string; readonly since: Date }) => ({
  init: (): readonly string[] => [`${owner} since ${since.getTime()}`],
  handleCall: (_message: 'items', items: readonly string[]) => [items, items] as const,
  handleCast: (item: string, items: readonly string[]) => [...items, item],
});

const since = new Date(7);

describe('startRemote', () => {
  test('starts a registered behavior on another node, with its arguments and its name', async () => {
    const [cluster, a, b] = await threeNodes();
    b.BehaviorRegistry.register('cart', cartOf);
    const started = a.GenServer.startRemote<CartRef>('cart', {
      targetNode: b.id,
      args: { owner: 'ada', since },
      name: 'cart-1',
    });
    const cart = await cluster.settle(started);
    a.GenServer.cast(cart, 'tea');
    expect(await cluster.settle(a.GenServer.call(cart, 'items'))).toEqual(['ada since 7', 'tea']);
    expect(b.Registry.lookup('cart-1')).toEqual(cart);
    expect(a.GenServer.nodeOf(cart)).toBe(b.id);
    // It is nobody's to kill any more.
    await cluster.settle(a.Cluster.stop());
    await cluster.run(10_000);
    expect(b.GenServer.isRunning(cart)).toBe(true);
  });

  test('starts on this node, too', async () => {
    const [cluster, a] = await threeNodes();
    a.BehaviorRegistry.register('counter', counter);
    const ref = await cluster.settle(a.GenServer.startRemote('counter', { targetNode: a.id }));
    expect(a.GenServer.isRunning(ref)).toBe(true);
  });

  test('says what is wrong there', async () => {
    const [cluster, a, b] = await threeNodes();
    b.BehaviorRegistry.register('broken', () => {
      throw new RangeError('no such owner');
    });
    b.BehaviorRegistry.register('failing', { ...counter, init: () => Promise.reject(new Error('no database')) });
    b.BehaviorRegistry.register('no behavior', () => 1 as never);
    b.BehaviorRegistry.register('counter', counter);
    const start = (name: string, options: object = {}) =>
      cluster.settle(a.GenServer.startRemote(name, { targetNode: b.id, ...options })).catch((error) => error);
    expect(await start('missing')).toMatchObject({ code: 'NOEX_BEHAVIOR_NOT_REGISTERED', nodeId: b.id });
    expect(await start('broken')).toMatchObject({
      name: 'RemoteError',
      remoteName: 'RangeError',
      message: 'no such owner',
    });
    expect(await start('failing')).toMatchObject({ name: 'RemoteError', remoteName: 'InitializationError' });
    expect(await start('no behavior')).toMatchObject({ remoteCode: 'NOEX_INVALID_ARGUMENT' });
    expect(await start('counter', { name: 'w1' })).toMatchObject({ remoteCode: 'NOEX_ALREADY_REGISTERED' });
    expect(await start('counter', { args: { run: () => 1 } })).toMatchObject({ path: 'args.run' });
    expect(await start('counter', { targetNode: 'nodeX@127.0.0.1:1' })).toMatchObject({ name: 'NodeNotFoundError' });
    expect(await start('counter', { node: b.id })).toMatchObject({ name: 'UnknownOptionError' });
  });

  test('leaves nothing running when the starter gives up, however late the start is through', async () => {
    const [cluster, a, b] = await threeNodes();
    const ready = gate();
    b.BehaviorRegistry.register('slow', { ...counter, init: () => ready.opened.then(() => 0) });
    const before = b.Observer.getProcessCount();
    const started = a.GenServer.startRemote('slow', { targetNode: b.id, spawnTimeout: 200 });
    await expect(cluster.settle(started)).rejects.toMatchObject({ name: 'NodeTimeoutError', timeoutMs: 200 });
    await cluster.run(50);
    ready.open();
    await cluster.run(50);
    expect(b.Observer.getProcessCount()).toBe(before);
  });

  test('leaves nothing running when the link is lost before the starter has the ref', async () => {
    const [cluster, a, b] = await threeNodes();
    const ready = gate();
    b.BehaviorRegistry.register('slow', { ...counter, init: () => ready.opened.then(() => 0) });
    const before = b.Observer.getProcessCount();
    const started = a.GenServer.startRemote('slow', { targetNode: b.id, spawnTimeout: 60_000 });
    const rejected = expect(started).rejects.toMatchObject({ name: 'NodeNotConnectedError' });
    await cluster.run(50);
    cluster.network.cut(a.address, b.address);
    await cluster.run(10);
    ready.open();
    await cluster.run(10_000);
    await rejected;
    expect(b.Observer.getProcessCount()).toBe(before);
  });
});

describe('BehaviorRegistry', () => {
  test('knows names, and refuses a second behavior under one', async () => {
    const [, { BehaviorRegistry }] = await threeNodes();
    BehaviorRegistry.register('counter', counter);
    expect(() => BehaviorRegistry.register('counter', counter)).toThrow(
      /^name must be a name that is not registered yet/,
    );
    expect(() => BehaviorRegistry.register('', counter)).toThrow(/^name must be/);
    expect(() => BehaviorRegistry.register('x', 1 as never)).toThrow(/^behavior must be/);
    expect([BehaviorRegistry.has('counter'), BehaviorRegistry.getNames()]).toEqual([true, ['counter']]);
    expect([BehaviorRegistry.unregister('counter'), BehaviorRegistry.unregister('counter')]).toEqual([true, false]);
  });
});

describe('accept', () => {
  test('refuses by sender, target and kind, before the body is read', async () => {
    const [cluster, a, b] = await threeNodes();
    const seen: unknown[] = [];
    await cluster.settle(b.Cluster.stop());
    await b.Cluster.start({
      nodeName: 'nodeB',
      port: 4370,
      seeds: ['nodeA@127.0.0.1:4369'],
      accept(message) {
        seen.push(message);
        if (message.kind === 'info') throw new Error('cannot decide');
        return message.to.name === 'open';
      },
    });
    await cluster.run(5000);
    const [open, closed] = [
      await b.GenServer.start(counter, { name: 'open' }),
      await b.GenServer.start(counter, { name: 'closed' }),
    ];
    expect(await cluster.settle(a.GenServer.call(open, 'get'))).toBe(0);
    const refused = cluster.settle(a.GenServer.call(closed, 'get'));
    await expect(refused).rejects.toMatchObject({
      code: 'NOEX_MESSAGE_REFUSED',
      nodeId: b.id,
      mayHaveBeenHandled: false,
    });
    a.GenServer.cast(closed, 'inc');
    a.GenServer.info(open, 'x');
    a.GenServer.kill(closed);
    const start = cluster.settle(a.GenServer.startRemote('any', { targetNode: b.id }));
    await expect(start).rejects.toMatchObject({ name: 'MessageRefusedError' });
    expect(await b.GenServer.call(closed, 'get')).toBe(0);
    expect(seen).toContainEqual({ from: a.id, to: { id: closed.id, name: 'closed' }, kind: 'cast' });
    expect(seen).toContainEqual({ from: a.id, to: { behavior: 'any' }, kind: 'start' });
    expect(b.errors).toMatchObject([{ message: 'cannot decide' }]);
  });

  test('must be a function', async () => {
    const [cluster, a] = await threeNodes();
    await cluster.settle(a.Cluster.stop());
    const started = a.Cluster.start({ nodeName: 'nodeA', accept: true as never });
    await expect(started).rejects.toMatchObject({ name: 'InvalidClusterConfigError', field: 'accept' });
  });

  test('an initTimeout without an end travels', async () => {
    const [cluster, a, b] = await threeNodes();
    b.BehaviorRegistry.register('counter', counter);
    const options = { targetNode: b.id, initTimeout: Number.POSITIVE_INFINITY };
    const ref = await cluster.settle(a.GenServer.startRemote('counter', options));
    expect(b.GenServer.isRunning(ref)).toBe(true);
  });

  test('a process that is still in its init ends when its starter gives up', async () => {
    const [cluster, a, b] = await threeNodes();
    let signal: AbortSignal | undefined;
    b.BehaviorRegistry.register('slow', {
      ...counter,
      init: (_self, ctx) => {
        signal = ctx.signal;
        return new Promise<never>(() => undefined);
      },
    });
    const before = b.Observer.getProcessCount();
    const options = { targetNode: b.id, name: 'slow', spawnTimeout: 200, initTimeout: Number.POSITIVE_INFINITY };
    await expect(cluster.settle(a.GenServer.startRemote('slow', options))).rejects.toMatchObject({
      code: 'NOEX_NODE_TIMEOUT',
    });
    await cluster.run(1000);
    expect(b.Observer.getProcessCount()).toBe(before);
    expect(signal?.aborted).toBe(true);
    expect(b.Registry.isRegistered('slow')).toBe(false);
  });

  test.each(['factory', 'init'] as const)('on this node, spawnTimeout covers the %s, too', async (part) => {
    const [cluster, a] = await threeNodes();
    const never = (): Promise<never> => new Promise(() => undefined);
    a.BehaviorRegistry.register('slow', part === 'factory' ? never : { ...counter, init: never });
    const before = a.Observer.getProcessCount();
    const options = { targetNode: a.id, spawnTimeout: 100, initTimeout: Number.POSITIVE_INFINITY };
    await expect(cluster.settle(a.GenServer.startRemote('slow', options))).rejects.toMatchObject({
      code: 'NOEX_NODE_TIMEOUT',
    });
    expect(a.Observer.getProcessCount()).toBe(before);
  });
});
