import { expect, test } from 'vitest';
import { MAX_OBSERVERS } from '../../../src/cluster/mesh/observer-links.js';
import type { Address } from '../../../src/cluster/transport/transport.js';
import { NodeIdConflictError, NodeNotConnectedError } from '../../../src/errors.js';
import { SimulatedCluster, type SimulatedNode, viewOf } from '../../helpers/simulated-cluster.js';

/** Observers have no port, and 1 in their ids. */
const OBSERVER_PORT = 1;

/** An observer of these nodes, called `name`. */
async function observe(
  runtime: SimulatedCluster,
  name: string,
  at: readonly SimulatedNode[],
  from?: Address,
): Promise<ReturnType<SimulatedCluster['create']>> {
  const observer = runtime.create('observer', from);
  await observer.cluster.start({ nodeName: name, seeds: at.map(({ id }) => id) });
  return observer;
}

/** What became of a promise so far. */
function outcomeOf(promise: Promise<unknown>): { value?: unknown } {
  const outcome: { value?: unknown } = {};
  const settle = (value: unknown): void => {
    outcome.value = value;
  };
  promise.then(settle, settle);
  return outcome;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a node that comes under the id of an observer is let in, and the observer is not any more', async () => {
  const runtime = new SimulatedCluster();
  const a = await runtime.start('nodeA', 4369);
  const b = await runtime.start('nodeB', 4370, [a]);
  const observer = await observe(runtime, 'nodeX', [a]);
  runtime.run(1000);
  expect(viewOf(observer)).toBe('nodeA connected, nodeB connected');
  const x = await runtime.start('nodeX', OBSERVER_PORT, [a]);
  expect(x.id).toBe(observer.cluster.getLocalNodeId());
  runtime.run(1000);
  for (const node of [a, b]) expect(node.cluster.isNodeConnected(x.id)).toBe(true);
  expect(viewOf(x)).toBe('nodeA connected, nodeB connected');
  expect(viewOf(observer)).toBe('nodeA disconnected, nodeB disconnected');
  expect(observer.errors).toMatchObject([{ constructor: NodeIdConflictError }]);
  expect(a.errors).toMatchObject([{ code: 'NOEX_HANDSHAKE', reason: 'id_conflict' }]);
  runtime.run(30_000);
  expect(viewOf(observer)).not.toContain(' connected');
  expect(a.cluster.isNodeConnected(x.id)).toBe(true);
});

test('the answer to an observer never goes to a node that took its id, not even one of the same incarnation', async () => {
  const runtime = new SimulatedCluster();
  const a = await runtime.start('nodeA', 4369);
  let answerObserver: (value: unknown) => void = () => undefined;
  a.rpc.handle('look', () => new Promise((resolve) => (answerObserver = resolve)), 'public');
  a.rpc.handle('ask', () => new Promise(() => undefined));
  runtime.network.cut({ host: '127.0.0.1', port: OBSERVER_PORT }, a.address);
  const observer = await observe(runtime, 'nodeX', [a]);
  const x = await runtime.start('nodeX', OBSERVER_PORT, [a]);
  runtime.run(500);
  const looked = outcomeOf(observer.rpc.request(a.id, 'look', null, 60_000));
  await turn();
  runtime.run(500);
  runtime.network.heal();
  runtime.run(40_000);
  expect(viewOf(x)).toBe('nodeA connected');
  // The same number as that of the observer's question.
  const asked = outcomeOf(x.rpc.request(a.id, 'ask', null, 60_000));
  await turn();
  runtime.run(500);
  answerObserver('what the observer wanted to know');
  await turn();
  runtime.run(500);
  await turn();
  expect(asked).toEqual({});
  expect(looked.value).toBeInstanceOf(NodeNotConnectedError);
});

test('what is for a node that is known from gossip alone is not sent to an observer with its id', async () => {
  const runtime = new SimulatedCluster();
  const a = await runtime.start('nodeA', 4369);
  const b = await runtime.start('nodeB', 4370, [a]);
  const observer = await observe(runtime, 'nodeX', [a]);
  const received: unknown[] = [];
  observer.rpc.onNotify('news', (news) => received.push(news));
  runtime.run(1000);
  a.rpc.notify(observer.cluster.getLocalNodeId(), 'news', 'for the observer');
  runtime.network.cut({ host: '127.0.0.1', port: OBSERVER_PORT }, a.address);
  const x = await runtime.start('nodeX', OBSERVER_PORT, [b]);
  runtime.run(5000);
  expect(viewOf(a)).toBe('nodeB connected, nodeX connecting');
  expect(a.rpc.notify(x.id, 'news', 'for the node')).toEqual([]);
  const asked = outcomeOf(a.rpc.request(x.id, 'ask', null, 5000));
  await turn();
  runtime.run(1000);
  await turn();
  expect(asked.value).toBeInstanceOf(NodeNotConnectedError);
  expect(received).toEqual(['for the observer']);
});

