import { describe, expect, test } from 'vitest';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { type ObservedCluster, threeNodes } from '../helpers/observed-cluster.js';

/** A behavior whose `init` takes ten seconds. */
function startingSlowly(
  { clock }: ObservedCluster,
  starts: string[],
  node: string,
): GenServerBehavior<null, never, never> {
  return {
    init: () => {
      starts.push(node);
      return new Promise((resolve) => void clock.setTimeout(() => resolve(null), 10_000));
    },
    handleCall: () => [null, null],
    handleCast: () => null,
  };
}

describe('a child on a node that is lost', () => {
  test('waits for the failover delay when it was just starting there', async () => {
    const [cluster, a, b] = await threeNodes();
    const starts: string[] = [];
    a.BehaviorRegistry.register('slow', () => startingSlowly(cluster, starts, 'A'));
    b.BehaviorRegistry.register('slow', () => startingSlowly(cluster, starts, 'B'));
    const jobs = await cluster.settle(
      a.DistributedSupervisor.start({
        failoverDelay: 20_000,
        nodeSelector: (nodes) => nodes.find(({ id }) => id === b.id) ?? nodes.find(({ isLocal }) => isLocal),
      }),
    );
    const spec = { id: 'x', behavior: 'slow', initTimeout: 30_000 };
    const started = a.DistributedSupervisor.startChild(jobs, spec);
    await cluster.run(50);
    cluster.network.cut(a.address, b.address);
    await cluster.run(15_000);
    expect(starts).toEqual(['B']);
    await cluster.settle(started);
    expect(starts).toEqual(['B', 'A']);
  });

  test('waits for the failover delay when it is terminated and restarted', async () => {
    const [cluster, a, b] = await threeNodes();
    const workers = new HostedWorkers();
    workers.register(a, 'A');
    workers.register(b, 'B');
    const jobs = await cluster.settle(
      a.DistributedSupervisor.start({
        failoverDelay: 20_000,
        orphanTimeout: 5000,
        nodeSelector: (nodes) => nodes.find(({ id }) => id === b.id) ?? nodes.find(({ isLocal }) => isLocal),
        children: [workerSpec('x')],
      }),
    );
    cluster.network.cut(a.address, b.address);
    await cluster.run(7000);
    expect(a.DistributedSupervisor.getChild(jobs, 'x')?.nodeId).toBe(b.id);
    await cluster.settle(a.DistributedSupervisor.terminateChild(jobs, 'x'));
    await cluster.settle(a.DistributedSupervisor.restartChild(jobs, 'x'));
    expect(workers.mostAtOnce).toBe(1);
    expect(workers.places).toEqual({ x: 'A' });
  });
});
