import { expect, test } from 'vitest';
import { createRuntime } from '../../src/runtime/runtime.js';
import type { ClusterObserverSnapshot } from '../../streams/index.js';
import { decodeLinks } from '../../streams/node-links.js';
import { threeNodes } from '../helpers/observed-cluster.js';

const sent = {
  messagesSentPerSecond: 1,
  messagesReceivedPerSecond: 0.2,
  bytesSentPerSecond: 100,
  bytesReceivedPerSecond: 0,
  roundTripMs: null,
  backlogBytes: 0,
  reconnects: 3,
};

test('getNodes() has the figures of each link: rates, round trip, backlog, reconnects', async () => {
  const [cluster, a, b] = await threeNodes();
  const ref = await b.GenServer.start({ init: () => 0, handleCast: (_text: string, count: number) => count + 1 });
  // The rates are over the last five seconds.
  for (let second = 0; second < 10; second += 1) {
    for (let message = 0; message < 30; message += 1) a.GenServer.cast(ref, 'x'.repeat(100));
    await cluster.run(1000);
  }
  const fromA = a.Cluster.getNode(b.id)?.link;
  const fromB = b.Cluster.getNode(a.id)?.link;
  expect(fromA?.messagesSentPerSecond).toBeCloseTo(30, 0);
  expect(fromA?.messagesReceivedPerSecond).toBe(0);
  expect(fromB?.messagesReceivedPerSecond).toBeCloseTo(30, 0);
  expect(fromA?.bytesSentPerSecond).toBeGreaterThan(30 * 100);
  expect(fromB?.bytesReceivedPerSecond).toBeCloseTo(fromA?.bytesSentPerSecond ?? 0, -2);
  expect(fromA?.backlogBytes).toBeLessThan(1000);
  expect(fromA?.reconnects).toBe(0);
  // There and back, in steps of 10 ms.
  expect(fromA?.roundTripMs).toBeGreaterThan(0);
  expect(fromA?.roundTripMs).toBeLessThanOrEqual(40);

  cluster.network.cut(a.address, b.address);
  a.GenServer.cast(ref, 'x'.repeat(10_000));
  await cluster.run(50);
  expect(a.Cluster.getNode(b.id)?.link?.backlogBytes).toBeGreaterThan(10_000);
  await cluster.run(20_000);
  expect(a.Cluster.getNode(b.id)).toMatchObject({ status: 'disconnected' });
  expect(a.Cluster.getNode(b.id)?.link).toBeUndefined();
  cluster.network.heal();
  await cluster.run(30_000);
  expect(a.Cluster.getNode(b.id)?.link).toMatchObject({ reconnects: 1, messagesSentPerSecond: 0 });
  expect(a.Cluster.getNodes().find(({ id }) => id === b.id)?.link?.reconnects).toBe(1);
});

test('cluster snapshots have the figures of all links of each node, and name the slowest', async () => {
  const [cluster, a, b, c] = await threeNodes();
  const ref = await b.GenServer.start({ init: () => 0, handleCast: (_text: string, count: number) => count + 1 });
  const polled: ClusterObserverSnapshot[] = [];
  const polling = c.ClusterObserver.snapshot$.subscribe((snapshot) => polled.push(snapshot));
  for (let second = 0; second < 10; second += 1) {
    for (let message = 0; message < 30; message += 1) a.GenServer.cast(ref, 'x'.repeat(100));
    await cluster.run(1000);
  }
  const linksOf = (id: string) => polled.at(-1)?.nodes.find(({ nodeId }) => nodeId === id)?.snapshot?.vitals?.links;
  expect(linksOf(a.id)).toMatchObject({
    count: 2,
    messagesReceivedPerSecond: 0,
    backlogBytes: expect.any(Number),
    reconnects: 0,
    slowest: { nodeId: expect.stringMatching(/^node[BC]@/), roundTripMs: expect.any(Number) },
  });
  expect(linksOf(a.id)?.messagesSentPerSecond).toBeGreaterThanOrEqual(29);
  expect(linksOf(b.id)?.messagesReceivedPerSecond).toBeGreaterThanOrEqual(29);
  expect(linksOf(b.id)?.bytesReceivedPerSecond).toBeGreaterThan(30 * 100);
  // Its own figures, without asking anybody.
  expect(linksOf(c.id)).toMatchObject({ count: 2, messagesSentPerSecond: 0, messagesReceivedPerSecond: 0 });
  expect(c.Observer.getSnapshot().vitals?.links).toMatchObject({ count: 2, messagesSentPerSecond: 0 });
  polling.unsubscribe();
});

test('a node without a cluster has no figures of links', async () => {
  const runtime = createRuntime();
  expect(runtime.Observer.getSnapshot().vitals).not.toHaveProperty('links');
  await runtime.shutdown();
});

test('getNodeLinks() has the figures of each link of a node, of the own one without a message', async () => {
  const [cluster, a, b, c] = await threeNodes();
  await cluster.run(5000);
  const ofB = await cluster.settle(a.ClusterObserver.getNodeLinks(b.id));
  expect(ofB).toMatchObject([
    { nodeId: a.id, reconnects: 0, roundTripMs: expect.any(Number), messagesSentPerSecond: 0 },
    { nodeId: c.id, reconnects: 0, roundTripMs: expect.any(Number), messagesSentPerSecond: 0 },
  ]);
  const ofA = await a.ClusterObserver.getNodeLinks(a.id);
  expect(ofA.map(({ nodeId }) => nodeId)).toEqual([b.id, c.id]);
  await expect(a.ClusterObserver.getNodeLinks(b.id, -1)).rejects.toMatchObject({ field: 'timeout' });
});

test('links that another node sends are checked', () => {
  const link = { ...sent, nodeId: 'b@10.0.0.1:1' };
  expect(decodeLinks([link])).toEqual([link]);
  for (const wrong of [null, {}, [{}], [{ ...link, reconnects: -1 }], [{ ...link, roundTripMs: 'x' }]]) {
    expect(() => decodeLinks(wrong)).toThrow(TypeError);
  }
});
