import { describe, expect, test } from 'vitest';
import type { ClusterObserverEvent, ClusterObserverSnapshot } from '../../../src/runtime.js';
import { ObservedCluster, threeNodes } from '../../helpers/observed-cluster.js';
import { counter } from '../../helpers/servers.js';

describe('the merged stream', () => {
  test('shows all nodes without asking, and what changes on any of them', async () => {
    const [world, a, b] = await threeNodes();
    const seen: ClusterObserverSnapshot[] = [];
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => seen.push(snapshot));
    await world.run(500);
    expect(seen.at(-1)?.aggregated).toMatchObject({ connectedNodeCount: 3, totalProcessCount: 12, totalMessages: 90 });

    const fresh = await b.GenServer.start(counter);
    b.GenServer.cast(fresh, 'inc');
    await world.run(500);
    expect(seen.at(-1)?.aggregated).toMatchObject({ connectedNodeCount: 3, totalProcessCount: 13, totalMessages: 91 });
    const own = await a.GenServer.start(counter);
    a.GenServer.cast(own, 'inc');
    await world.run(200);
    expect(seen.at(-1)?.aggregated).toMatchObject({ totalProcessCount: 14, totalMessages: 92 });
    subscription.unsubscribe();
  });

  test('shows a node that hangs as `timeout`, one that died as `disconnected`, one that left not at all', async () => {
    const [world, a, b, c] = await threeNodes();
    let latest: ClusterObserverSnapshot | undefined;
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      latest = snapshot;
    });
    await world.run(500);
    const statuses = () => latest?.nodes.map(({ status }) => status);
    world.network.freeze(c.address);
    await world.run(4000);
    expect(statuses()).toEqual(['connected', 'connected', 'timeout']);
    await world.run(3000);
    expect(statuses()).toEqual(['connected', 'connected', 'disconnected']);
    world.network.thaw(c.address);
    await world.run(5000);
    expect(statuses()).toEqual(['connected', 'connected', 'connected']);
    await world.settle(b.Cluster.stop());
    await world.run(1000);
    expect(statuses()).toEqual(['connected', 'connected']);
    expect(latest?.aggregated.totalNodeCount).toBe(2);
    subscription.unsubscribe();
  });

  test('gives a late subscriber the newest snapshot at once', async () => {
    const [world, a] = await threeNodes();
    const first = a.ClusterObserver.snapshot$.subscribe();
    await world.run(500);
    let seen: ClusterObserverSnapshot | undefined;
    const second = a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      seen = snapshot;
    });
    expect(seen?.aggregated.connectedNodeCount).toBe(3);
    first.unsubscribe();
    second.unsubscribe();
  });

  test('completes when the cluster stops', async () => {
    const [world, a] = await threeNodes();
    let isComplete = false;
    a.ClusterObserver.snapshot$.subscribe({
      complete: () => {
        isComplete = true;
      },
    });
    await world.run(500);
    await world.settle(a.Cluster.stop());
    expect(isComplete).toBe(true);
  });

  test('makes a node tell of itself only while somebody watches it', async () => {
    const world = new ObservedCluster();
    const a = await world.start('nodeA');
    const b = await world.startBare('nodeB');
    await world.run(1000);
    let pushed = 0;
    b.rpc.onNotify('observer.report', () => {
      pushed += 1;
    });
    await world.run(5000);
    expect(pushed).toBe(0);
    await world.settle(b.rpc.request(a.id, 'observer.watch', null, 1000));
    await world.run(5500);
    expect(pushed).toBe(5);
    b.rpc.notify(a.id, 'observer.unwatch', null);
    await world.run(1000);
    pushed = 0;
    await world.run(5000);
    expect(pushed).toBe(0);
  });

  test('hears of a busy node four times a second at most', async () => {
    const world = new ObservedCluster();
    const a = await world.start('nodeA');
    const b = await world.startBare('nodeB');
    await world.run(1000);
    let pushed = 0;
    b.rpc.onNotify('observer.report', () => {
      pushed += 1;
    });
    await world.settle(b.rpc.request(a.id, 'observer.watch', null, 1000));
    const busy = await a.GenServer.start(counter);
    for (let i = 0; i < 100; i += 1) {
      a.GenServer.cast(busy, 'inc');
      await world.run(20);
    }
    expect(pushed).toBeGreaterThanOrEqual(7);
    expect(pushed).toBeLessThanOrEqual(9);
  });

  test('starts over with a node whose push it cannot follow', async () => {
    const world = new ObservedCluster();
    const a = await world.start('nodeA');
    const b = await world.startBare('nodeB');
    await world.run(1000);
    const questions: unknown[] = [];
    b.rpc.handle('observer.watch', (known) => {
      questions.push(known);
      return 'not even JSON';
    });
    const events: ClusterObserverEvent[] = [];
    const stop = a.ClusterObserver.subscribe((event) => events.push(event));
    await world.run(500);
    expect(questions).toEqual([null]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'node_error', nodeId: b.id }));
    const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };
    const report = { incarnation: 1, version: 3, timestamp: 0, memory, changes: { type: 'none' } };
    b.rpc.notify(a.id, 'observer.report', JSON.stringify(report));
    await world.run(500);
    expect(questions).toEqual([null, null]);
    stop();
  });
});

describe('a subscriber', () => {
  test('hears which node changed, then of the whole, and of nodes that come and go', async () => {
    const [world, a, b, c] = await threeNodes();
    const events: ClusterObserverEvent[] = [];
    const stop = a.ClusterObserver.subscribe((event) => events.push(event));
    await world.run(500);
    expect(events.map(({ type }) => type)).toContain('cluster_snapshot_update');
    events.length = 0;
    await b.GenServer.start(counter);
    await world.run(500);
    expect(events).toContainEqual({
      type: 'node_snapshot_update',
      nodeId: b.id,
      snapshot: expect.objectContaining({ processCount: 5 }),
    });
    world.network.kill(c.address);
    await world.run(300);
    expect(events).toContainEqual({ type: 'node_down', nodeId: c.id, reason: 'connection_closed' });
    events.length = 0;
    stop();
    await b.GenServer.start(counter);
    await world.run(3000);
    expect(events).toEqual([]);
  });

  test('that throws is reported, and hurts no other', async () => {
    const [world, a] = await threeNodes();
    let heard = 0;
    const stops = [
      a.ClusterObserver.subscribe(() => {
        throw new Error('of no concern to others');
      }),
      a.ClusterObserver.subscribe(() => {
        heard += 1;
      }),
    ];
    await world.run(500);
    for (const stop of stops) stop();
    expect(heard).toBeGreaterThan(0);
    expect(a.errors).toHaveLength(heard);
  });
});
