import { describe, expect, test } from 'vitest';
import { MAX_FRAME_BYTES } from '../../../src/cluster/frames.js';
import { NodeId } from '../../../src/cluster/node-id.js';
import type { ClusterObserverEvent, ClusterObserverSnapshot } from '../../../src/runtime/runtime-options.js';
import { type Changes, pageOf } from '../../../streams/model-changes.js';
import { emptyModel } from '../../../streams/node-model.js';
import { decodeReport } from '../../../streams/node-report.js';
import { MAX_PROCESS_NAME } from '../../../streams/row-encoding.js';
import { ObservedCluster, threeNodes } from '../../helpers/observed-cluster.js';
import { counter } from '../../helpers/servers.js';

describe('the merged stream', () => {
  test('shows all nodes without asking, and what changes on any of them', async () => {
    const [runtime, a, b] = await threeNodes();
    const seen: ClusterObserverSnapshot[] = [];
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => seen.push(snapshot));
    await runtime.run(500);
    expect(seen.at(-1)?.aggregated).toMatchObject({ connectedNodeCount: 3, totalProcessCount: 12, totalMessages: 90 });

    const fresh = await b.GenServer.start(counter);
    b.GenServer.cast(fresh, 'inc');
    await runtime.run(500);
    expect(seen.at(-1)?.aggregated).toMatchObject({ connectedNodeCount: 3, totalProcessCount: 13, totalMessages: 91 });
    const own = await a.GenServer.start(counter);
    a.GenServer.cast(own, 'inc');
    await runtime.run(200);
    expect(seen.at(-1)?.aggregated).toMatchObject({ totalProcessCount: 14, totalMessages: 92 });
    subscription.unsubscribe();
  });

  test('shows a node that hangs as `timeout`, one that died as `disconnected`, one that left not at all', async () => {
    const [runtime, a, b, c] = await threeNodes();
    let latest: ClusterObserverSnapshot | undefined;
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      latest = snapshot;
    });
    await runtime.run(500);
    const statuses = () => latest?.nodes.map(({ status }) => status);
    runtime.network.freeze(c.address);
    await runtime.run(4000);
    expect(statuses()).toEqual(['connected', 'connected', 'timeout']);
    await runtime.run(3000);
    expect(statuses()).toEqual(['connected', 'connected', 'disconnected']);
    runtime.network.thaw(c.address);
    await runtime.run(5000);
    expect(statuses()).toEqual(['connected', 'connected', 'connected']);
    await runtime.settle(b.Cluster.stop());
    await runtime.run(1000);
    expect(statuses()).toEqual(['connected', 'connected']);
    expect(latest?.aggregated.totalNodeCount).toBe(2);
    subscription.unsubscribe();
  });

  test('shows no outage when it is subscribed to again after a while', async () => {
    const [runtime, a] = await threeNodes(300);
    const statuses = new Set<string>();
    const subscribe = () =>
      a.ClusterObserver.snapshot$.subscribe(({ nodes }) => {
        for (const { status } of nodes) statuses.add(status);
      });
    const first = subscribe();
    await runtime.run(5000);
    first.unsubscribe();
    statuses.clear();
    await runtime.run(15_000);
    const second = subscribe();
    await runtime.run(3000);
    second.unsubscribe();
    expect([...statuses]).toEqual(['connected']);
  });

  test('gives a late subscriber the newest snapshot at once', async () => {
    const [runtime, a] = await threeNodes();
    const first = a.ClusterObserver.snapshot$.subscribe();
    await runtime.run(500);
    let seen: ClusterObserverSnapshot | undefined;
    const second = a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      seen = snapshot;
    });
    expect(seen?.aggregated.connectedNodeCount).toBe(3);
    first.unsubscribe();
    second.unsubscribe();
  });

  test('completes when the cluster stops', async () => {
    const [runtime, a] = await threeNodes();
    let isComplete = false;
    a.ClusterObserver.snapshot$.subscribe({
      complete: () => {
        isComplete = true;
      },
    });
    await runtime.run(500);
    await runtime.settle(a.Cluster.stop());
    expect(isComplete).toBe(true);
  });

  test('makes a node push only while it is watched', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    await runtime.run(1000);
    let pushed = 0;
    let characters = 0;
    b.rpc.onNotify('observer.report', (text) => {
      pushed += 1;
      characters += JSON.stringify(text).length;
    });
    await runtime.run(2000);
    expect(pushed).toBe(0);
    characters += JSON.stringify(await runtime.settle(b.rpc.request(a.id, 'observer.watch', null, 1000))).length;
    await runtime.run(5500);
    expect(pushed).toBe(5);
    expect((a.Observer.cost().bytesPerSecond * runtime.clock.monotonic()) / 1000).toBeCloseTo(characters, 0);
    await runtime.settle(b.rpc.request(a.id, 'observer.unwatch', null, 1000));
    await runtime.run(1000);
    pushed = 0;
    await runtime.run(5000);
    expect(pushed).toBe(0);
  });

  test('leaves no timer behind in a node that stopped while it was watched', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    await runtime.run(1000);
    await runtime.settle(b.rpc.request(a.id, 'observer.watch', null, 1000));
    await runtime.settle(Promise.all([a.Cluster.stop(), b.cluster.stop()]));
    await runtime.run(5000);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  test('of a node with a name that no frame takes shows how the name begins', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.start('nodeB');
    await runtime.run(1000);
    let latest: ClusterObserverSnapshot | undefined;
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      latest = snapshot;
    });
    await runtime.run(500);
    await b.GenServer.start(counter, { name: 'x'.repeat(MAX_FRAME_BYTES) });
    await runtime.run(700);
    expect(latest?.nodes[1]).toMatchObject({ status: 'connected', snapshot: { processCount: 5 } });
    expect(latest?.nodes[1]?.snapshot?.servers.at(-1)?.name).toBe('x'.repeat(MAX_PROCESS_NAME));
    expect(b.errors).toEqual([]);
    subscription.unsubscribe();
  });

  test('hears of a busy node four times a second at most', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    await runtime.run(1000);
    let pushed = 0;
    b.rpc.onNotify('observer.report', () => {
      pushed += 1;
    });
    await runtime.settle(b.rpc.request(a.id, 'observer.watch', null, 1000));
    const busy = await a.GenServer.start(counter);
    for (let i = 0; i < 100; i += 1) {
      a.GenServer.cast(busy, 'inc');
      await runtime.run(20);
    }
    expect(pushed).toBeGreaterThanOrEqual(7);
    expect(pushed).toBeLessThanOrEqual(9);
  });

  test('starts over with a node whose push it cannot follow', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    await runtime.run(1000);
    const questions: unknown[] = [];
    b.rpc.handle('observer.watch', (known) => {
      questions.push(known);
      return 'not even JSON';
    });
    const events: ClusterObserverEvent[] = [];
    const stop = a.ClusterObserver.subscribe((event) => events.push(event));
    await runtime.run(500);
    expect(questions).toEqual([null]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'node_error', nodeId: b.id }));
    const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };
    const report = { incarnation: 1, version: 3, timestamp: 0, memory, changes: { type: 'none' } };
    b.rpc.notify(a.id, 'observer.report', JSON.stringify(report));
    await runtime.run(500);
    expect(questions).toEqual([null, null]);
    stop();
  });
});

