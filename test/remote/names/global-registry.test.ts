import { describe, expect, test } from 'vitest';
import {
  AlreadyRegisteredError,
  GlobalNameConflictError,
  GlobalNameTimeoutError,
  MessageRefusedError,
  NotRegisteredError,
} from '../../../src/errors.js';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import type { GenServerRef } from '../../../src/process/process-refs.js';
import { ObservedCluster, type ObservedNode, threeNodes } from '../../helpers/observed-cluster.js';
import { rejectionOf } from '../../helpers/rejections.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

type Echo = GenServerRef<readonly unknown[], unknown, unknown, unknown>;

/** Answers with its own node; keeps the infos that it gets. */
function echo(node: string, infos: unknown[] = []): GenServerBehavior<null, unknown, unknown, unknown> {
  return {
    init: () => null,
    handleCall: (message, state) => [`${node}: ${String(message)}`, state],
    handleCast: (_message, state) => state,
    handleInfo(info, state) {
      infos.push(info);
      return state;
    },
  };
}

const ownersOf = (nodes: readonly ObservedNode[], name: string): readonly unknown[] =>
  nodes.map(({ GlobalRegistry }) => GlobalRegistry.whereis(name));

describe('a global name', () => {
  test('is known on every node as soon as its registration has resolved, and can be called from there', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const ref = await b.GenServer.start(echo('b'));
    await cluster.settle(b.GlobalRegistry.register('billing', ref));
    await cluster.run(50);
    expect(ownersOf([a, b, c], 'billing')).toEqual([ref, ref, ref]);
    expect(a.GlobalRegistry.lookup('billing')).toEqual(ref);
    expect(c.GlobalRegistry.getNames()).toEqual(['billing']);
    expect(c.GlobalRegistry.count()).toBe(1);
    expect(c.GlobalRegistry.isRegistered('billing')).toBe(true);
    const billing = a.GlobalRegistry.name<Echo>('billing');
    for (const node of [a, b, c]) expect(await cluster.settle(node.GenServer.call(billing, 'hi'))).toBe('b: hi');
    expect(a.GlobalRegistry.whereis(billing)).toEqual(ref);
  });

  test('has one owner: who registers it second is refused, on any node', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const first = await a.GenServer.start(echo('a'));
    await cluster.settle(a.GlobalRegistry.register('billing', first));
    await cluster.run(50);
    for (const node of [a, b, c]) {
      const other = await node.GenServer.start(echo('other'));
      const error = await rejectionOf(cluster.settle(node.GlobalRegistry.register('billing', other)));
      expect(error).toBeInstanceOf(AlreadyRegisteredError);
      expect(error).toMatchObject({ registeredName: 'billing', processId: first.id });
      if (node !== a) expect(error).toMatchObject({ nodeId: a.id });
      const place = node === a ? 'this node' : `node ${a.id}`;
      expect(String(error)).toContain(`global name 'billing' belongs to process ${first.id} of ${place}`);
    }
    expect(b.GlobalRegistry.whereis('billing')).toEqual(first);
  });

  test('that several nodes start a process under at the same time is given to one, and only its init runs', async () => {
    const [cluster, ...nodes] = await threeNodes();
    const inits: string[] = [];
    const start = async (node: ObservedNode): Promise<unknown> =>
      node.GenServer.start(
        {
          init: () => {
            inits.push(node.id);
            return 0;
          },
        },
        { name: 'leader', registration: 'global' },
      ).catch((error: unknown) => error);
    const results = await cluster.settle(Promise.all([...nodes, ...nodes].map(start)));
    const refused = results.filter((result) => result instanceof AlreadyRegisteredError);
    expect(refused).toHaveLength(5);
    expect(inits).toHaveLength(1);
    await cluster.run(50);
    const [owner] = results.filter((result) => !(result instanceof Error));
    expect(ownersOf(nodes, 'leader')).toEqual([owner, owner, owner]);
  });

  test('is free again when its process ends, when it is unregistered anywhere, and when its node is lost', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const start = async (node: ObservedNode) => {
      const ref = await cluster.settle(node.GenServer.start(echo('x'), { name: 'job', registration: 'global' }));
      await cluster.run(50);
      expect(ownersOf([a, b, c], 'job')).toEqual([ref, ref, ref]);
      return ref;
    };
    a.GenServer.kill(await start(a));
    await cluster.run(50);
    expect(ownersOf([a, b, c], 'job')).toEqual([undefined, undefined, undefined]);

    const unregistered = await start(b);
    await cluster.settle(c.GlobalRegistry.unregister('job'));
    await cluster.run(50);
    expect(ownersOf([a, b, c], 'job')).toEqual([undefined, undefined, undefined]);
    expect(b.GenServer.isRunning(unregistered)).toBe(true);
    await cluster.settle(c.GlobalRegistry.unregister('job'));

    await start(c);
    await cluster.settle(c.Cluster.stop());
    await cluster.run(50);
    expect(ownersOf([a, b], 'job')).toEqual([undefined, undefined]);
    await start(a).catch(() => undefined);
    expect(b.GlobalRegistry.isRegistered('job')).toBe(true);
  });

  test('is given to a process of another node, too', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const ref = await b.GenServer.start(echo('b'));
    await cluster.settle(a.GlobalRegistry.register('billing', ref));
    await cluster.run(50);
    expect(ownersOf([a, b, c], 'billing')).toEqual([ref, ref, ref]);
    const error = await rejectionOf(cluster.settle(c.GlobalRegistry.register('billing', ref)));
    expect(error).toMatchObject({ code: 'NOEX_ALREADY_REGISTERED', processId: ref.id, nodeId: b.id });
    b.GenServer.kill(ref);
    await cluster.run(50);
    const gone = await rejectionOf(cluster.settle(a.GlobalRegistry.register('mail', ref)));
    expect(gone).toMatchObject({ code: 'NOEX_SERVER_NOT_RUNNING' });
  });

  test('of a process that is started on another node is registered before its init', async () => {
    const [cluster, a, b, c] = await threeNodes();
    b.BehaviorRegistry.register('echo', echo('b'));
    const start = () =>
      a.GenServer.startRemote<Echo>('echo', { targetNode: b.id, name: 'remote', registration: 'global' });
    const ref = await cluster.settle(start());
    await cluster.run(50);
    expect(c.GlobalRegistry.whereis('remote')).toEqual(ref);
    const error = await rejectionOf(cluster.settle(start()));
    expect(error).toBeInstanceOf(AlreadyRegisteredError);
    expect(error).toMatchObject({ registeredName: 'remote', processId: ref.id, nodeId: b.id });
  });

  test('of a start on another node that a third node does not answer for is refused there with its name', async () => {
    const [cluster, a, b] = await threeNodes();
    b.BehaviorRegistry.register('echo', echo('b'));
    const bare = await cluster.startBare('nodeD');
    await cluster.run(2000);
    const options = { targetNode: b.id, name: 'remote', registration: 'global', spawnTimeout: 60_000 } as const;
    const starting = rejectionOf(a.GenServer.startRemote('echo', options));
    const registering = rejectionOf(a.GlobalRegistry.register('other', await b.GenServer.start(echo('b'))));
    await cluster.run(40_000);
    for (const [error, registeredName] of [
      [await starting, 'remote'],
      [await registering, 'other'],
    ] as const) {
      expect(error).toBeInstanceOf(GlobalNameTimeoutError);
      expect(error).toMatchObject({ registeredName, timeoutMs: 10_000, nodeIds: [bare.id] });
    }
  });

  test('is refused to a message that accept does not allow', async () => {
    const cluster = new ObservedCluster();
    const a = await cluster.start('nodeA');
    const b = await cluster.start('nodeB', {}, { accept: ({ kind }) => kind !== 'register' });
    await cluster.run(3000);
    const ref = await b.GenServer.start(echo('b'));
    const error = await rejectionOf(cluster.settle(a.GlobalRegistry.register('billing', ref)));
    expect(error).toBeInstanceOf(MessageRefusedError);
  });

  test('that a connected node does not answer for is refused after a while, and free again', async () => {
    const [cluster, a, b] = await threeNodes();
    const bare = await cluster.startBare('nodeD');
    await cluster.run(2000);
    const ref = await a.GenServer.start(echo('a'));
    const registering = rejectionOf(a.GlobalRegistry.register('billing', ref));
    await cluster.run(9000);
    expect(b.GlobalRegistry.whereis('billing')).toBeUndefined();
    await cluster.run(30_000);
    const error = await registering;
    expect(error).toBeInstanceOf(GlobalNameTimeoutError);
    expect(error).toMatchObject({ registeredName: 'billing', nodeIds: [bare.id] });
    await cluster.settle(bare.cluster.stop());
    await cluster.run(50);
    await cluster.settle(b.GlobalRegistry.register('billing', ref));
  });

  test('is checked', async () => {
    const { GlobalRegistry, GenServer } = createTestRuntime();
    const ref = await GenServer.start(echo('x'));
    await expect(GlobalRegistry.register('', ref)).rejects.toMatchObject({ field: 'name' });
    await expect(GlobalRegistry.register('x'.repeat(201), ref)).rejects.toMatchObject({ field: 'name' });
    await expect(GlobalRegistry.register('x', ref, { onConflict: 'die' as 'kill' })).rejects.toMatchObject({
      field: 'onConflict',
    });
    await expect(GlobalRegistry.register('x', ref, { conflict: 'kill' } as never)).rejects.toMatchObject({
      code: 'NOEX_UNKNOWN_OPTION',
    });
    await expect(GenServer.start(echo('x'), { registration: 'global' })).rejects.toMatchObject({ field: 'name' });
    const long = { name: 'x'.repeat(201), registration: 'global' } as const;
    await expect(GenServer.start(echo('x'), long)).rejects.toMatchObject({ field: 'name' });
    const wrong = { name: 'x', registration: 'world' as 'global' };
    await expect(GenServer.start(echo('x'), wrong)).rejects.toMatchObject({ field: 'registration' });
    expect(() => GlobalRegistry.lookup('x')).toThrow(NotRegisteredError);
    expect(() => GenServer.cast(GlobalRegistry.name<Echo>('x'), 'hi')).toThrow(NotRegisteredError);
    await expect(GenServer.call(GlobalRegistry.name<Echo>('x'), 'hi')).rejects.toBeInstanceOf(NotRegisteredError);
  });

  test('works in a runtime without a cluster', async () => {
    const { GlobalRegistry, GenServer } = createTestRuntime();
    const ref = await GenServer.start(echo('x'), { name: 'alone', registration: 'global' });
    expect(GlobalRegistry.whereis('alone')).toEqual(ref);
    expect(await GenServer.call(GlobalRegistry.name<Echo>('alone'), 'hi')).toBe('x: hi');
    await expect(GenServer.start(echo('x'), { name: 'alone', registration: 'global' })).rejects.toBeInstanceOf(
      AlreadyRegisteredError,
    );
    await GenServer.stop(ref);
    expect(GlobalRegistry.getNames()).toEqual([]);
  });

  test('whose init fails is free again', async () => {
    const { GlobalRegistry, GenServer } = createTestRuntime({ reporter: false });
    const failing = {
      init: () => {
        throw new Error('no disk');
      },
    };
    await expect(GenServer.start(failing, { name: 'disk', registration: 'global' })).rejects.toMatchObject({
      code: 'NOEX_INITIALIZATION',
    });
    expect(GlobalRegistry.isRegistered('disk')).toBe(false);
  });
});

