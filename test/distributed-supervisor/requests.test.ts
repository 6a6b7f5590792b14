import { describe, expect, test } from 'vitest';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { type ObservedCluster, threeNodes } from '../helpers/observed-cluster.js';

/** A behavior whose `init` takes 500 ms and then fails. */
function failingSlowly({ clock }: ObservedCluster): GenServerBehavior<null, never, never> {
  return {
    init: () => new Promise((_, reject) => void clock.setTimeout(() => reject(new Error('it cannot start')), 500)),
    handleCall: () => [null, null],
    handleCast: () => null,
  };
}

describe('a request about a child', () => {
  test('rejects when the child is terminated before it runs', async () => {
    const [cluster, a] = await threeNodes();
    a.BehaviorRegistry.register('slow', failingSlowly(cluster));
    const jobs = await cluster.settle(a.DistributedSupervisor.start());
    const started = a.DistributedSupervisor.startChild(jobs, { id: 'x', behavior: 'slow' });
    const outcome = Promise.allSettled([started]);
    await cluster.run(50);
    await cluster.settle(a.DistributedSupervisor.terminateChild(jobs, 'x'));
    expect(await cluster.settle(outcome)).toMatchObject([{ reason: { name: 'ChildNotFoundError' } }]);
  });

  test('rejects when the leader stops and a standby takes over', async () => {
    const [cluster, a, b] = await threeNodes();
    for (const node of [a, b]) node.BehaviorRegistry.register('slow', failingSlowly(cluster));
    const atA = await cluster.settle(a.DistributedSupervisor.start({ name: 'jobs' }));
    const atB = await cluster.settle(b.DistributedSupervisor.start({ name: 'jobs' }));
    const outcomes = Promise.allSettled([
      a.DistributedSupervisor.startChild(atA, { id: 'x', behavior: 'slow' }),
      b.DistributedSupervisor.startChild(atB, { id: 'y', behavior: 'slow' }),
    ]);
    await cluster.run(50);
    await cluster.settle(a.DistributedSupervisor.stop(atA));
    const settled = await cluster.settle(outcomes);
    expect(settled).toMatchObject([{ reason: { code: 'NOEX_NO_LEADER' } }, { status: 'rejected' }]);
  });
});

test('a request of an instance that stands by fails with the same errors as one of the leader', async () => {
  const [cluster, a, b] = await threeNodes();
  const workers = new HostedWorkers();
  workers.register(a, 'A');
  const options = { name: 'jobs', children: [workerSpec('x')] };
  const atA = await cluster.settle(a.DistributedSupervisor.start(options));
  const atB = await cluster.settle(b.DistributedSupervisor.start(options));
  const codesOf = async ({ DistributedSupervisor }: typeof a, jobs: typeof atA) => {
    const outcomes = await cluster.settle(
      Promise.allSettled([
        DistributedSupervisor.startChild(jobs, workerSpec('x')),
        DistributedSupervisor.startChild(jobs, workerSpec('y', { nodeSelector: { role: 'none' } })),
        DistributedSupervisor.startChild(jobs, { id: 'z', behavior: 'nowhere' }),
        DistributedSupervisor.terminateChild(jobs, 'missing'),
        DistributedSupervisor.restartChild(jobs, 'missing'),
      ]),
    );
    return outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.name : outcome.status));
  };
  const names = [
    'DuplicateChildError',
    'NoSuitableNodeError',
    'BehaviorNotRegisteredError',
    'ChildNotFoundError',
    'ChildNotFoundError',
  ];
  expect(await codesOf(a, atA)).toEqual(names);
  expect(await codesOf(b, atB)).toEqual(names);
});
