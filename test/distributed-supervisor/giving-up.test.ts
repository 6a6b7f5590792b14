import { describe, expect, test } from 'vitest';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { threeNodes } from '../helpers/observed-cluster.js';

async function twoInstances(options: object) {
  const [cluster, a, b] = await threeNodes();
  const workers = new HostedWorkers();
  workers.register(a, 'A');
  workers.register(b, 'B');
  const atA = await cluster.settle(a.DistributedSupervisor.start({ name: 'jobs', ...options }));
  const atB = await cluster.settle(b.DistributedSupervisor.start({ name: 'jobs', ...options }));
  await cluster.run(100);
  const crash = async (id: string): Promise<void> => {
    const child = a.DistributedSupervisor.getChild(atA, id)?.ref;
    if (child !== undefined) a.GenServer.cast(child, 'boom');
    await cluster.run(100);
  };
  /** The exit reasons of both instances. */
  const ends = Promise.all([a.GenServer.exited(atA), b.GenServer.exited(atB)]);
  const areRunning = (): readonly boolean[] => [
    a.DistributedSupervisor.isRunning(atA),
    b.DistributedSupervisor.isRunning(atB),
  ];
  return { workers, crash, areRunning, ended: () => cluster.settle(ends) };
}

describe('a distributed supervisor that ends by itself', () => {
  test('stops its children and ends all its instances when there are too many restarts', async () => {
    const { workers, crash, areRunning, ended } = await twoInstances({
      children: [workerSpec('x'), workerSpec('y')],
      restartIntensity: { maxRestarts: 1, withinMs: 5000 },
    });
    await crash('x');
    expect(areRunning()).toEqual([true, true]);
    await crash('x');
    expect(workers.places).toEqual({});
    expect(await ended()).toEqual(['shutdown', 'shutdown']);
    expect(areRunning()).toEqual([false, false]);
  });

  test('ends all its instances when a significant child ends', async () => {
    const { workers, crash, ended } = await twoInstances({
      autoShutdown: 'any_significant',
      children: [workerSpec('x', { restart: 'temporary', significant: true }), workerSpec('y')],
    });
    await crash('x');
    expect(workers.places).toEqual({});
    expect(await ended()).toEqual(['shutdown', 'shutdown']);
  });
});