describe('a subscriber', () => {
  test('hears which node changed, then of the whole, and of nodes that come and go', async () => {
    const [runtime, a, b, c] = await threeNodes();
    const events: ClusterObserverEvent[] = [];
    const stop = a.ClusterObserver.subscribe((event) => events.push(event));
    await runtime.run(500);
    expect(events.map(({ type }) => type)).toContain('cluster_snapshot_update');
    events.length = 0;
    await b.GenServer.start(counter);
    await runtime.run(500);
    expect(events).toContainEqual({
      type: 'node_snapshot_update',
      nodeId: b.id,
      snapshot: expect.objectContaining({ processCount: 5 }),
    });
    runtime.network.kill(c.address);
    await runtime.run(300);
    expect(events).toContainEqual({ type: 'node_down', nodeId: c.id, reason: 'connection_closed' });
    events.length = 0;
    stop();
    await b.GenServer.start(counter);
    await runtime.run(3000);
    expect(events).toEqual([]);
  });

  test('that throws is reported, and hurts no other', async () => {
    const [runtime, a] = await threeNodes();
    let heard = 0;
    const stops = [
      a.ClusterObserver.subscribe(() => {
        throw new Error('of no concern to others');
      }),
      a.ClusterObserver.subscribe(() => {
        heard += 1;
      }),
    ];
    await runtime.run(500);
    for (const stop of stops) stop();
    expect(heard).toBeGreaterThan(0);
    expect(a.errors).toHaveLength(heard);
  });
});

