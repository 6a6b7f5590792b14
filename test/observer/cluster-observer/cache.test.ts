import { describe, expect, test } from 'vitest';
import type { ClusterObserverSnapshot } from '../../../src/runtime/runtime.js';
import { threeNodes } from '../../helpers/observed-cluster.js';

function statuses({ nodes }: ClusterObserverSnapshot): string {
  return nodes.map(({ nodeId, status }) => `${nodeId.split('@')[0]} ${status}`).join(', ');
}

describe('the cached snapshot', () => {
  test('is the same object while the membership stays as it is', async () => {
    const [world, a] = await threeNodes();
    const first = await world.settle(a.ClusterObserver.getClusterSnapshot());
    await world.run(1000);
    expect(await world.settle(a.ClusterObserver.getClusterSnapshot())).toBe(first);
  });

  test('goes with a node that leaves politely: it is not connected any more, nor in the snapshot', async () => {
    const [world, a, , c] = await threeNodes();
    expect(statuses(await world.settle(a.ClusterObserver.getClusterSnapshot()))).toBe(
      'nodeA connected, nodeB connected, nodeC connected',
    );
    await world.settle(c.Cluster.stop());
    expect(a.ClusterObserver.getCacheStatus()).toBeNull();
    const { nodes, aggregated } = await world.settle(a.ClusterObserver.getClusterSnapshot());
    expect(nodes.map(({ nodeId }) => nodeId)).not.toContain(c.id);
    expect(aggregated).toMatchObject({ totalNodeCount: 2, connectedNodeCount: 2 });
  });

  test('goes with a node that is killed, and with one that comes', async () => {
    const [world, a, b] = await threeNodes();
    await world.settle(a.ClusterObserver.getClusterSnapshot());
    world.network.kill(b.address);
    await world.run(20);
    expect(statuses(await world.settle(a.ClusterObserver.getClusterSnapshot()))).toBe(
      'nodeA connected, nodeB disconnected, nodeC connected',
    );
    await world.start('nodeD');
    await world.run(500);
    expect(statuses(await world.settle(a.ClusterObserver.getClusterSnapshot()))).toBe(
      'nodeA connected, nodeB disconnected, nodeC connected, nodeD connected',
    );
  });

  test('is not one that was being made when the membership changed', async () => {
    const [world, a, b] = await threeNodes();
    world.network.freeze(b.address);
    const slow = a.ClusterObserver.getClusterSnapshot({ timeout: 1000 });
    await world.run(100);
    const d = await world.start('nodeD');
    await world.run(500);
    const later = a.ClusterObserver.getClusterSnapshot({ timeout: 1000 });
    expect(statuses(await world.settle(slow))).not.toContain('nodeD');
    expect(a.ClusterObserver.getCacheStatus()).toBeNull();
    expect(statuses(await world.settle(later))).toContain('nodeD connected');
    expect(statuses(await world.settle(a.ClusterObserver.getClusterSnapshot()))).toContain('nodeD connected');
    expect(d.Cluster.isNodeConnected(a.id)).toBe(true);
  });
});