test('names$ has all names now, and again when one comes or goes', async () => {
  const [cluster, a, b] = await threeNodes();
  const seen: (readonly string[])[] = [];
  const watching = a.GlobalRegistry.names$.subscribe((names) => seen.push([...names.keys()]));
  const one = await cluster.settle(b.GenServer.start(echo('b'), { name: 'one', registration: 'global' }));
  await cluster.settle(a.GenServer.start(echo('a'), { name: 'two', registration: 'global' }));
  b.GenServer.kill(one);
  await cluster.run(50);
  watching.unsubscribe();
  const distinct = seen.filter((names, at) => names.join() !== seen[at - 1]?.join());
  expect(distinct.map((names) => [...names].sort())).toEqual([[], ['one'], ['one', 'two'], ['two']]);
});

describe('after a partition in which both sides gave a name away', () => {
  /** Cuts node A off, and lets A and B register the same name: A first. */
  async function splitOwners(cluster: ObservedCluster, a: ObservedNode, b: ObservedNode, c: ObservedNode) {
    cluster.network.cut(a.address, b.address);
    cluster.network.cut(a.address, c.address);
    await cluster.run(20_000);
    const infos: unknown[] = [];
    const early = await a.GenServer.start(echo('a'));
    await cluster.settle(a.GlobalRegistry.register('leader', early));
    await cluster.run(1000);
    const late = await b.GenServer.start(echo('b', infos));
    return { early, late, infos };
  }

  test('the earlier claim stays, the other process is killed, and both nodes report it', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const { early, late } = await splitOwners(cluster, a, b, c);
    await cluster.settle(b.GlobalRegistry.register('leader', late));
    await cluster.run(50);
    expect(ownersOf([a, b, c], 'leader')).toEqual([early, late, late]);
    cluster.network.heal();
    await cluster.run(30_000);
    expect(ownersOf([a, b, c], 'leader')).toEqual([early, early, early]);
    expect(b.GenServer.isRunning(late)).toBe(false);
    expect(a.GenServer.isRunning(early)).toBe(true);
    const conflictsOf = ({ errors }: ObservedNode) =>
      errors.filter((error) => error instanceof GlobalNameConflictError);
    expect(conflictsOf(a)).toMatchObject([
      { registeredName: 'leader', processId: early.id, isKept: true, nodeId: b.id },
    ]);
    expect(conflictsOf(b)).toMatchObject([
      { registeredName: 'leader', processId: late.id, isKept: false, nodeId: a.id },
    ]);
    expect(conflictsOf(c)).toEqual([]);
  });

  test('a supervised process waits for the name if the backoff of its supervisor is long enough, and takes over', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const options = { name: 'leader', registration: 'global' } as const;
    cluster.network.cut(a.address, b.address);
    cluster.network.cut(a.address, c.address);
    await cluster.run(20_000);
    const early = await cluster.settle(a.GenServer.start(echo('a'), options));
    await cluster.run(1000);
    const supervisor = await cluster.settle(
      b.Supervisor.start({
        restartIntensity: { maxRestarts: 5, withinMs: 10_000, backoff: { minMs: 3000, maxMs: 3000 } },
        children: [{ id: 'leader', start: () => b.GenServer.start(echo('b'), options) }],
      }),
    );
    cluster.network.heal();
    await cluster.run(120_000);
    expect(ownersOf([a, b, c], 'leader')).toEqual([early, early, early]);
    expect(b.Supervisor.isRunning(supervisor)).toBe(true);
    a.GenServer.kill(early);
    await cluster.run(5000);
    const leader = a.GlobalRegistry.name<Echo>('leader');
    expect(await cluster.settle(a.GenServer.call(leader, 'hi'))).toBe('b: hi');
  });

  test("with onConflict: 'notify' the other process lives on without the name, and is informed", async () => {
    const [cluster, a, b, c] = await threeNodes();
    const { early, late, infos } = await splitOwners(cluster, a, b, c);
    await cluster.settle(b.GlobalRegistry.register('leader', late, { onConflict: 'notify' }));
    cluster.network.heal();
    await cluster.run(30_000);
    expect(ownersOf([a, b, c], 'leader')).toEqual([early, early, early]);
    expect(b.GenServer.isRunning(late)).toBe(true);
    expect(infos).toEqual([{ type: 'global_name_conflict', name: 'leader', winner: early }]);
  });
});