describe('a large node', () => {
  test('sends everything in pages, and from then on only what changed', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.start('nodeB');
    const peer = await runtime.startBare('nodeC');
    const [{ life } = { life: '' }] = await Promise.all(
      Array.from({ length: 12_000 }, () => b.GenServer.start(counter)),
    );
    await runtime.run(1000);
    const pages: unknown[] = [];
    let known: object | null = null;
    for (let isLast = false; !isLast; ) {
      const answer = await runtime.settle(peer.rpc.request(b.id, 'observer.report', known, 1000));
      const { incarnation, version, changes } = decodeReport(answer);
      if (changes.type !== 'page') throw new Error('a page was asked for');
      pages.push([changes.page, changes.servers.id.length + changes.supervisors.id.length]);
      known = { incarnation, version, page: changes.page + 1 };
      isLast = changes.isLast;
    }
    expect(pages).toEqual([...Array.from({ length: 12 }, (_, page) => [page, 1000]), [12, 4]]);

    let latest: ClusterObserverSnapshot | undefined;
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      latest = snapshot;
    });
    await runtime.run(1000);
    expect(latest?.nodes[1]).toMatchObject({ status: 'connected', snapshot: { processCount: 12_004 } });
    const rows = latest?.nodes[1]?.snapshot?.servers;
    const [first] = b.Observer.getServerStats();
    if (first === undefined) throw new Error('nodeB has no servers');
    b.GenServer.cast({ id: first.id, life }, 'inc');
    await runtime.run(1000);
    const rowsAfter = latest?.nodes[1]?.snapshot?.servers;
    expect(rowsAfter?.find(({ id }) => id === first.id)?.messageCount).toBe(11);
    expect(rowsAfter?.filter((row, at) => row !== rows?.[at])).toHaveLength(1);
    subscription.unsubscribe();
  });

  test('sends each of two readers at once its pages, of the version it began with', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const peer = await runtime.startBare('nodeB');
    const refs = await Promise.all(Array.from({ length: 6000 }, () => a.GenServer.start(counter)));
    await runtime.run(1000);
    const ask = async (known: object | null) => {
      const { incarnation, version, changes } = decodeReport(
        await runtime.settle(peer.rpc.request(a.id, 'observer.report', known, 1000)),
      );
      return { incarnation, version, page: changes.type === 'page' ? changes.page : -1 };
    };
    const first = await ask(null);
    for (const ref of refs.slice(0, 3)) await a.GenServer.stop(ref);
    const second = await ask(null);
    expect(second.version).toBeGreaterThan(first.version);
    expect(await ask({ ...first, page: 1 })).toEqual({ ...first, page: 1 });
    expect(await ask({ ...second, page: 1 })).toEqual({ ...second, page: 1 });
  });

  test('that changes while it sends pages is shown correctly in the end', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.start('nodeB');
    const refs = await Promise.all(Array.from({ length: 11_000 }, () => b.GenServer.start(counter)));
    await runtime.run(1000);
    const asked = a.ClusterObserver.getClusterSnapshot({ useCache: false });
    runtime.clock.advance(3);
    for (const ref of refs.slice(0, 20)) await b.GenServer.stop(ref);
    for (const ref of refs.slice(20, 40)) b.GenServer.cast(ref, 'inc');
    await runtime.settle(asked);
    const { nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot({ useCache: false }));
    expect(nodes[1]?.snapshot?.servers.map((row) => ({ ...row }))).toEqual(
      b.Observer.getServerStats().map((row) => ({ ...row })),
    );
  });

  test('is not asked from the beginning while it still sends pages, whatever it pushes meanwhile', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    const later = (text: string): Promise<string> =>
      new Promise((resolve) => runtime.clock.setTimeout(() => resolve(text), 300));
    const page = (at: number): string => {
      const { type, servers, supervisors } = pageOf(
        emptyModel(() => 0),
        0,
      ) as Extract<Changes, { type: 'page' }>;
      return reportOf(1, { type, page: at, isLast: at === 5, servers, supervisors });
    };
    let watches = 0;
    b.rpc.handle('observer.watch', () => {
      watches += 1;
      return later(page(0));
    });
    b.rpc.handle('observer.report', (known) => later(page((known as { page: number }).page)));
    await runtime.run(1000);
    const subscription = a.ClusterObserver.snapshot$.subscribe();
    for (let version = 2; version < 8; version += 1) {
      await runtime.run(250);
      b.rpc.notify(a.id, 'observer.report', reportOf(version, { type: 'none' }));
    }
    await runtime.run(200);
    expect(watches).toBe(1);
    expect(a.ClusterObserver.health().nodes).toEqual([{ nodeId: b.id, gaps: 0 }]);
    await runtime.run(500);
    b.rpc.notify(a.id, 'observer.report', reportOf(8, { type: 'none' }));
    await runtime.run(50);
    expect(watches).toBe(2);
    expect(a.ClusterObserver.health().nodes).toEqual([{ nodeId: b.id, gaps: 1 }]);
    subscription.unsubscribe();
  });

  test('is asked for no other page after the last subscriber has left', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    const { type, servers, supervisors } = pageOf(
      emptyModel(() => 0),
      0,
    ) as Extract<Changes, { type: 'page' }>;
    let pages = 0;
    const answer = (known: unknown): Promise<string> => {
      const at = (known as { page?: number } | null)?.page ?? 0;
      pages += 1;
      const page = reportOf(1, { type, page: at, isLast: false, servers, supervisors });
      return new Promise((resolve) => runtime.clock.setTimeout(() => resolve(page), 300));
    };
    b.rpc.handle('observer.watch', answer);
    b.rpc.handle('observer.report', answer);
    await runtime.run(1000);
    const subscription = a.ClusterObserver.snapshot$.subscribe();
    await runtime.run(1000);
    expect(pages).toBeGreaterThan(2);
    subscription.unsubscribe();
    const asked = pages;
    await runtime.run(5000);
    expect(pages).toBe(asked);
  });

  test('is waited for, however long its first answer takes: `timeout` until then, and asked once', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const life = runtime.clock.now();
    const b = await runtime.startBare('nodeB');
    const all = reportOf(7, NO_PROCESSES, life);
    let watches = 0;
    b.rpc.handle('observer.watch', () => {
      watches += 1;
      return new Promise((resolve) => runtime.clock.setTimeout(() => resolve(all), 20_000));
    });
    let latest: ClusterObserverSnapshot | undefined;
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      latest = snapshot;
    });
    await runtime.run(1000);
    for (let second = 0; second < 18; second += 1) {
      // It goes on pushing what builds on what has not come yet.
      b.rpc.notify(a.id, 'observer.report', reportOf(8 + second, { type: 'none' }, life));
      await runtime.run(1000);
      expect(latest?.nodes[1]).toMatchObject({ nodeId: b.id, status: 'timeout', snapshot: null });
    }
    await runtime.run(1500);
    expect(latest?.nodes[1]).toMatchObject({ nodeId: b.id, status: 'connected', snapshot: { version: 7 } });
    expect(watches).toBe(1);
    expect(a.ClusterObserver.health().nodes).toEqual([{ nodeId: b.id, gaps: 0 }]);
    subscription.unsubscribe();
  });

  test('is asked again when its answer was lost, for as long as there is a subscriber', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const life = runtime.clock.now();
    const b = await runtime.startBare('nodeB');
    let watches = 0;
    b.rpc.handle('observer.watch', () => {
      watches += 1;
      return watches === 1 ? new Promise(() => undefined) : reportOf(7, NO_PROCESSES, life);
    });
    let latest: ClusterObserverSnapshot | undefined;
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      latest = snapshot;
    });
    await runtime.run(59_000);
    expect(watches).toBe(1);
    expect(latest?.nodes[1]?.status).toBe('timeout');
    await runtime.run(2000);
    expect(watches).toBe(2);
    expect(latest?.nodes[1]?.status).toBe('connected');
    subscription.unsubscribe();

    watches = 0;
    const short = a.ClusterObserver.snapshot$.subscribe();
    await runtime.run(1000);
    expect(watches).toBe(1);
    short.unsubscribe();
    await runtime.run(120_000);
    expect(watches).toBe(1);
  });

  test('pushes nothing to a watcher that does not read, and everything at once later', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    await runtime.run(1000);
    const reported: { version: number; changes: { type: string; since?: number } }[] = [];
    b.rpc.onNotify('observer.report', (report) => reported.push(decodeReport(report)));
    const answer = await runtime.settle(b.rpc.request(a.id, 'observer.watch', null, 1000));
    const { version: watchedFrom } = decodeReport(answer);
    const names = Array.from({ length: 4000 }, (_, at) => `${at}-${'x'.repeat(600)}`);
    // More than a million bytes under way, and not delivered.
    runtime.network.freeze(NodeId.parts(b.id));
    for (let at = 0; at < names.length; at += 400) {
      for (const name of names.slice(at, at + 400)) await a.GenServer.start(counter, { name });
      await runtime.run(300);
    }
    await runtime.run(500);
    const before = a.ClusterObserver.health().conflations;
    const busy = await a.GenServer.start(counter);
    for (let round = 0; round < 8; round += 1) {
      a.GenServer.cast(busy, 'inc');
      await runtime.run(300);
    }
    expect(a.ClusterObserver.health().conflations - before).toBeGreaterThanOrEqual(7);
    runtime.network.thaw(NodeId.parts(b.id));
    await runtime.run(2000);
    const withChanges = reported.filter(({ changes }) => changes.type !== 'none');
    // What was under way when it stopped taking it, and one for all that it missed.
    expect(withChanges.length).toBeLessThanOrEqual(11);
    expect(reported.at(-1)?.version).toBe(a.Observer.getSnapshot().version);
    // Each builds on what was sent before.
    let known = watchedFrom;
    for (const { version, changes } of reported) {
      if (changes.type !== 'page') expect(changes.since ?? version).toBeLessThanOrEqual(known);
      known = version;
    }
  });
});

/** What a node says that has no processes, or whatever else there is to say. */
function reportOf(version: number, changes: Changes = NO_PROCESSES, incarnation = 1): string {
  const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };
  return JSON.stringify({ incarnation, version, timestamp: 0, memory, changes });
}

const NO_PROCESSES = pageOf(
  emptyModel(() => 0),
  0,
);
