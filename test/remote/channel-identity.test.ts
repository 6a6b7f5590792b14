import { expect, test } from 'vitest';
import { createCluster } from '../../src/cluster/cluster.js';
import { mesh } from '../../src/cluster/mesh/start-mesh.js';
import { threeNodes } from '../helpers/observed-cluster.js';
import { counter } from '../helpers/servers.js';

test('a runtime that comes back under another id, while its old link is not known to be lost, is reached again', async () => {
  const [cluster, a, b] = await threeNodes();
  const onB = await b.GenServer.start(counter);
  const onA = await a.GenServer.start(counter);
  cluster.network.cut(a.address, b.address);
  await cluster.settle(b.Cluster.stop());
  await b.Cluster.start({ nodeName: 'nodeB2', port: 5555, seeds: ['nodeA@127.0.0.1:4369'] });
  await cluster.run(30_000);
  expect(await cluster.settle(a.GenServer.call(onB, 'get'))).toBe(0);
  expect(await cluster.settle(b.GenServer.call(onA, 'get'))).toBe(0);
  expect(a.GenServer.nodeOf(onB)).toBe('nodeB2@127.0.0.1:5555');
  const exited = a.GenServer.exited(onB);
  await cluster.run(50);
  b.GenServer.kill(onB);
  expect(await cluster.settle(exited)).toBe('killed');
});

test('a member that announces the life of another one does not get its messages', async () => {
  const [cluster, a, b] = await threeNodes();
  const ref = await b.GenServer.start(counter);
  const transport = cluster.network.transport();
  const impostor = createCluster({
    clock: transport.clock,
    startNode: mesh({ transport }),
    processCount: () => 0,
    onError: () => undefined,
    life: ref.life,
  });
  const received: unknown[] = [];
  impostor.channels.onItems((_peer, items) => void received.push(...items));
  await impostor.cluster.start({ nodeName: 'impostor', port: 7777, seeds: ['nodeA@127.0.0.1:4369'] });
  await cluster.run(3000);
  a.GenServer.cast(ref, 'inc');
  await cluster.run(50);
  expect(received).toEqual([]);
  expect(a.GenServer.nodeOf(ref)).toBe(b.id);
  expect(await cluster.settle(b.GenServer.call(ref, 'get'))).toBe(1);
  await cluster.settle(impostor.cluster.stop());
});
