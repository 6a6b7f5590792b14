import { expect, test } from 'vitest';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { threeNodes } from '../helpers/observed-cluster.js';

const NAMES = ['v', 'w', 'x', 'y', 'z'];

test('children with global names run once after a partition, keep their names, and were not restarted for it', async () => {
  const [cluster, a, b, c] = await threeNodes();
  const workers = new HostedWorkers();
  for (const node of [a, b, c]) workers.register(node, node.id);
  const children = NAMES.map((id) => workerSpec(id, { name: `the ${id}`, nodeSelector: 'round_robin' }));
  const jobs = { name: 'jobs', children } as const;
  const atA = await cluster.settle(a.DistributedSupervisor.start(jobs));
  await cluster.settle(b.DistributedSupervisor.start(jobs));
  await cluster.settle(c.DistributedSupervisor.start(jobs));
  cluster.network.cut(a.address, b.address);
  cluster.network.cut(a.address, c.address);
  await cluster.run(30_000);
  const restartsBefore = a.DistributedSupervisor.getChildren(atA).map(({ restartCount }) => restartCount);
  for (const worker of NAMES) expect(workers.nodesOf(worker)).toHaveLength(2);
  cluster.network.heal();
  await cluster.run(40_000);
  const infos = a.DistributedSupervisor.getChildren(atA);
  expect(infos.map(({ restartCount }) => restartCount)).toEqual(restartsBefore);
  for (const { id, nodeId, ref } of infos) {
    expect(workers.nodesOf(id)).toEqual([nodeId]);
    for (const { GlobalRegistry } of [a, b, c]) expect(GlobalRegistry.whereis(`the ${id}`)).toEqual(ref);
  }
});
