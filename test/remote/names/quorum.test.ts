import { describe, expect, test } from 'vitest';
import { AlreadyRegisteredError, NoQuorumError, QuorumLostError } from '../../../src/errors.js';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import type { ProcessRef } from '../../../src/process/process-refs.js';
import { ObservedCluster, type ObservedNode } from '../../helpers/observed-cluster.js';
import { rejectionOf } from '../../helpers/rejections.js';

/** How long an answer of another node counts, with the default heartbeats, ms. */
const WINDOW_MS = 6000;
const RESERVE_MS = WINDOW_MS + 2000;

const idle: GenServerBehavior<null, never, never, never> = { init: () => null };

async function quorumOfThree(minNodes: number | undefined = 2) {
  const cluster = new ObservedCluster();
  const a = await cluster.start('nodeA', {}, { minNodes });
  const b = await cluster.start('nodeB', {}, { minNodes });
  const c = await cluster.start('nodeC', {}, { minNodes });
  await cluster.run(3000);
  return { cluster, a, b, c };
}

const startNamed = (cluster: ObservedCluster, { GenServer }: ObservedNode, name = 'leader'): Promise<ProcessRef> =>
  cluster.settle(GenServer.start(idle, { name, registration: 'global' }));

const isolate = ({ network }: ObservedCluster, node: ObservedNode, others: readonly ObservedNode[]): void =>
  network.partition(
    [node.address],
    others.map(({ address }) => address),
  );

const errorsOf = ({ errors }: ObservedNode): readonly unknown[] =>
  errors.filter((error) => error instanceof QuorumLostError);

