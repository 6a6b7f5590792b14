import { expect, test } from 'vitest';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { threeNodes } from '../helpers/observed-cluster.js';

test('an instance that takes over starts the children that only its own options have, except temporary ones', async () => {
  const [cluster, a, b] = await threeNodes();
  const workers = new HostedWorkers();
  workers.register(a, 'A');
  workers.register(b, 'B');
  await cluster.settle(a.DistributedSupervisor.start({ name: 'jobs', children: [workerSpec('x')] }));
  const children = [workerSpec('x'), workerSpec('new'), workerSpec('once', { restart: 'temporary' as const })];
  await cluster.settle(b.DistributedSupervisor.start({ name: 'jobs', children }));
  await cluster.run(100);
  expect(workers.places).toEqual({ x: 'A' });
  await cluster.settle(a.shutdown());
  await cluster.run(100);
  expect(workers.places).toEqual({ new: 'B', x: 'B' });
});
