import { describe, expect, test } from 'vitest';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { threeNodes } from '../helpers/observed-cluster.js';

describe('a node that leaves its cluster', () => {
  test('without another instance ends the children of its supervisor, and starts them again when it is back', async () => {
    const [cluster, a, b] = await threeNodes();
    const workers = new HostedWorkers();
    workers.register(a, 'A');
    workers.register(b, 'B');
    const children = [workerSpec('x', { nodeSelector: { node: b.id } }), workerSpec('y')];
    const jobs = await cluster.settle(a.DistributedSupervisor.start({ children }));
    expect(workers.places).toEqual({ x: 'B', y: 'A' });
    await cluster.settle(a.Cluster.stop());
    expect(workers.places).toEqual({});
    expect(a.DistributedSupervisor.isRunning(jobs)).toBe(true);
    await cluster.settle(
      a.Cluster.start({ nodeName: 'nodeA', port: 4369, seeds: ['nodeB@127.0.0.1:4370', 'nodeC@127.0.0.1:4371'] }),
    );
    await cluster.run(5000);
    expect(workers.places).toEqual({ x: 'B', y: 'A' });
    expect(workers.mostAtOnce).toBe(1);
  });

  test('hands its children over, and stands by when it is back', async () => {
    const [cluster, a, b] = await threeNodes();
    const workers = new HostedWorkers();
    workers.register(a, 'A');
    workers.register(b, 'B');
    const options = { name: 'jobs', children: [workerSpec('x')] };
    const atA = await cluster.settle(a.DistributedSupervisor.start(options));
    await cluster.settle(b.DistributedSupervisor.start(options));
    const added = await cluster.settle(a.DistributedSupervisor.startChild(atA, workerSpec('later')));
    expect(workers.places).toEqual({ later: 'A', x: 'A' });
    await cluster.settle(a.Cluster.stop());
    await cluster.run(100);
    expect(workers.places).toEqual({ later: 'B', x: 'B' });
    expect(a.GenServer.isRunning(added)).toBe(false);
    await cluster.settle(
      a.Cluster.start({ nodeName: 'nodeA', port: 4369, seeds: ['nodeB@127.0.0.1:4370', 'nodeC@127.0.0.1:4371'] }),
    );
    await cluster.run(5000);
    expect(workers.places).toEqual({ later: 'B', x: 'B' });
    expect(a.DistributedSupervisor.getChildren(atA).map(({ id, nodeId }) => [id, nodeId])).toEqual([
      ['x', b.id],
      ['later', b.id],
    ]);
    expect(workers.mostAtOnce).toBe(1);
  });
});
