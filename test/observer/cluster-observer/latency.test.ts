import { expect, test } from 'vitest';
import { latencyOf } from '../../../streams/latency.js';
import { threeNodes } from '../../helpers/observed-cluster.js';
import { counter } from '../../helpers/servers.js';

test('latency, loop blocks and vitals of other nodes are reported like those of this one, and merge with them', async () => {
  const [runtime, a, b, c] = await threeNodes();
  const ref = await c.GenServer.start({
    ...counter,
    handleCast(_message, count) {
      runtime.clock.advance(70);
      return count;
    },
  });
  c.GenServer.cast(ref, 'inc');
  await runtime.run(1000);
  const { nodes, ...snapshot } = await runtime.settle(a.ClusterObserver.getClusterSnapshot({ useCache: false }));
  const [local, remote, blocked] = nodes.map((node) => node.snapshot);
  expect(blocked?.servers.find(({ id }) => id === ref.id)).toMatchObject({
    loopBlocks: 1,
    latency: { wait: { max: 10 }, handle: { p50: 70, p99: 70, max: 70 } },
  });
  expect(remote?.servers.map(({ latency }) => latency)).toEqual(b.Observer.getServerStats().map((row) => row.latency));
  expect(latencyOf({ ...snapshot, nodes })?.handle).toEqual({ p50: 0, p99: 70, max: 70 });
  for (const node of [local, remote, blocked]) {
    expect(node?.vitals).toMatchObject({ flushIntervalMs: 50, observer: { bytesPerSecond: expect.any(Number) } });
  }
});

test('what is sent to other nodes is part of what observing costs', async () => {
  const [runtime, a, b] = await threeNodes();
  const bytesPerSecond = () => b.Observer.cost().bytesPerSecond;
  expect(bytesPerSecond()).toBe(0);
  await runtime.settle(a.ClusterObserver.getClusterSnapshot({ useCache: false }));
  expect(bytesPerSecond()).toBeGreaterThan(0);
  await runtime.run(11_000);
  expect(bytesPerSecond()).toBe(0);
  const watching = a.ClusterObserver.snapshot$.subscribe();
  await runtime.run(5000);
  watching.unsubscribe();
  expect(bytesPerSecond()).toBeGreaterThan(0);
});
