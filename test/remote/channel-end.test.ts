import { expect, test } from 'vitest';
import type { CallFrom } from '../../src/process/gen-server-types.js';
import { noReply } from '../../src/process/handler-result.js';
import { threeNodes } from '../helpers/observed-cluster.js';
import { counter } from '../helpers/servers.js';

/** Node A has more unsent replies for node B than a channel may have: the next item ends it. */
async function overloaded() {
  const [cluster, a, b] = await threeNodes();
  const froms: CallFrom[] = [];
  const server = await a.GenServer.start({
    init: () => 0,
    handleCall: (_message: number, state: number, { from }) => {
      froms.push(from as CallFrom);
      return noReply(state);
    },
  });
  for (let call = 0; call < 20; call += 1) b.GenServer.call(server, call).catch(() => undefined);
  await cluster.run(50);
  cluster.network.cut(a.address, b.address);
  const target = await b.GenServer.start(counter);
  const flood = (): void => {
    for (const from of froms) a.GenServer.reply(from, 'y'.repeat(900_000));
  };
  return { cluster, a, b, target, flood };
}

test('a monitor whose own item ends the channel has its one notice', async () => {
  const { cluster, a, b, target, flood } = await overloaded();
  const downs: unknown[] = [];
  const watcher = await a.GenServer.start({
    init: () => 0,
    handleInfo: (info: { reason: unknown }, state: number) => {
      downs.push(info.reason);
      return state;
    },
  });
  flood();
  a.GenServer.monitor(watcher, target);
  expect(downs).toEqual([]);
  await cluster.run(10_000);
  cluster.network.heal();
  await cluster.run(30_000);
  b.GenServer.kill(target);
  await cluster.run(1000);
  expect(downs).toEqual(['noconnection']);
});

test('a link whose own item ends the channel ends its process', async () => {
  const { cluster, a, target, flood } = await overloaded();
  const linked = await a.GenServer.start(counter);
  flood();
  a.GenServer.link(linked, target);
  expect(a.GenServer.isRunning(linked)).toBe(true);
  await cluster.run(10_000);
  expect(a.GenServer.isRunning(linked)).toBe(false);
});

test('links over one channel and the next have different ids', async () => {
  const [cluster, a, b] = await threeNodes();
  const links: string[] = [];
  const trapping = await b.GenServer.start(
    {
      init: () => 0,
      handleInfo: (exit: { link: { id: string } }, state: number) => {
        links.push(exit.link.id);
        return state;
      },
    },
    { trapExit: true },
  );
  for (const _round of [1, 2]) {
    a.GenServer.link(await a.GenServer.start(counter), trapping);
    await cluster.run(50);
    cluster.network.cut(a.address, b.address);
    await cluster.run(20_000);
    cluster.network.heal();
    await cluster.run(60_000);
  }
  expect(new Set(links).size).toBe(2);
});

test('a process of another node is not running any more once its end was heard of', async () => {
  const [cluster, a, b] = await threeNodes();
  const ref = await b.GenServer.start(counter);
  const exited = a.GenServer.exited(ref);
  await cluster.run(50);
  expect(a.GenServer.isRunning(ref)).toBe(true);
  b.GenServer.kill(ref);
  await cluster.settle(exited);
  expect(a.GenServer.isRunning(ref)).toBe(false);
});

test('sendAfter to another node refuses at once what cast would', async () => {
  const [cluster, a, b] = await threeNodes();
  const ref = await b.GenServer.start({ init: () => 0, handleCast: (_message: unknown, state: number) => state });
  expect(() => a.GenServer.sendAfter(ref, () => 1, 10)).toThrow(/message/);
  await cluster.settle(b.Cluster.stop());
  await cluster.run(500);
  expect(() => a.GenServer.cast(ref, 1)).toThrow(/not running/);
  expect(() => a.GenServer.sendAfter(ref, 1, 10)).toThrow(/not running/);
});

test('accept refuses, and reports, when it returns anything but true or false', async () => {
  const [cluster, a, b] = await threeNodes();
  await cluster.settle(b.Cluster.stop());
  const accept = (async () => false) as unknown as () => boolean;
  await b.Cluster.start({ nodeName: 'nodeB', port: 4370, seeds: ['nodeA@127.0.0.1:4369'], accept });
  await cluster.run(5000);
  const ref = await b.GenServer.start(counter);
  await expect(cluster.settle(a.GenServer.call(ref, 'get'))).rejects.toMatchObject({ code: 'NOEX_MESSAGE_REFUSED' });
  expect(b.errors).toMatchObject([{ field: 'accept' }]);
});
