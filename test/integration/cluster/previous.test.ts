import { afterEach, describe, expect, test, vi } from 'vitest';
import * as current from '../../../src/index.js';

type Library = Pick<typeof current, 'createRuntime' | 'attach'>;

const CONFIG = { clusterSecret: 'correct horse', observerSecret: 'battery staple', reconnectBaseDelayMs: 50 };

const previous: Library = await import(new URL('../../fixtures/previous/noex.mjs', import.meta.url).href);

const cleanUps: (() => Promise<void>)[] = [];
const errors: unknown[] = [];

afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
  expect(errors.splice(0)).toEqual([]);
});

const onError = (error: unknown): void => void errors.push(error);
const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 10_000, interval: 20 });

async function startNode(
  library: Library,
  nodeName: string,
  seeds: readonly string[] = [],
  description: Partial<current.NodeDescription> = {},
) {
  const runtime = library.createRuntime({ onError });
  cleanUps.push(() => runtime.shutdown());
  await runtime.Cluster.start({ ...CONFIG, ...description, nodeName, port: 0, seeds });
  for (let count = 0; count < 3; count += 1) {
    const ref = await runtime.GenServer.start({
      init: () => 0,
      handleCall: (_: string, state: number) => [state, state + 1] as const,
      handleCast: (_: string, state: number) => state,
    });
    await runtime.GenServer.call(ref, 'count');
  }
  return { ...runtime, id: runtime.Cluster.getLocalNodeId() };
}

describe('nodes of this build and of the previous one', () => {
  test('are one cluster, see the processes of each other, and leave politely', async () => {
    const a = await startNode(current, 'nodeA');
    const b = await startNode(previous, 'nodeB', [a.id]);
    const c = await startNode(current, 'nodeC', [b.id]);
    const d = await startNode(previous, 'nodeD', [c.id]);
    const nodes = [a, b, c, d];
    await eventually(() => {
      for (const { Cluster } of nodes) expect(Cluster.getConnectedNodeCount()).toBe(3);
    });
    for (const { ClusterObserver } of nodes) {
      const { aggregated } = await ClusterObserver.getClusterSnapshot({ useCache: false });
      expect(aggregated).toMatchObject({ connectedNodeCount: 4, totalProcessCount: 12, totalMessages: 12 });
    }
    for (const { Cluster } of nodes) {
      for (const { version } of Cluster.getNodes()) expect(version).toMatch(/^\d+\.\d+\.\d+/);
    }
    const reasons: string[] = [];
    a.Cluster.onNodeDown((id, reason) => reasons.push(`${id} ${reason}`));
    await d.Cluster.stop();
    await eventually(() => expect(reasons).toEqual([`${d.id} graceful_shutdown`]));
  });

  test('link when this one has roles and metadata, which the previous one does not announce', async () => {
    const description = { roles: ['worker', '€'.repeat(64)], metadata: { zone: 'a', notes: 'x'.repeat(4000) } };
    const a = await startNode(current, 'nodeA', [], description);
    const b = await startNode(previous, 'nodeB', [a.id]);
    const c = await startNode(current, 'nodeC', [b.id], description);
    await eventually(() => {
      for (const { Cluster } of [a, b, c]) expect(Cluster.getConnectedNodeCount()).toBe(2);
    });
    expect(a.Cluster.getNode(b.id)).toMatchObject({ roles: [], metadata: {} });
    for (const [{ Cluster }, id] of [
      [a, c.id],
      [c, a.id],
    ] as const)
      expect(Cluster.getNode(id)).toMatchObject(description);
  });

  test('say clearly that the previous one has no messages between processes', async () => {
    const a = await startNode(current, 'nodeA');
    const b = await startNode(previous, 'nodeB', [a.id]);
    await eventually(() => expect(a.Cluster.isNodeConnected(b.id)).toBe(true));
    const started = a.GenServer.startRemote('counter', { targetNode: b.id });
    await expect(started).rejects.toMatchObject({ code: 'NOEX_MESSAGE_REFUSED', nodeId: b.id });
    await expect(started).rejects.toThrow(/its version of noex has no messages between processes/);
  });

  test.each([
    ['this one', 'the previous one', current, previous],
    ['the previous one', 'this one', previous, current],
  ])('push what changes: an observer of %s follows nodes of %s', async (_, __, observers, nodes) => {
    const node = await startNode(nodes, 'nodeA');
    const other = await startNode(nodes, 'nodeB', [node.id]);
    const attached = await observers.attach(node.id, { observerSecret: CONFIG.observerSecret, onError });
    cleanUps.push(() => attached.detach());
    let seen = 0;
    const entries: string[] = [];
    const snapshots = attached.snapshot$.subscribe(({ aggregated }) => {
      seen = aggregated.totalProcessCount;
    });
    const log = attached.log$.subscribe(({ type }) => entries.push(type));
    await eventually(() => expect(seen).toBe(6));
    await other.GenServer.start({ init: () => 0, handleCall: () => [0, 0], handleCast: () => 0 });
    await eventually(() => expect(seen).toBe(7));
    await eventually(() => expect(entries.filter((type) => type === 'process_started').length).toBe(7));
    snapshots.unsubscribe();
    log.unsubscribe();
  });
});