test(`of ${MAX_OBSERVERS + 1} observers one is refused as one too many, and is let in when another has gone`, async () => {
  const runtime = new SimulatedCluster();
  const a = await runtime.start('nodeA', 4369);
  const observers: Awaited<ReturnType<typeof observe>>[] = [];
  for (let at = 0; at < MAX_OBSERVERS; at += 1) observers.push(await observe(runtime, `observer-${at}`, [a]));
  runtime.run(1000);
  for (const observer of observers) expect(viewOf(observer)).toBe('nodeA connected');
  const late = await observe(runtime, 'late', [a]);
  runtime.run(1000);
  expect(viewOf(late)).toBe('');
  expect(late.errors).toMatchObject([{ reason: 'too_many_observers' }]);
  expect(late.errors[0]?.message).toContain('nodeA@127.0.0.1:4369 has 100 observers, which is the limit; detach one');
  expect(a.errors).toMatchObject([{ reason: 'too_many_observers' }]);
  // The machine may have nodes on it, and those are not kept waiting for that.
  runtime.run(10_000);
  const b = await runtime.start('nodeB', 4370, [a]);
  runtime.run(50);
  expect(viewOf(b)).toBe('nodeA connected');
  for (const observer of observers) expect(observer.cluster.isNodeConnected(a.id)).toBe(true);
  await runtime.stop(observers[0] ?? late);
  runtime.run(31_000);
  expect(viewOf(late)).toBe('nodeA connected, nodeB connected');
});

test('a node that comes with the secret of observers is an offender: from its address, the next one is kept waiting', async () => {
  const runtime = new SimulatedCluster();
  const clusterSecret = 'for nodes';
  const a = await runtime.start('nodeA', 4369, [], { clusterSecret, observerSecret: 'for onlookers' });
  const impostor = await runtime.start('nodeB', 4370, [a], { clusterSecret: 'for onlookers' });
  runtime.run(20_000);
  expect(impostor.errors).toMatchObject([{ code: 'NOEX_HANDSHAKE', reason: 'auth_failed' }]);
  expect(a.errors).toMatchObject([{ code: 'NOEX_HANDSHAKE', reason: 'auth_failed' }]);
  expect([viewOf(a), viewOf(impostor)]).toEqual(['', '']);
  await runtime.stop(impostor);
  const b = await runtime.start('nodeB', 4370, [a], { clusterSecret });
  const c = await runtime.start('nodeC', 4371, [a], { clusterSecret });
  runtime.run(90);
  expect([a.cluster.isNodeConnected(b.id), a.cluster.isNodeConnected(c.id)]).toEqual([false, true]);
  runtime.run(5000);
  expect(a.cluster.isNodeConnected(b.id)).toBe(true);
});

test('what waits for all observers together is bounded; beyond it the slowest is refused, and others get answers', async () => {
  const runtime = new SimulatedCluster();
  const a = await runtime.start('nodeA', 4369);
  const answer = 'x'.repeat(1024 * 1024);
  let answers = 0;
  const look = (): string => {
    answers += 1;
    return answer;
  };
  a.rpc.handle('look', look, 'public');
  const addresses = Array.from({ length: 40 }, (_, n) => ({ host: '127.0.0.9', port: 5000 + n }));
  const observers: Awaited<ReturnType<typeof observe>>[] = [];
  for (const [n, address] of addresses.entries()) observers.push(await observe(runtime, `observer-${n}`, [a], address));
  const quick = await observe(runtime, 'quick', [a]);
  runtime.run(1000);
  for (const { rpc } of observers) outcomeOf(rpc.request(a.id, 'look', null, 20_000));
  await turn();
  for (const address of addresses) runtime.network.freeze(address);
  // Time enough to write them all.
  runtime.run(1500);
  // 32 MiB, and not the 40 that were asked for.
  expect(answers).toBe(32);
  const refused = Array.from({ length: 5 }, () => ({ code: 'NOEX_HANDSHAKE', reason: 'slow_consumer' }));
  expect(a.errors.length).toBeGreaterThan(0);
  expect(a.errors).toMatchObject(refused.slice(0, a.errors.length));
  const looked = outcomeOf(quick.rpc.request(a.id, 'look', null, 20_000));
  await turn();
  runtime.run(2500);
  await turn();
  expect(looked.value === answer).toBe(true);
  expect(quick.errors).toEqual([]);
});

test('an observer that asks for more than is answered is refused, and others are answered meanwhile', async () => {
  const runtime = new SimulatedCluster();
  const a = await runtime.start('nodeA', 4369);
  a.rpc.handle('look', () => 'x'.repeat(1024 * 1024), 'public');
  const greedy = await observe(runtime, 'greedy', [a]);
  const modest = await observe(runtime, 'modest', [a]);
  runtime.run(1000);
  for (let n = 0; n < 150; n += 1) outcomeOf(greedy.rpc.request(a.id, 'look', null, 20_000));
  await turn();
  runtime.run(50);
  const looked = outcomeOf(modest.rpc.request(a.id, 'look', null, 20_000));
  await turn();
  runtime.run(500);
  await turn();
  expect(greedy.errors).toMatchObject([{ reason: 'too_many_requests' }]);
  expect(looked.value).toHaveLength(1024 * 1024);
});
