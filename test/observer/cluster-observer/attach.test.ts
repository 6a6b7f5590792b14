import { describe, expect, test } from 'vitest';
import { NodeId } from '../../../src/cluster/node-id.js';
import { HandshakeError, InvalidNodeIdError, NodeUnreachableError } from '../../../src/errors.js';
import { type AttachedObserver, type AttachOptions, attach } from '../../../src/runtime/attach.js';
import type { ClusterObserverSnapshot } from '../../../src/runtime/runtime-options.js';
import { ObservedCluster, threeNodes } from '../../helpers/observed-cluster.js';

function attachTo(
  runtime: ObservedCluster,
  addresses: string | readonly string[],
  options: AttachOptions = {},
): Promise<AttachedObserver> {
  const transport = runtime.network.transport();
  const attached = attach(addresses, { clock: transport.clock, transport, ...options });
  return runtime.settle(attached);
}

/** `nodeA connected, nodeB disconnected` */
function viewOf({ nodes }: ClusterObserverSnapshot): string {
  return nodes.map(({ nodeId, status }) => `${NodeId.parts(nodeId).name} ${status}`).join(', ');
}

const ALL_CONNECTED = 'nodeA connected, nodeB connected, nodeC connected';

describe('an observer that attaches to one node', () => {
  test('sees the whole cluster, and is not in it', async () => {
    const [runtime, a, b, c] = await threeNodes();
    const ups: string[] = [];
    for (const { Cluster } of [a, b, c]) Cluster.onNodeUp(({ id }) => ups.push(id));
    const attached = await attachTo(runtime, b.id);
    const snapshot = await runtime.settle(attached.getClusterSnapshot());
    expect(viewOf(snapshot)).toBe(ALL_CONNECTED);
    expect(snapshot.aggregated).toMatchObject({ totalNodeCount: 3, totalProcessCount: 12, totalMessages: 90 });
    expect(snapshot.nodes.map(({ nodeId }) => nodeId)).not.toContain(snapshot.localNodeId);
    await runtime.run(20_000);
    for (const { Cluster, ClusterObserver, errors } of [a, b, c]) {
      expect(Cluster.getNodes().length).toBe(2);
      const own = await runtime.settle(ClusterObserver.getClusterSnapshot({ useCache: false }));
      expect(own.aggregated.totalNodeCount).toBe(3);
      expect(errors).toEqual([]);
    }
    expect(ups).toEqual([]);
    await runtime.settle(attached.detach());
  });

  test('follows nodes as they come, leave and die', async () => {
    const [runtime, , b, c] = await threeNodes();
    const attached = await attachTo(runtime, 'nodeA@127.0.0.1:4369');
    let seen = '';
    attached.snapshot$.subscribe((snapshot) => {
      seen = viewOf(snapshot);
    });
    await runtime.run(500);
    expect(seen).toBe(ALL_CONNECTED);
    await runtime.start('nodeD');
    await runtime.run(1000);
    expect(seen).toBe(`${ALL_CONNECTED}, nodeD connected`);
    await runtime.settle(b.Cluster.stop());
    await runtime.run(500);
    expect(seen).toBe('nodeA connected, nodeC connected, nodeD connected');
    runtime.network.kill(c.address);
    await runtime.run(500);
    expect(seen).toBe('nodeA connected, nodeC disconnected, nodeD connected');
    await runtime.settle(attached.detach());
  });

  test('goes on through the others when that one dies, and hears of those that come then', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.start('nodeB');
    await runtime.run(2000);
    const attached = await attachTo(runtime, b.id);
    runtime.network.kill(b.address);
    await runtime.run(1000);
    await runtime.start('nodeC');
    await runtime.run(3000);
    const snapshot = await runtime.settle(attached.getClusterSnapshot({ useCache: false }));
    expect(viewOf(snapshot)).toBe('nodeA connected, nodeB disconnected, nodeC connected');
    expect(a.errors).toEqual([]);
    await runtime.settle(attached.detach());
  });

  test('dials a node that is gone every few seconds: its user waits for it', async () => {
    const [runtime, , , c] = await threeNodes();
    const transport = runtime.network.transport();
    let dialled = 0;
    const connect: typeof transport.connect = (address) => {
      if (address.port === c.address.port) dialled += 1;
      return transport.connect(address);
    };
    const attached = await attachTo(runtime, 'nodeA@127.0.0.1:4369', {
      clock: transport.clock,
      transport: { ...transport, connect },
      forgetAfterMs: 600_000,
    });
    runtime.network.kill(c.address);
    await runtime.run(60_000);
    dialled = 0;
    await runtime.run(30_000);
    expect(dialled).toBeGreaterThanOrEqual(6);
    expect(dialled).toBeLessThanOrEqual(12);
    await runtime.settle(attached.detach());
  });

  test('leaves nothing behind', async () => {
    const [runtime, a, b, c] = await threeNodes();
    const attached = await attachTo(runtime, a.id);
    let isComplete = false;
    attached.snapshot$.subscribe({
      complete: () => {
        isComplete = true;
      },
    });
    await runtime.run(1000);
    await runtime.settle(attached.detach());
    expect(isComplete).toBe(true);
    const links = runtime.network.openEnds;
    await runtime.run(10_000);
    expect(links).toBe(6);
    await runtime.settle(Promise.all([a, b, c].map(({ Cluster }) => Cluster.stop())));
    await runtime.run(5000);
    expect(runtime.clock.pendingTimers).toBe(0);
    expect([...a.errors, ...b.errors, ...c.errors]).toEqual([]);
  });

  test('gets in through any of several addresses', async () => {
    const [runtime] = await threeNodes();
    const attached = await attachTo(runtime, ['nodeX@127.0.0.1:1', 'nodeB@127.0.0.1:4370']);
    expect(viewOf(await runtime.settle(attached.getClusterSnapshot()))).toBe(ALL_CONNECTED);
    await runtime.settle(attached.detach());
  });
});

describe('an observer that cannot attach gets the reason', () => {
  test('because there is no node', async () => {
    const runtime = new ObservedCluster();
    await expect(attachTo(runtime, 'nodeA@127.0.0.1:4369')).rejects.toThrow(NodeUnreachableError);
    await runtime.run(10_000);
    expect(runtime.clock.pendingTimers).toBe(0);
    expect(runtime.network.openEnds).toBe(0);
  });

  test('because another server is there', async () => {
    const [runtime] = await threeNodes();
    const attached = attachTo(runtime, 'nodeX@127.0.0.1:4369');
    await expect(attached).rejects.toMatchObject({ constructor: HandshakeError, reason: 'wrong_node' });
  });

  test.each([
    ['none', undefined, 'auth_required'],
    ['another', 'battery staple', 'auth_failed'],
  ])('because of the secret: it has %s', async (_, clusterSecret, reason) => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA', {}, { clusterSecret: 'correct horse' });
    const secret = clusterSecret === undefined ? {} : { clusterSecret };
    await expect(attachTo(runtime, a.id, secret)).rejects.toMatchObject({ constructor: HandshakeError, reason });
  });

  test('because the node hangs', async () => {
    const [runtime, a] = await threeNodes();
    runtime.network.freeze(a.address);
    const attached = attachTo(runtime, a.id, { timeout: 2000 });
    await expect(attached).rejects.toThrow('no answer within 2000 ms');
  });

  test('because the address is none', async () => {
    await expect(attach('localhost')).rejects.toThrow(InvalidNodeIdError);
    await expect(attach([])).rejects.toThrow('at least one address');
    await expect(attach('nodeA@127.0.0.1:4369', { timeout: 0 })).rejects.toThrow('timeout');
  });
});
