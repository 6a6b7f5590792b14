import { expect, test } from 'vitest';
import { createCluster } from '../../src/cluster/cluster.js';
import { mesh } from '../../src/cluster/mesh/start-mesh.js';
import type { LocalProcesses } from '../../src/process/local-processes.js';
import { MAX_NODE_NAMES } from '../../src/remote/names/claim-copies.js';
import { createSharedTables } from '../../src/remote/shared-tables.js';
import { ObservedCluster } from '../helpers/observed-cluster.js';
import { rejectionOf } from '../helpers/rejections.js';
import { counter } from '../helpers/servers.js';

type Item = readonly unknown[];

/** Node A, and a member that sends what it likes. */
async function nodeAndPeer() {
  const cluster = new ObservedCluster();
  const a = await cluster.start('nodeA');
  const transport = cluster.network.transport();
  const peer = createCluster({
    clock: transport.clock,
    startNode: mesh({ transport }),
    processCount: () => 0,
    onError: () => undefined,
    life: 'peer',
  });
  const received: Item[] = [];
  peer.channels.onItems((_peer, items) => void received.push(...(items as readonly Item[])));
  await peer.cluster.start({ nodeName: 'peer', port: 7777, seeds: ['nodeA@127.0.0.1:4369'] });
  await cluster.run(3000);
  const downs: unknown[] = [];
  a.Cluster.onNodeDown((id) => downs.push(id));
  const send = async (...items: Item[]): Promise<void> => {
    for (const to of peer.channels.peers()) peer.channels.send(to.id, items);
    await cluster.run(50);
  };
  const numberOf = (kind: string): unknown => received.find((item) => item[0] === kind)?.[1];
  return { cluster, a, peer, received, downs, send, numberOf };
}

test('a monitor, a link or a start with a number that is in use ends the channel, and nothing is left of it', async () => {
  const { a, downs, send } = await nodeAndPeer();
  const ref = await a.GenServer.start(counter);
  a.BehaviorRegistry.register('counter', counter);
  const before = a.Observer.getProcessCount();
  await send(['start', 1, 'counter', null, 0, {}], ['start', 1, 'counter', null, 0, {}]);
  expect(downs).toHaveLength(1);
  expect(a.Observer.getProcessCount()).toBe(before);
  expect(a.errors).toMatchObject([{ code: 'NOEX_PROTOCOL' }]);
  expect(a.GenServer.isRunning(ref)).toBe(true);
});

test.each([
  ['monitor', (id: string) => ['monitor', 1, id]],
  ['link', (id: string) => ['link', 1, id, 'p9']],
])('%s', async (_kind, itemFor) => {
  const { a, downs, send } = await nodeAndPeer();
  const ref = await a.GenServer.start(counter);
  await send(itemFor(ref.id), itemFor(ref.id));
  expect(downs).toHaveLength(1);
  expect(a.errors).toMatchObject([{ code: 'NOEX_PROTOCOL' }]);
});

test('a node that claims more global names than it may have is cut off, and the names are forgotten', async () => {
  const { a, downs, send } = await nodeAndPeer();
  const claim = (at: number): Item => ['claim', `n${at}`, 'p1', 1, at + 1, 1];
  for (let at = 0; at < MAX_NODE_NAMES; at += 5000)
    await send(...Array.from({ length: 5000 }, (_, more) => claim(at + more)));
  await send(['unclaim', 'n0', 1, 1], claim(MAX_NODE_NAMES), claim(MAX_NODE_NAMES));
  expect(a.GlobalRegistry.count()).toBe(MAX_NODE_NAMES);
  expect(downs).toEqual([]);
  await send(claim(0));
  expect(downs).toHaveLength(1);
  expect(a.GlobalRegistry.count()).toBe(0);
  expect(a.errors).toMatchObject([{ code: 'NOEX_PROTOCOL', reason: 'too_many_names' }]);
});

test('a node takes no more global names than other nodes accept', async () => {
  const { globalNames: names } = createSharedTables({
    life: 'a',
    local: {} as LocalProcesses,
    wallClock: () => 0,
    now: () => 0,
    after: () => () => undefined,
    claimTimeoutMs: () => 1000,
    call: () => Promise.reject(new Error('not used')),
    cast: () => undefined,
    running: (ref) => ref.id,
    random: () => 0,
    send: () => undefined,
    emit: () => undefined,
    onError: () => undefined,
  });
  for (let at = 0; at < MAX_NODE_NAMES; at += 1) void names.claim(`n${at}`, 'p1', 'kill');
  await expect(names.claim('another', 'p1', 'kill')).rejects.toMatchObject({ field: 'name' });
  names.release('n0');
  await names.claim('another', 'p1', 'kill');
});

test('a failure with a limit that is no number is read nevertheless', async () => {
  const { cluster, a, downs, send, numberOf } = await nodeAndPeer();
  const call = rejectionOf(a.GenServer.call({ id: 'p1', life: 'peer' }, 1));
  await cluster.run(50);
  await send(['fail', numberOf('call'), { kind: 'mailbox_full', id: 'p1', limit: { valueOf: 1, toString: 1 } }]);
  expect(await call).toMatchObject({ code: 'NOEX_MAILBOX_FULL' });
  expect(downs).toEqual([]);
});

test.each([[{ id: 7, life: null }], [{ id: 'p1', life: 'other' }], [null], ['p1']])(
  'a start that is answered with %j rejects',
  async (answer) => {
    const { cluster, a, send, numberOf } = await nodeAndPeer();
    const start = rejectionOf(a.GenServer.startRemote('x', { targetNode: 'peer@127.0.0.1:7777' }));
    await cluster.run(50);
    await send(['reply', numberOf('start'), answer, 0]);
    expect(await start).toMatchObject({ code: 'NOEX_PROTOCOL', reason: 'malformed' });
  },
);

test('a stop with a time-out that no timer takes ends the channel, and not the process', async () => {
  const { a, downs, send } = await nodeAndPeer();
  const ref = await a.GenServer.start(counter);
  await send(['stop', 1, ref.id, 'normal', 3e9]);
  expect(downs).toHaveLength(1);
  expect(a.GenServer.isRunning(ref)).toBe(true);
});
