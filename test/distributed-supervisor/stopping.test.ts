import { describe, expect, test } from 'vitest';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import { type ObservedCluster, threeNodes } from '../helpers/observed-cluster.js';

/** A behavior whose `terminate` takes two seconds. */
function stoppingSlowly({ clock }: ObservedCluster): GenServerBehavior<null, never, never> {
  return {
    init: () => null,
    handleCall: () => [null, null],
    handleCast: () => null,
    terminate: () => new Promise<void>((resolve) => void clock.setTimeout(resolve, 2000)),
  };
}

async function twoInstances() {
  const [cluster, a, b] = await threeNodes();
  for (const node of [a, b]) node.BehaviorRegistry.register('slow', stoppingSlowly(cluster));
  const options = { name: 'jobs', children: [{ id: 'x', behavior: 'slow' }] };
  return { cluster, a, b, options };
}

describe('a child that stops slowly', () => {
  test('is not restarted by a leader that takes over while the child is being terminated', async () => {
    const [cluster, a, b, c] = await threeNodes();
    c.BehaviorRegistry.register('slow', stoppingSlowly(cluster));
    const options = { name: 'jobs', children: [{ id: 'x', behavior: 'slow', nodeSelector: { node: c.id } }] };
    const atA = await cluster.settle(a.DistributedSupervisor.start(options));
    const atB = await cluster.settle(b.DistributedSupervisor.start(options));
    await cluster.run(100);
    const outcome = Promise.allSettled([a.DistributedSupervisor.terminateChild(atA, 'x')]);
    await cluster.run(50);
    await cluster.settle(a.DistributedSupervisor.stop(atA));
    expect(await cluster.settle(outcome)).toMatchObject([{ reason: { code: 'NOEX_NO_LEADER' } }]);
    await cluster.run(5000);
    expect(b.DistributedSupervisor.getChildren(atB)).toMatchObject([{ id: 'x', ref: undefined, restartCount: 0 }]);
  });

  test('is started by an instance that is started while the only other one stops', async () => {
    const { cluster, a, b, options } = await twoInstances();
    const atA = await cluster.settle(a.DistributedSupervisor.start(options));
    const stopped = a.DistributedSupervisor.stop(atA);
    await cluster.run(500);
    const atB = await cluster.settle(b.DistributedSupervisor.start(options));
    await cluster.settle(stopped);
    await cluster.run(1000);
    expect(b.DistributedSupervisor.countChildren(atB)).toBe(1);
  });
});

test('a supervisor that stops starts and restarts no child', async () => {
  const [cluster, a] = await threeNodes();
  a.BehaviorRegistry.register('slow', stoppingSlowly(cluster));
  const jobs = await cluster.settle(a.DistributedSupervisor.start({ children: [{ id: 'x', behavior: 'slow' }] }));
  const stopped = a.DistributedSupervisor.stop(jobs);
  await cluster.run(500);
  const refusals: unknown[] = [];
  const { restartChild, startChild } = a.DistributedSupervisor;
  restartChild(jobs, 'x').catch((error: unknown) => refusals.push(error));
  startChild(jobs, { id: 'y', behavior: 'slow' }).catch((error: unknown) => refusals.push(error));
  await cluster.run(10);
  expect(refusals).toMatchObject([{ code: 'NOEX_NO_LEADER' }, { code: 'NOEX_NO_LEADER' }]);
  await cluster.settle(stopped);
  expect(a.DistributedSupervisor.isRunning(jobs)).toBe(false);
});

test('a supervisor that gives up while its node leaves the cluster ends', async () => {
  const [cluster, a] = await threeNodes();
  a.BehaviorRegistry.register('slow', {
    init: () => null,
    handleCall: () => [null, null],
    handleCast() {
      throw new Error('boom');
    },
    terminate: () => new Promise<void>((resolve) => void cluster.clock.setTimeout(resolve, 2000)),
  });
  const children = ['x', 'y'].map((id) => ({ id, behavior: 'slow' }));
  const restartIntensity = { maxRestarts: 0, withinMs: 1000 };
  const jobs = await cluster.settle(a.DistributedSupervisor.start({ restartIntensity, children }));
  const x = a.DistributedSupervisor.getChild(jobs, 'x')?.ref;
  if (x !== undefined) a.GenServer.cast(x, 'boom');
  await cluster.run(2500);
  await cluster.settle(a.Cluster.stop());
  await cluster.run(3000);
  expect(a.DistributedSupervisor.isRunning(jobs)).toBe(false);
});

test('a supervisor stops although a child of it never completes its init', async () => {
  const [cluster, a, b] = await threeNodes();
  const hanging = { init: () => new Promise<null>(() => undefined), handleCall: () => [null, null] as const };
  b.BehaviorRegistry.register('hanging', hanging);
  const jobs = await cluster.settle(a.DistributedSupervisor.start());
  const spec = { id: 'x', behavior: 'hanging', initTimeout: Number.POSITIVE_INFINITY };
  const started = a.DistributedSupervisor.startChild(jobs, spec).catch((error) => error);
  await cluster.run(50);
  await cluster.settle(a.DistributedSupervisor.stop(jobs));
  expect(await cluster.settle(started)).toMatchObject({ code: 'NOEX_SERVER_NOT_RUNNING' });
  expect(b.Observer.getServerStats()).toHaveLength(3);
});
