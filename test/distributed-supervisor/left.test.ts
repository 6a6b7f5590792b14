import { expect, test } from 'vitest';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { threeNodes } from '../helpers/observed-cluster.js';

test('a distributed supervisor that starts on a node without its cluster stands by until the node is in one', async () => {
  const [cluster, a] = await threeNodes();
  const workers = new HostedWorkers();
  workers.register(a, 'A');
  await cluster.settle(a.Cluster.stop());
  const jobs = await cluster.settle(a.DistributedSupervisor.start({ children: [workerSpec('x')] }));
  expect(workers.places).toEqual({});
  await cluster.settle(a.Cluster.start({ nodeName: 'nodeA', port: 4369 }));
  await cluster.run(10);
  expect(workers.places).toEqual({ x: 'A' });
  await cluster.settle(a.DistributedSupervisor.stop(jobs));
  expect(workers.places).toEqual({});
});
