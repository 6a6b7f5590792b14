import { describe, expect, test } from 'vitest';
import type { CandidateNode } from '../../src/distributed-supervisor/node-selection.js';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { threeNodes } from '../helpers/observed-cluster.js';

describe('a child whose next node cannot be chosen', () => {
  test('starts after a selector function threw once', async () => {
    const [cluster, a, b] = await threeNodes();
    const workers = new HostedWorkers();
    workers.register(a, 'A');
    workers.register(b, 'B');
    let choices = 0;
    const nodeSelector = (nodes: readonly CandidateNode[]) => {
      choices += 1;
      if (choices === 2) throw new Error('no choice');
      return nodes.find(({ id }) => id === b.id) ?? nodes.find(({ isLocal }) => isLocal);
    };
    await cluster.settle(a.DistributedSupervisor.start({ nodeSelector, children: [workerSpec('x')] }));
    expect(workers.places).toEqual({ x: 'B' });
    await cluster.settle(b.shutdown());
    await cluster.run(3000);
    expect(workers.places).toEqual({ x: 'A' });
  });

  test('makes the supervisor give up when no node has its behavior', async () => {
    const [cluster, a, b] = await threeNodes();
    new HostedWorkers().register(b, 'B');
    const jobs = await cluster.settle(
      a.DistributedSupervisor.start({ nodeSelector: 'round_robin', children: [workerSpec('x')] }),
    );
    await cluster.settle(b.shutdown());
    await cluster.run(3000);
    expect(a.DistributedSupervisor.isRunning(jobs)).toBe(false);
  });
});
