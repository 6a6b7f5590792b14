import { describe, expect, test } from 'vitest';
import { threeHosts, workerSpec } from '../helpers/hosted-workers.js';

describe('a distributed supervisor', () => {
  test('starts its children on the nodes in turn, and shows where they run', async () => {
    const { cluster, a, b, c, workers } = await threeHosts();
    const children = ['x', 'y', 'z'].map((id) => workerSpec(id));
    const jobs = await cluster.settle(a.DistributedSupervisor.start({ nodeSelector: 'round_robin', children }));
    expect(workers.places).toEqual({ x: 'A', y: 'B', z: 'C' });
    expect(a.DistributedSupervisor.getChildren(jobs).map(({ id, nodeId }) => [id, nodeId])).toEqual([
      ['x', a.id],
      ['y', b.id],
      ['z', c.id],
    ]);
    const y = a.DistributedSupervisor.getChild(jobs, 'y')?.ref;
    expect(y && (await cluster.settle(a.GenServer.call(y, 'where')))).toBe('B');
    expect(a.DistributedSupervisor.countChildren(jobs)).toBe(3);
    await cluster.settle(a.DistributedSupervisor.stop(jobs));
    expect(workers.places).toEqual({});
    expect(workers.log.slice(-3)).toEqual(['-z@C', '-y@B', '-x@A']);
  });

  test('restarts a child that crashed on its node', async () => {
    const { cluster, a, workers } = await threeHosts();
    const jobs = await cluster.settle(
      a.DistributedSupervisor.start({ nodeSelector: 'round_robin', children: [workerSpec('x'), workerSpec('y')] }),
    );
    const y = a.DistributedSupervisor.getChild(jobs, 'y')?.ref;
    if (y !== undefined) a.GenServer.cast(y, 'boom');
    await cluster.run(100);
    expect(workers.places).toEqual({ x: 'A', y: 'B' });
    expect(workers.log).toEqual(['+x@A', '+y@B', '-y@B', '+y@B']);
    expect(a.DistributedSupervisor.getChild(jobs, 'y')?.restartCount).toBe(1);
  });

  test('starts the children of a lost node elsewhere after the delay, and they do not move back', async () => {
    const { cluster, a, b, workers } = await threeHosts();
    const jobs = await cluster.settle(
      a.DistributedSupervisor.start({ children: [workerSpec('x', { nodeSelector: { node: b.id } }), workerSpec('y')] }),
    );
    expect(workers.places).toEqual({ x: 'B', y: 'A' });
    cluster.network.cut(a.address, b.address);
    await cluster.run(8000);
    // It waits for its node.
    expect(a.DistributedSupervisor.getChild(jobs, 'x')?.ref).toBeUndefined();
    cluster.network.heal();
    await cluster.run(40_000);
    expect(workers.places).toEqual({ x: 'B', y: 'A' });
  });

  test('leaves no timers when its nodes shut down, also when a child has just lost its leader', async () => {
    const { cluster, a, b, c } = await threeHosts();
    await cluster.settle(
      a.DistributedSupervisor.start({ children: [workerSpec('x', { nodeSelector: { node: b.id } })] }),
    );
    cluster.network.cut(a.address, b.address);
    await cluster.run(8000);
    for (const node of [b, a, c]) await cluster.settle(node.shutdown());
    await cluster.run(2000);
    expect(cluster.clock.pending).toBe(0);
  });
});

describe('a distributed supervisor that cannot go on', () => {
  test('stops all children and ends after too many restarts', async () => {
    const { cluster, a, workers } = await threeHosts();
    const children = [workerSpec('x'), workerSpec('y', { nodeSelector: 'round_robin' })];
    const restartIntensity = { maxRestarts: 1, withinMs: 60_000 };
    const jobs = await cluster.settle(a.DistributedSupervisor.start({ children, restartIntensity }));
    for (let crashes = 0; crashes < 2; crashes += 1) {
      const x = a.DistributedSupervisor.getChild(jobs, 'x')?.ref;
      if (x !== undefined) a.GenServer.cast(x, 'boom');
      await cluster.run(100);
    }
    expect(a.DistributedSupervisor.isRunning(jobs)).toBe(false);
    expect(workers.places).toEqual({});
  });
});

describe('the instances of a distributed supervisor with a name', () => {
  test('one leads, and another one takes over when its node is lost', async () => {
    const { cluster, a, b, c, workers } = await threeHosts();
    const options = {
      name: 'jobs',
      nodeSelector: 'round_robin',
      children: [workerSpec('x'), workerSpec('y'), workerSpec('z')],
    } as const;
    await cluster.settle(a.DistributedSupervisor.start(options));
    const atB = await cluster.settle(b.DistributedSupervisor.start(options));
    await cluster.settle(c.DistributedSupervisor.start(options));
    await cluster.run(100);
    expect(workers.places).toEqual({ x: 'A', y: 'B', z: 'C' });
    expect(b.DistributedSupervisor.getChildren(atB).map(({ nodeId }) => nodeId)).toEqual([a.id, b.id, c.id]);
    await cluster.settle(a.shutdown());
    await cluster.run(100);
    expect(Object.keys(workers.places)).toEqual(['x', 'y', 'z']);
    expect(workers.nodesOf('x')[0]).not.toBe('A');
    expect(workers.mostAtOnce).toBe(1);
  });

  test('stop all children when the last of them stops, and not before', async () => {
    const { cluster, a, b, workers } = await threeHosts();
    const options = {
      name: 'jobs',
      nodeSelector: 'round_robin',
      children: [workerSpec('x'), workerSpec('y')],
    } as const;
    const atA = await cluster.settle(a.DistributedSupervisor.start(options));
    const atB = await cluster.settle(b.DistributedSupervisor.start(options));
    await cluster.run(100);
    await cluster.settle(b.DistributedSupervisor.stop(atB));
    await cluster.run(100);
    expect(Object.keys(workers.places)).toEqual(['x', 'y']);
    await cluster.settle(a.DistributedSupervisor.stop(atA));
    expect(workers.places).toEqual({});
  });
});