describe('with minNodes', () => {
  test('a name is registered in about a round trip once all nodes are connected', async () => {
    const { cluster, a, b, c } = await quorumOfThree();
    const before = cluster.clock.monotonic();
    const ref = await startNamed(cluster, a);
    expect(cluster.clock.monotonic() - before).toBeLessThan(100);
    await cluster.run(WINDOW_MS * 3);
    for (const node of [a, b, c]) expect(node.GlobalRegistry.whereis('leader')).toEqual(ref);
    expect(a.GenServer.isRunning(ref)).toBe(true);
    await cluster.settle(b.GlobalRegistry.unregister('leader'));
    await startNamed(cluster, c);
  });

  test('a node that sees too few others registers no name, and runs no init', async () => {
    const cluster = new ObservedCluster();
    const a = await cluster.start('nodeA', {}, { minNodes: 2 });
    const init = (): never => {
      throw new Error('init has run');
    };
    const start = () => a.GenServer.start({ init }, { name: 'leader', registration: 'global' });
    expect(await rejectionOf(start())).toMatchObject({ registeredName: 'leader', nodesSeen: 0, minNodes: 2 });
    await cluster.run(RESERVE_MS + 1000);
    const ref = await a.GenServer.start(idle);
    const error = await rejectionOf(a.GlobalRegistry.register('leader', ref));
    expect(error).toBeInstanceOf(NoQuorumError);
    expect(error).toMatchObject({ registeredName: 'leader', nodesSeen: 1, minNodes: 2 });
    expect(a.GlobalRegistry.isRegistered('leader')).toBe(false);
  });

  test('a node that has just started counts when the answers of its earlier life are out of date', async () => {
    const cluster = new ObservedCluster();
    const a = await cluster.start('nodeA', {}, { minNodes: 2 });
    await cluster.start('nodeB', {}, { minNodes: 2 });
    await cluster.run(RESERVE_MS - 1000);
    expect(await rejectionOf(startNamed(cluster, a))).toBeInstanceOf(NoQuorumError);
    await cluster.run(3000);
    await startNamed(cluster, a);
  });

  test('a node that is cut off kills its owner and reports it, before the other side may take the name', async () => {
    const { cluster, a, b, c } = await quorumOfThree();
    const lost = await startNamed(cluster, a);
    const unnamed = await a.GenServer.start(idle);
    isolate(cluster, a, [b, c]);

    let refused: unknown = await rejectionOf(startNamed(cluster, b));
    while (refused instanceof AlreadyRegisteredError) {
      await cluster.run(100);
      refused = await startNamed(cluster, b).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(refused).toBeUndefined();
    expect(a.GenServer.isRunning(lost)).toBe(false);
    expect(a.GenServer.isRunning(unnamed)).toBe(true);
    expect(errorsOf(a)).toMatchObject([{ registeredNames: ['leader'], nodesSeen: 1, minNodes: 2 }]);
    expect(await rejectionOf(startNamed(cluster, a))).toBeInstanceOf(NoQuorumError);

    const kept = b.GlobalRegistry.whereis('leader');
    cluster.network.heal();
    await cluster.run(30_000);
    for (const node of [a, b, c]) expect(node.GlobalRegistry.whereis('leader')).toEqual(kept);
    expect([...errorsOf(b), ...errorsOf(c)]).toEqual([]);
    await startNamed(cluster, a, 'another');
  });

  test('the owner on the larger side stays, and the cut off node finds it again', async () => {
    const { cluster, a, b, c } = await quorumOfThree();
    const ref = await startNamed(cluster, b);
    isolate(cluster, a, [b, c]);
    await cluster.run(30_000);
    expect(b.GenServer.isRunning(ref)).toBe(true);
    expect(a.GlobalRegistry.whereis('leader')).toBeUndefined();
    cluster.network.heal();
    await cluster.run(30_000);
    expect(a.GlobalRegistry.whereis('leader')).toEqual(ref);
    expect([a, b, c].flatMap(errorsOf)).toEqual([]);
  });

  test('a node that is back soon keeps its name', async () => {
    const { cluster, a, b, c } = await quorumOfThree();
    const ref = await startNamed(cluster, a);
    isolate(cluster, a, [b, c]);
    await cluster.run(WINDOW_MS / 2);
    cluster.network.heal();
    await cluster.run(30_000);
    expect(a.GenServer.isRunning(ref)).toBe(true);
    for (const node of [b, c]) expect(node.GlobalRegistry.whereis('leader')).toEqual(ref);
  });

  test('a node that leaves kills its owner without a report, and its name is free at once', async () => {
    const { cluster, a, b } = await quorumOfThree();
    const ref = await startNamed(cluster, a);
    await cluster.settle(a.Cluster.stop());
    expect(a.GenServer.isRunning(ref)).toBe(false);
    expect(errorsOf(a)).toEqual([]);
    await startNamed(cluster, b);
    await a.GenServer.start(idle, { name: 'leader', registration: 'global' });
  });

  test('an owner from before the start is killed: it was unique in this runtime only', async () => {
    const { cluster, a } = await quorumOfThree();
    await cluster.settle(a.Cluster.stop());
    const ref = await a.GenServer.start(idle, { name: 'leader', registration: 'global' });
    await cluster.settle(a.Cluster.start({ nodeName: 'nodeA', seeds: ['nodeB@127.0.0.1:4370'], minNodes: 2 }));
    expect(a.GenServer.isRunning(ref)).toBe(false);
    expect(errorsOf(a)).toMatchObject([{ registeredNames: ['leader'], nodesSeen: 0 }]);
  });

  test('a registration that is under way when the quorum is lost is refused', async () => {
    const { cluster, a, b, c } = await quorumOfThree();
    isolate(cluster, a, [b, c]);
    const ref = await a.GenServer.start(idle);
    const error = await rejectionOf(cluster.settle(a.GlobalRegistry.register('leader', ref)));
    expect(error).toBeInstanceOf(NoQuorumError);
    expect(a.GenServer.isRunning(ref)).toBe(true);
    expect(errorsOf(a)).toEqual([]);
  });

  test('the node of a remote process decides, and its error arrives', async () => {
    const { cluster, a, b } = await quorumOfThree(4);
    const ref = await b.GenServer.start(idle);
    const error = await rejectionOf(cluster.settle(a.GlobalRegistry.register('leader', ref)));
    expect(error).toBeInstanceOf(NoQuorumError);
    expect(error).toMatchObject({ registeredName: 'leader', minNodes: 4 });
  });

  test('nodes without minNodes do not count, and another minNodes is reported once', async () => {
    const cluster = new ObservedCluster();
    const a = await cluster.start('nodeA', {}, { minNodes: 2 });
    const b = await cluster.start('nodeB');
    await cluster.run(20_000);
    expect(await rejectionOf(startNamed(cluster, a))).toBeInstanceOf(NoQuorumError);
    await startNamed(cluster, b);

    const c = await cluster.start('nodeC', {}, { minNodes: 3 });
    await cluster.run(20_000);
    const reported = { code: 'NOEX_INVALID_CLUSTER_CONFIG', field: 'minNodes' };
    expect(a.errors).toMatchObject([reported]);
    expect(String(a.errors[0])).toContain(`is 2 here and 3 on node ${c.id}`);
    expect(c.errors).toMatchObject([reported]);
    expect(b.errors).toEqual([]);
  });

  test('a quorum of one is as none', async () => {
    const cluster = new ObservedCluster();
    const a = await cluster.start('nodeA', {}, { minNodes: 1 });
    const ref = await startNamed(cluster, a);
    await cluster.run(60_000);
    expect(a.GenServer.isRunning(ref)).toBe(true);
  });
});
