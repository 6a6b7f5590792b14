import { describe, expect, test } from 'vitest';
import type { ClusterObserverSnapshot } from '../../../src/runtime/runtime-options.js';
import { threeNodes } from '../../helpers/observed-cluster.js';

function statuses({ nodes }: ClusterObserverSnapshot): string {
  return nodes.map(({ nodeId, status }) => `${nodeId.split('@')[0]} ${status}`).join(', ');
}

describe('the cached snapshot', () => {
  test('is the same object while the membership stays as it is', async () => {
    const [runtime, a] = await threeNodes();
    const first = await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    await runtime.run(1000);
    expect(await runtime.settle(a.ClusterObserver.getClusterSnapshot())).toBe(first);
  });

  test('goes with a node that leaves politely: it is not connected any more, nor in the snapshot', async () => {
    const [runtime, a, , c] = await threeNodes();
    expect(statuses(await runtime.settle(a.ClusterObserver.getClusterSnapshot()))).toBe(
      'nodeA connected, nodeB connected, nodeC connected',
    );
    await runtime.settle(c.Cluster.stop());
    expect(a.ClusterObserver.getCacheStatus()).toBeNull();
    const { nodes, aggregated } = await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    expect(nodes.map(({ nodeId }) => nodeId)).not.toContain(c.id);
    expect(aggregated).toMatchObject({ totalNodeCount: 2, connectedNodeCount: 2 });
  });

  test('goes with a node that is killed, and with one that comes', async () => {
    const [runtime, a, b] = await threeNodes();
    await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    runtime.network.kill(b.address);
    await runtime.run(20);
    expect(statuses(await runtime.settle(a.ClusterObserver.getClusterSnapshot()))).toBe(
      'nodeA connected, nodeB disconnected, nodeC connected',
    );
    await runtime.start('nodeD');
    await runtime.run(500);
    expect(statuses(await runtime.settle(a.ClusterObserver.getClusterSnapshot()))).toBe(
      'nodeA connected, nodeB disconnected, nodeC connected, nodeD connected',
    );
  });

  test('is not one that was being made when the membership changed', async () => {
    const [runtime, a, b] = await threeNodes();
    runtime.network.freeze(b.address);
    const slow = a.ClusterObserver.getClusterSnapshot({ timeout: 1000 });
    await runtime.run(100);
    const d = await runtime.start('nodeD');
    await runtime.run(500);
    const later = a.ClusterObserver.getClusterSnapshot({ timeout: 1000 });
    expect(statuses(await runtime.settle(slow))).not.toContain('nodeD');
    expect(a.ClusterObserver.getCacheStatus()).toBeNull();
    expect(statuses(await runtime.settle(later))).toContain('nodeD connected');
    expect(statuses(await runtime.settle(a.ClusterObserver.getClusterSnapshot()))).toContain('nodeD connected');
    expect(d.Cluster.isNodeConnected(a.id)).toBe(true);
  });
});
