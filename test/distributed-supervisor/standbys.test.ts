import { describe, expect, test } from 'vitest';
import { threeHosts, workerSpec } from '../helpers/hosted-workers.js';

/** A supervisor whose child runs on node C, where no instance is. */
async function withChildElsewhere() {
  const hosts = await threeHosts();
  return { ...hosts, options: { name: 'jobs', children: [workerSpec('x', { nodeSelector: { node: hosts.c.id } })] } };
}

describe('the last instance of a distributed supervisor', () => {
  test('stops the children when the instance that stood by has ended before', async () => {
    const { cluster, a, b, workers, options } = await withChildElsewhere();
    const atA = await cluster.settle(a.DistributedSupervisor.start(options));
    const atB = await cluster.settle(b.DistributedSupervisor.start(options));
    await cluster.run(100);
    await cluster.settle(b.DistributedSupervisor.stop(atB));
    await cluster.run(100);
    await cluster.settle(a.DistributedSupervisor.stop(atA));
    expect(workers.places).toEqual({});
  });

  test('starts the children of its options when it is back in a cluster, not those of an earlier leader', async () => {
    const { cluster, a, b, workers, options } = await withChildElsewhere();
    const atA = await cluster.settle(a.DistributedSupervisor.start(options));
    const atB = await cluster.settle(b.DistributedSupervisor.start(options));
    await cluster.settle(a.DistributedSupervisor.startChild(atA, workerSpec('added')));
    await cluster.run(100);
    await cluster.settle(a.DistributedSupervisor.stop(atA));
    await cluster.run(100);
    await cluster.settle(b.DistributedSupervisor.terminateChild(atB, 'added'));
    await cluster.settle(b.Cluster.stop());
    expect(workers.places).toEqual({});
    await cluster.settle(b.Cluster.start({ nodeName: 'nodeB', port: 4370, seeds: ['nodeA@127.0.0.1:4369'] }));
    await cluster.run(5000);
    expect(workers.places).toEqual({ x: 'C' });
    expect(b.DistributedSupervisor.getChildren(atB)).toMatchObject([{ id: 'x', restartCount: 0 }]);
  });
});
