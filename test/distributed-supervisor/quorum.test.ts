import { expect, test } from 'vitest';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { ObservedCluster, type ObservedNode } from '../helpers/observed-cluster.js';

test('with minNodes, the smaller part of a split cluster ends its children before the larger part starts them', async () => {
  const cluster = new ObservedCluster();
  const workers = new HostedWorkers();
  const options = { name: 'jobs', children: [workerSpec('x', { name: 'singleton' }), workerSpec('y')] };
  const nodes: ObservedNode[] = [];
  for (const name of ['nodeA', 'nodeB', 'nodeC']) {
    const node = await cluster.start(name, {}, { minNodes: 2 });
    workers.register(node, name.slice(-1));
    nodes.push(node);
  }
  const [a, b, c] = nodes;
  if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes');
  await cluster.run(20_000);
  for (const { DistributedSupervisor } of nodes) await cluster.settle(DistributedSupervisor.start(options));
  await cluster.run(5000);
  expect(workers.places).toEqual({ x: 'A', y: 'A' });

  cluster.network.cut(a.address, b.address);
  cluster.network.cut(a.address, c.address);
  await cluster.run(30_000);
  expect(workers.mostAtOnce).toBe(1);
  expect(Object.keys(workers.places)).toEqual(['x', 'y']);
  expect(Object.values(workers.places)).not.toContain('A');
  expect(b.GlobalRegistry.whereis('singleton')?.life).not.toBe(a.GlobalRegistry.whereis('singleton')?.life);

  cluster.network.heal();
  await cluster.run(60_000);
  expect(workers.mostAtOnce).toBe(1);
  expect(Object.keys(workers.places)).toEqual(['x', 'y']);
  expect(Object.values(workers.places)).not.toContain('A');
  expect(a.GlobalRegistry.whereis('singleton')).toEqual(b.GlobalRegistry.whereis('singleton'));
});
