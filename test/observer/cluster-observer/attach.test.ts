import { describe, expect, test } from 'vitest';
import { NodeId } from '../../../src/cluster/node-id.js';
import { HandshakeError, InvalidNodeIdError, NodeUnreachableError } from '../../../src/errors.js';
import { type AttachedObserver, type AttachOptions, attach } from '../../../src/runtime/attach.js';
import type { ClusterObserverSnapshot } from '../../../src/runtime/runtime.js';
import { ObservedCluster, threeNodes } from '../../helpers/observed-cluster.js';

function attachTo(
  world: ObservedCluster,
  addresses: string | readonly string[],
  options: AttachOptions = {},
): Promise<AttachedObserver> {
  const transport = world.network.transport();
  const attached = attach(addresses, { clock: transport.clock, transport, ...options });
  return world.settle(attached);
}

/** `nodeA connected, nodeB disconnected` */
function viewOf({ nodes }: ClusterObserverSnapshot): string {
  return nodes.map(({ nodeId, status }) => `${NodeId.parts(nodeId).name} ${status}`).join(', ');
}

const everybody = 'nodeA connected, nodeB connected, nodeC connected';

describe('whoever attaches to one node', () => {
  test('sees the whole cluster, and is not in it', async () => {
    const [world, a, b, c] = await threeNodes();
    const ups: string[] = [];
    for (const { Cluster } of [a, b, c]) Cluster.onNodeUp(({ id }) => ups.push(id));
    const attached = await attachTo(world, b.id);
    const snapshot = await world.settle(attached.getClusterSnapshot());
    expect(viewOf(snapshot)).toBe(everybody);
    expect(snapshot.aggregated).toMatchObject({ totalNodeCount: 3, totalProcessCount: 12, totalMessages: 90 });
    expect(snapshot.nodes.map(({ nodeId }) => nodeId)).not.toContain(snapshot.localNodeId);
    await world.run(20_000);
    for (const { Cluster, ClusterObserver, errors } of [a, b, c]) {
      expect(Cluster.getNodes().length).toBe(2);
      const own = await world.settle(ClusterObserver.getClusterSnapshot({ useCache: false }));
      expect(own.aggregated.totalNodeCount).toBe(3);
      expect(errors).toEqual([]);
    }
    expect(ups).toEqual([]);
    await world.settle(attached.detach());
  });

  test('follows nodes as they come, leave and die', async () => {
    const [world, , b, c] = await threeNodes();
    const attached = await attachTo(world, 'nodeA@127.0.0.1:4369');
    let seen = '';
    attached.snapshot$.subscribe((snapshot) => {
      seen = viewOf(snapshot);
    });
    await world.run(500);
    expect(seen).toBe(everybody);
    await world.start('nodeD');
    await world.run(1000);
    expect(seen).toBe(`${everybody}, nodeD connected`);
    await world.settle(b.Cluster.stop());
    await world.run(500);
    expect(seen).toBe('nodeA connected, nodeC connected, nodeD connected');
    world.network.kill(c.address);
    await world.run(500);
    expect(seen).toBe('nodeA connected, nodeC disconnected, nodeD connected');
    await world.settle(attached.detach());
  });

  test('goes on through the others when that one dies, and hears of those that come then', async () => {
    const world = new ObservedCluster();
    const a = await world.start('nodeA');
    const b = await world.start('nodeB');
    await world.run(2000);
    const attached = await attachTo(world, b.id);
    world.network.kill(b.address);
    await world.run(1000);
    await world.start('nodeC');
    await world.run(3000);
    const snapshot = await world.settle(attached.getClusterSnapshot({ useCache: false }));
    expect(viewOf(snapshot)).toBe('nodeA connected, nodeB disconnected, nodeC connected');
    expect(a.errors).toEqual([]);
    await world.settle(attached.detach());
  });

  test('looks every few seconds whether a node that is gone is back: somebody is waiting to see it', async () => {
    const [world, , , c] = await threeNodes();
    const transport = world.network.transport();
    let dialled = 0;
    const connect: typeof transport.connect = (address) => {
      if (address.port === c.address.port) dialled += 1;
      return transport.connect(address);
    };
    const attached = await attachTo(world, 'nodeA@127.0.0.1:4369', {
      clock: transport.clock,
      transport: { ...transport, connect },
      forgetAfterMs: 600_000,
    });
    world.network.kill(c.address);
    await world.run(60_000);
    dialled = 0;
    await world.run(30_000);
    expect(dialled).toBeGreaterThanOrEqual(6);
    expect(dialled).toBeLessThanOrEqual(12);
    await world.settle(attached.detach());
  });

  test('leaves nothing behind', async () => {
    const [world, a, b, c] = await threeNodes();
    const attached = await attachTo(world, a.id);
    let isComplete = false;
    attached.snapshot$.subscribe({
      complete: () => {
        isComplete = true;
      },
    });
    await world.run(1000);
    await world.settle(attached.detach());
    expect(isComplete).toBe(true);
    const links = world.network.openEnds;
    await world.run(10_000);
    expect(links).toBe(6);
    await world.settle(Promise.all([a, b, c].map(({ Cluster }) => Cluster.stop())));
    await world.run(5000);
    expect(world.clock.pendingTimers).toBe(0);
    expect([...a.errors, ...b.errors, ...c.errors]).toEqual([]);
  });

  test('gets in through any of several addresses', async () => {
    const [world] = await threeNodes();
    const attached = await attachTo(world, ['nodeX@127.0.0.1:1', 'nodeB@127.0.0.1:4370']);
    expect(viewOf(await world.settle(attached.getClusterSnapshot()))).toBe(everybody);
    await world.settle(attached.detach());
  });
});

describe('whoever cannot attach is told why', () => {
  test('because nobody is there', async () => {
    const world = new ObservedCluster();
    await expect(attachTo(world, 'nodeA@127.0.0.1:4369')).rejects.toThrow(NodeUnreachableError);
    await world.run(10_000);
    expect(world.clock.pendingTimers).toBe(0);
    expect(world.network.openEnds).toBe(0);
  });

  test('because somebody else is there', async () => {
    const [world] = await threeNodes();
    const attached = attachTo(world, 'nodeX@127.0.0.1:4369');
    await expect(attached).rejects.toMatchObject({ constructor: HandshakeError, reason: 'wrong_node' });
  });

  test.each([
    ['none', undefined, 'auth_required'],
    ['another', 'battery staple', 'auth_failed'],
  ])('because of the secret: it has %s', async (_, clusterSecret, reason) => {
    const world = new ObservedCluster();
    const a = await world.start('nodeA', {}, { clusterSecret: 'correct horse' });
    const secret = clusterSecret === undefined ? {} : { clusterSecret };
    await expect(attachTo(world, a.id, secret)).rejects.toMatchObject({ constructor: HandshakeError, reason });
  });

  test('because the node hangs', async () => {
    const [world, a] = await threeNodes();
    world.network.freeze(a.address);
    const attached = attachTo(world, a.id, { timeout: 2000 });
    await expect(attached).rejects.toThrow('no answer within 2000 ms');
  });

  test('because the address is none', async () => {
    await expect(attach('localhost')).rejects.toThrow(InvalidNodeIdError);
    await expect(attach([])).rejects.toThrow('addresses');
    await expect(attach('nodeA@127.0.0.1:4369', { timeout: 0 })).rejects.toThrow('timeout');
  });
});
