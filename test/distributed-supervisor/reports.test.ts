import { describe, expect, test } from 'vitest';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { threeNodes } from '../helpers/observed-cluster.js';
import { rejectionOf } from '../helpers/rejections.js';
import { counter } from '../helpers/servers.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

describe('a child of a distributed supervisor', () => {
  test('that crashes is reported on its node, with its place', async () => {
    const runtime = createTestRuntime();
    const workers = new HostedWorkers();
    workers.register(runtime, 'A');
    const { DistributedSupervisor, GenServer } = runtime;
    const jobs = await DistributedSupervisor.start({ name: 'jobs', children: [workerSpec('x')] });
    const x = DistributedSupervisor.getChild(jobs, 'x')?.ref;
    expect(runtime.events).toContainEqual(
      expect.objectContaining({
        type: 'process_spawned',
        id: x?.id,
        hosted: { supervisor: 'jobs', childId: 'x', restarts: 0 },
      }),
    );
    if (x !== undefined) GenServer.cast(x, 'boom');
    await runtime.settle();
    expect(runtime.events).toContainEqual(
      expect.objectContaining({ type: 'process_crashed', id: x?.id, distributedSupervisor: 'jobs', childId: 'x' }),
    );
    expect(runtime.events).toContainEqual(
      expect.objectContaining({ type: 'process_spawned', hosted: { supervisor: 'jobs', childId: 'x', restarts: 1 } }),
    );
  });
});

describe('the global name of a distributed supervisor', () => {
  test('is in no list of names, and no process can have one like it', async () => {
    const [cluster, a, b] = await threeNodes();
    await cluster.settle(a.DistributedSupervisor.start({ name: 'jobs' }));
    await cluster.run(10);
    expect(b.GlobalRegistry.getNames()).toEqual([]);
    expect(b.GlobalRegistry.count()).toBe(0);
    const ref = await cluster.settle(a.GenServer.start(counter));
    const refused = { code: 'NOEX_INVALID_ARGUMENT', field: 'name' };
    expect(await rejectionOf(a.GlobalRegistry.register('noex:mine', ref))).toMatchObject(refused);
    const options = { name: 'noex:mine', registration: 'global' } as const;
    expect(await rejectionOf(a.GenServer.start(counter, options))).toMatchObject(refused);
  });
});
