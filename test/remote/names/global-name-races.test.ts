import { describe, expect, test } from 'vitest';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import type { ProcessRef } from '../../../src/process/process-refs.js';
import { turn } from '../../helpers/event-loop.js';
import { type BareNode, type ObservedCluster, type ObservedNode, threeNodes } from '../../helpers/observed-cluster.js';
import { rejectionOf } from '../../helpers/rejections.js';
import { never } from '../../helpers/servers.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

const idle: GenServerBehavior<null, unknown, unknown, unknown> = {
  init: () => null,
  handleCall: (_message, state) => [null, state],
  handleCast: (_message, state) => state,
};

const GLOBAL = { name: 'leader', registration: 'global' } as const;

describe('a process that is refused a global name', () => {
  test('has no part in it: its end does not free the name, and that of the owner does', async () => {
    const { GlobalRegistry, GenServer } = createTestRuntime();
    const [owner, other] = [await GenServer.start(idle), await GenServer.start(idle)];
    await GlobalRegistry.register('leader', owner);
    expect(await rejectionOf(GlobalRegistry.register('leader', other))).toMatchObject({ processId: owner.id });
    expect(await rejectionOf(GlobalRegistry.register('leader', owner))).toMatchObject({ processId: owner.id });
    await GenServer.stop(other);
    expect(GlobalRegistry.whereis('leader')).toEqual(owner);
    await GenServer.stop(owner);
    expect(GlobalRegistry.whereis('leader')).toBeUndefined();
  });

  test('has no part in it, although it had ended before', async () => {
    const { GlobalRegistry, GenServer } = createTestRuntime();
    const [owner, gone] = [await GenServer.start(idle), await GenServer.start(idle)];
    await GlobalRegistry.register('leader', owner);
    await GenServer.stop(gone);
    await rejectionOf(GlobalRegistry.register('leader', gone));
    expect(GlobalRegistry.whereis('leader')).toEqual(owner);
  });
});

test('a process that has ended gets no global name, also without a cluster', async () => {
  const { GlobalRegistry, GenServer } = createTestRuntime();
  const gone = await GenServer.start(idle);
  await GenServer.stop(gone);
  expect(await rejectionOf(GlobalRegistry.register('leader', gone))).toMatchObject({ code: 'NOEX_SERVER_NOT_RUNNING' });
  expect(GlobalRegistry.isRegistered('leader')).toBe(false);
});

test('what is no ref is refused', async () => {
  const { GlobalRegistry } = createTestRuntime();
  for (const ref of [undefined, null, 'p1', {}, { id: 1, life: 2 }]) {
    const error = await rejectionOf(GlobalRegistry.register('leader', ref as unknown as ProcessRef));
    expect(error).toMatchObject({ code: 'NOEX_INVALID_ARGUMENT', field: 'ref' });
  }
});

test('a start whose name is unregistered before its init starts no process', async () => {
  const { GlobalRegistry, GenServer } = createTestRuntime();
  const first = rejectionOf(GenServer.start(idle, GLOBAL));
  const unregistered = GlobalRegistry.unregister('leader');
  const second = GenServer.start(idle, GLOBAL);
  await unregistered;
  expect(await first).toMatchObject({ code: 'NOEX_ALREADY_REGISTERED' });
  expect(GlobalRegistry.whereis('leader')).toEqual(await second);

  const third = rejectionOf(GenServer.start(idle, { ...GLOBAL, name: 'other' }));
  await GlobalRegistry.unregister('other');
  expect(await third).toMatchObject({ code: 'NOEX_NOT_REGISTERED' });
});

describe('a remote start whose starter gives up while its name is being claimed', () => {
  /** A behavior that says how often its init ran, and a node that accepts no names, so that claims take as long as it is there. */
  async function slowClaims(): Promise<[ObservedCluster, ObservedNode, ObservedNode, BareNode, () => number]> {
    const [cluster, a, b] = await threeNodes();
    const bare = await cluster.startBare('nodeD');
    await cluster.run(2000);
    let inits = 0;
    const init = (): null => {
      inits += 1;
      return null;
    };
    b.BehaviorRegistry.register('idle', { ...idle, init });
    return [cluster, a, b, bare, () => inits];
  }

  test.each(['another', 'its own'])('runs no init, and frees the name: on %s node', async (which) => {
    const [cluster, a, b, bare, inits] = await slowClaims();
    const starter = which === 'another' ? a : b;
    const options = { targetNode: b.id, ...GLOBAL, spawnTimeout: 1000 };
    const starting = rejectionOf(starter.GenServer.startRemote('idle', options));
    await cluster.run(1500);
    expect(await starting).toMatchObject({ code: 'NOEX_NODE_TIMEOUT' });
    await cluster.settle(bare.cluster.stop());
    await cluster.run(50);
    expect(inits()).toBe(0);
    for (const node of [a, b]) expect(node.GlobalRegistry.isRegistered('leader')).toBe(false);
    expect([...a.errors, ...b.errors]).toEqual([]);
    await cluster.settle(starter.GenServer.startRemote('idle', options));
    expect(inits()).toBe(1);
  });
});

test('a child with a global name is restarted under it', async () => {
  const [cluster, a, b, c] = await threeNodes();
  const start = () => a.GenServer.start(idle, GLOBAL);
  await cluster.settle(a.Supervisor.start({ children: [{ id: 'leader', start }] }));
  for (let restarts = 0; restarts < 3; restarts += 1) {
    const before = a.GlobalRegistry.lookup('leader');
    a.GenServer.kill(before);
    await cluster.run(200);
    const after = a.GlobalRegistry.lookup('leader');
    expect(after).not.toEqual(before);
    for (const node of [b, c]) expect(node.GlobalRegistry.whereis('leader')).toEqual(after);
  }
});

test('a child that is in its init under a global name ends with its supervisor', async () => {
  const { GenServer, GlobalRegistry, Observer, Supervisor } = createTestRuntime();
  const hanging = { init: () => never };
  const starting = rejectionOf(
    Supervisor.start({ name: 'top', children: [{ id: 'leader', start: () => GenServer.start(hanging, GLOBAL) }] }),
  );
  await turn();
  expect(GlobalRegistry.isRegistered('leader')).toBe(true);
  const top = Observer.getSupervisorStats().find(({ name }) => name === 'top');
  GenServer.kill({ id: top?.id ?? '', life: GlobalRegistry.lookup('leader').life });
  await starting;
  expect(GlobalRegistry.isRegistered('leader')).toBe(false);
  expect(Observer.getProcessCount()).toBe(0);
});
