import { expect, test } from 'vitest';
import { HostedWorkers, workerSpec } from '../helpers/hosted-workers.js';
import { ObservedCluster } from '../helpers/observed-cluster.js';
import { rejectionOf } from '../helpers/rejections.js';

test('a node whose accept function refuses starts runs no children of other nodes', async () => {
  const cluster = new ObservedCluster();
  const workers = new HostedWorkers();
  const asked: unknown[] = [];
  const accept = ({ from, to, kind }: { readonly from: string; readonly to: object; readonly kind: string }) => {
    asked.push([from, to, kind]);
    return kind !== 'start';
  };
  const a = await cluster.start('nodeA');
  const b = await cluster.start('nodeB', {}, { accept });
  await cluster.run(3000);
  workers.register(a, 'A');
  workers.register(b, 'B');
  const children = [workerSpec('x'), workerSpec('y')];
  const jobs = await cluster.settle(a.DistributedSupervisor.start({ nodeSelector: 'round_robin', children }));
  expect(workers.places).toEqual({ x: 'A', y: 'A' });
  expect(asked).toEqual([[a.id, { behavior: 'worker' }, 'start']]);
  const onlyThere = workerSpec('z', { nodeSelector: { node: b.id } });
  expect(await rejectionOf(cluster.settle(a.DistributedSupervisor.startChild(jobs, onlyThere)))).toMatchObject({
    code: 'NOEX_MESSAGE_REFUSED',
    nodeId: b.id,
  });
  // Its own supervisors need no permission.
  await cluster.settle(b.DistributedSupervisor.start({ children: [workerSpec('own')] }));
  expect(workers.places).toEqual({ own: 'B', x: 'A', y: 'A' });
});
