import { describe, expect, test } from 'vitest';
import { describeEntry } from '../../src/dashboard/view-model/log-lines.js';
import type { LogEntry } from '../../streams/log-entries.js';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { threeNodes } from '../helpers/observed-cluster.js';

describe('what an observer sees of a distributed supervisor', () => {
  test('are its instances, its children in the tree of their own nodes, and the moves in the log', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const workers = new HostedWorkers();
    workers.register(a, 'A');
    workers.register(b, 'B');
    const log: LogEntry[] = [];
    c.ClusterObserver.log$.subscribe((entry) => log.push(entry));
    await cluster.run(1000);
    const options = { name: 'jobs', children: [workerSpec('x')] };
    const atA = await cluster.settle(a.DistributedSupervisor.start(options));
    await cluster.settle(b.DistributedSupervisor.start(options));
    const x = a.DistributedSupervisor.getChild(atA, 'x')?.ref;
    if (x !== undefined) a.GenServer.cast(x, 'boom');
    await cluster.run(100);
    const { nodes } = await cluster.settle(c.ClusterObserver.getClusterSnapshot({ useCache: false }));
    const atNodeA = nodes.find(({ nodeId }) => nodeId === a.id)?.snapshot;
    expect(atNodeA?.servers.find(({ childId }) => childId === 'x')).toMatchObject({
      distributedSupervisor: 'jobs',
      label: 'worker',
      restarts: 1,
    });
    expect(atNodeA?.supervisors.find(({ id }) => id === atA.id)).toMatchObject({ distributedSupervisor: 'jobs' });
    expect(atNodeA?.tree.find(({ childId }) => childId === 'x')).toMatchObject({ type: 'genserver' });

    await cluster.run(2000);
    await cluster.settle(a.shutdown());
    await cluster.run(2000);
    const lines = log.filter(({ type }) => type.startsWith('distributed_')).map((entry) => describeEntry(entry));
    expect(lines).toEqual([
      expect.stringMatching(/^p\d+ leads the distributed supervisor jobs$/),
      expect.stringMatching(/^p\d+ leads the distributed supervisor jobs$/),
      expect.stringMatching(`^x of jobs \\(p\\d+\\) runs here now, and ran on ${a.id} before$`),
    ]);
  });
});
