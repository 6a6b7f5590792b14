import { describe, expect, test } from 'vitest';
import {
  ClusterNotStartedError,
  InvalidArgumentError,
  NodeNotFoundError,
  NodeTimeoutError,
} from '../../../src/errors.js';
import { createRuntime } from '../../../src/runtime/runtime.js';
import type { ClusterObserverSnapshot } from '../../../src/runtime/runtime-options.js';
import { type Changes, pageOf } from '../../../streams/model-changes.js';
import { emptyModel } from '../../../streams/node-model.js';
import { MAX_PROCESS_NAME } from '../../../streams/row-encoding.js';
import { ObservedCluster, type ObservedNode, threeNodes } from '../../helpers/observed-cluster.js';
import { counter } from '../../helpers/servers.js';

const FRESH = { useCache: false };

/** A process on the network whose wall clock can be set. */
function movable(runtime: ObservedCluster) {
  const transport = runtime.network.transport();
  let shift = 0;
  const clock = { ...transport.clock, now: () => transport.clock.now() + shift };
  return {
    clock,
    transport,
    set(ms: number): void {
      shift = ms;
    },
  };
}

describe('a cluster snapshot', () => {
  test('counts the processes of all nodes and what they handled, and nothing that observes them', async () => {
    const [runtime, a] = await threeNodes();
    for (let round = 0; round < 3; round += 1) {
      const { aggregated } = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
      expect(aggregated).toEqual({
        totalNodeCount: 3,
        connectedNodeCount: 3,
        totalProcessCount: 12,
        totalServerCount: 9,
        totalSupervisorCount: 3,
        totalMessages: 90,
        totalRestarts: 0,
      });
    }
  });

  test('has the local node first and the others by id, on every node', async () => {
    const [runtime, a, b, c] = await threeNodes();
    const snapshot = await runtime.settle(c.ClusterObserver.getClusterSnapshot(FRESH));
    expect(snapshot.localNodeId).toBe(c.id);
    expect(snapshot.nodes.map(({ nodeId }) => nodeId)).toEqual([c.id, a.id, b.id]);
  });

  test('shows of another node exactly what that node shows of itself', async () => {
    const [runtime, a, b] = await threeNodes();
    const snapshot = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    const remote = snapshot.nodes.find(({ nodeId }) => nodeId === b.id)?.snapshot;
    const own = b.Observer.getSnapshot();
    expect(remote?.servers.map((row) => ({ ...row }))).toEqual(own.servers.map((row) => ({ ...row })));
    expect(remote?.supervisors.map((row) => ({ ...row }))).toEqual(own.supervisors.map((row) => ({ ...row })));
    expect(remote?.tree).toEqual(own.tree);
    expect(remote?.version).toBe(own.version);
  });

  test('keeps the rows of a node on which nothing happened, and their uptime goes on', async () => {
    const [runtime, a, b] = await threeNodes();
    const rowOfB = async () => {
      const { nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
      const row = nodes.find(({ nodeId }) => nodeId === b.id)?.snapshot?.servers[0];
      if (row === undefined) throw new Error('nodeB has no servers');
      return row;
    };
    const before = await rowOfB();
    const uptimeBefore = before.uptimeMs;
    await runtime.run(5000);
    expect(await rowOfB()).toBe(before);
    expect(before.uptimeMs - uptimeBefore).toBeGreaterThanOrEqual(5000);
  });

  test('rejects when the cluster does not run, and says what to do', async () => {
    const { ClusterObserver } = createRuntime();
    await expect(ClusterObserver.getClusterSnapshot()).rejects.toThrow(ClusterNotStartedError);
    await expect(ClusterObserver.getClusterSnapshot()).rejects.toThrow(/Cluster\.start/);
    expect(() => ClusterObserver.startPolling(1000, () => {})).toThrow(ClusterNotStartedError);
    expect(() => ClusterObserver.subscribe(() => {})).toThrow(ClusterNotStartedError);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '5'])(
    'does not take %j for a time-out',
    async (timeout) => {
      const [, a] = await threeNodes();
      const asked = a.ClusterObserver.getClusterSnapshot({ timeout: timeout as number });
      await expect(asked).rejects.toThrow(InvalidArgumentError);
      await expect(asked).rejects.toMatchObject({ field: 'timeout' });
    },
  );
});

describe('a node', () => {
  test('that hangs is `timeout`, then `disconnected`, then `connected` again', async () => {
    const [runtime, a, b, c] = await threeNodes();
    const rowOfC = async () => {
      const { nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot({ useCache: false, timeout: 400 }));
      return nodes.find(({ nodeId }) => nodeId === c.id);
    };
    expect(await rowOfC()).toMatchObject({ status: 'connected' });

    runtime.network.freeze(c.address);
    const hung = await rowOfC();
    expect(hung).toMatchObject({ status: 'timeout', snapshot: null, lastSnapshot: { processCount: 4 } });
    expect(hung?.error).toContain('400 ms');

    await runtime.run(6000);
    expect(await rowOfC()).toMatchObject({ status: 'disconnected', snapshot: null, lastSnapshot: { processCount: 4 } });
    expect((await rowOfC())?.error).toContain('no heartbeats arrived');

    runtime.network.thaw(c.address);
    await runtime.run(6000);
    expect(await rowOfC()).toMatchObject({ status: 'connected', snapshot: { processCount: 4, totalMessages: 30 } });
    expect(b.errors).toEqual([]);
  });

  test('that was killed stays as `disconnected`, out of every sum but one, until it is forgotten', async () => {
    const [runtime, a, , c] = await threeNodes();
    await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    runtime.network.kill(c.address);
    await runtime.run(100);
    const { aggregated, nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(aggregated).toMatchObject({ totalNodeCount: 3, connectedNodeCount: 2, totalProcessCount: 8 });
    expect(nodes[2]).toMatchObject({ nodeId: c.id, status: 'disconnected', lastSnapshot: { totalMessages: 30 } });
    expect(nodes[2]?.error).toContain('its connection closed');

    await runtime.run(65_000);
    const later = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(later.aggregated).toMatchObject({ totalNodeCount: 2, connectedNodeCount: 2 });
  });

  test('that left is gone at once', async () => {
    const [runtime, a, , c] = await threeNodes();
    await runtime.settle(c.Cluster.stop());
    const { aggregated } = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(aggregated).toMatchObject({ totalNodeCount: 2, connectedNodeCount: 2, totalProcessCount: 8 });
  });

  test('that is not observed is `error`, and says why', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.start('nodeB', { observer: false });
    await runtime.run(1000);
    const fromA = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(fromA.nodes[1]).toMatchObject({ nodeId: b.id, status: 'error', snapshot: null });
    expect(fromA.nodes[1]?.error).toContain('observer: false');
    const fromB = await runtime.settle(b.ClusterObserver.getClusterSnapshot(FRESH));
    expect(fromB.nodes.map(({ status }) => status)).toEqual(['error', 'connected']);
  });

  test('that answers nonsense is `error`, and the part that makes no sense is named', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    b.rpc.handle('observer.report', () => JSON.stringify({ incarnation: 1, version: 'two' }));
    await runtime.run(1000);
    const { nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(nodes[1]).toMatchObject({ nodeId: b.id, status: 'error' });
    expect(nodes[1]?.error).toContain('report.version');
  });

  test('may have processes with names of any length, of which the beginning is sent', async () => {
    const [runtime, a, b] = await threeNodes();
    const name = 'x'.repeat(5000);
    await b.GenServer.start(counter, { name });
    const { nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(nodes[1]?.snapshot?.servers.at(-1)?.name).toBe(name.slice(0, MAX_PROCESS_NAME));
  });

  test('that sends only changes to a reader without a state is `error`', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    const report = { incarnation: 1, version: 7, timestamp: 0, changes: { type: 'none' } };
    const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };
    const questions: unknown[] = [];
    b.rpc.handle('observer.report', (known) => {
      questions.push(known);
      return JSON.stringify({ ...report, memory });
    });
    await runtime.run(1000);
    const { nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(questions).toEqual([null, null]);
    expect(nodes[1]).toMatchObject({ status: 'error' });
  });

  test('that restarted under its id is shown as it is now', async () => {
    const [runtime, a, , c] = await threeNodes();
    await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    await runtime.settle(c.Cluster.stop());
    const [, , third] = await Promise.all([1, 2, 3].map(() => c.GenServer.start(counter)));
    if (third === undefined) throw new Error('it did not start');
    await c.Cluster.start({ nodeName: 'nodeC', port: 4371, seeds: [a.id] });
    await runtime.run(1000);
    const { aggregated } = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(aggregated).toMatchObject({ totalNodeCount: 3, connectedNodeCount: 3, totalProcessCount: 15 });
  });
});

describe('a node whose clock is set back', () => {
  test('between two lives is shown as it is now', async () => {
    const [runtime, a, b] = await threeNodes();
    const snapshots: ClusterObserverSnapshot[] = [];
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => snapshots.push(snapshot));
    await runtime.run(500);
    runtime.network.kill(b.address);
    await runtime.run(500);
    const transport = runtime.network.transport();
    const clock = { ...transport.clock, now: () => transport.clock.now() - 3_600_000 };
    const later = createRuntime({ clock, transport });
    await later.Cluster.start({ nodeName: 'nodeB', port: b.address.port, seeds: [a.id] });
    await runtime.run(2500);
    const { nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(nodes[1]).toMatchObject({ nodeId: b.id, status: 'connected', snapshot: { processCount: 0 } });
    expect(snapshots.at(-1)?.nodes[1]).toMatchObject({ nodeId: b.id, status: 'connected' });
    subscription.unsubscribe();
  });

  test('is not taken for one that is silent', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    let shift = 0;
    const transport = runtime.network.transport();
    const clock = { ...transport.clock, now: () => transport.clock.now() + shift };
    const b = await runtime.start('nodeB', { clock, transport });
    let latest: ClusterObserverSnapshot | undefined;
    const subscription = a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      latest = snapshot;
    });
    await runtime.run(1000);
    shift = -3_600_000;
    await runtime.run(6000);
    expect(latest?.nodes[1]).toMatchObject({ nodeId: b.id, status: 'connected' });
    expect(latest?.nodes[1]?.lastUpdate).toBeGreaterThan(runtime.clock.now() - 2000);
    subscription.unsubscribe();
  });
});

describe('the uptime of a process of another node', () => {
  /** How long the newest process of each node has been running, the reader's own first. */
  const uptimes = async (runtime: ObservedCluster, reader: ObservedNode): Promise<readonly (number | undefined)[]> => {
    const { nodes } = await runtime.settle(reader.ClusterObserver.getClusterSnapshot(FRESH));
    return nodes.map(({ snapshot }) => snapshot?.servers.at(-1)?.uptimeMs);
  };

  test.each([-3_600_000, 3_600_000])('goes on when the clock of the reader is set by %i ms', async (step) => {
    const runtime = new ObservedCluster();
    await runtime.start('nodeA');
    const { clock, transport, set } = movable(runtime);
    const b = await runtime.start('nodeB', { clock, transport });
    await runtime.run(1000);
    const [, before = 0] = await uptimes(runtime, b);
    set(step);
    await runtime.run(5000);
    const [, after = 0] = await uptimes(runtime, b);
    expect(after - before).toBeGreaterThanOrEqual(5000);
    expect(after - before).toBeLessThan(6000);
  });

  test.each([-3_600_000, 3_600_000])('goes on when the clock of its node is set by %i ms', async (step) => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const { clock, transport, set } = movable(runtime);
    await runtime.start('nodeB', { clock, transport });
    await runtime.run(1000);
    const [, before = 0] = await uptimes(runtime, a);
    set(step);
    await runtime.run(5000);
    const [, after = 0] = await uptimes(runtime, a);
    expect(after - before).toBeGreaterThanOrEqual(5000);
    expect(after - before).toBeLessThan(6000);
  });

  test('is right of one that was started after the clock of its node was set', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const { clock, transport, set } = movable(runtime);
    const b = await runtime.start('nodeB', { clock, transport });
    await runtime.run(1000);
    await uptimes(runtime, a);
    set(3_600_000);
    await b.GenServer.start(counter);
    await runtime.run(5000);
    const [, uptime = 0] = await uptimes(runtime, a);
    expect(uptime).toBeGreaterThanOrEqual(4900);
    expect(uptime).toBeLessThan(6000);
  });
});

describe('an idle node', () => {
  test('answers a poll with what changed since the version asked for: nothing', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    await runtime.run(1000);
    const ask = async (known: unknown): Promise<{ incarnation: number; version: number; changes: { type: string } }> =>
      (await runtime.settle(b.rpc.request(a.id, 'observer.report', known, 1000))) as never;
    const first = await ask(null);
    expect(first.changes.type).toBe('page');
    const second = await ask({ incarnation: first.incarnation, version: first.version });
    expect(second.changes).toEqual({ type: 'none' });
    expect(JSON.stringify(second).length).toBeLessThan(290);
    const otherLife = await ask({ incarnation: first.incarnation - 1, version: first.version });
    expect(otherLife.changes.type).toBe('page');
  });

  test.each([42, 'x', [], { incarnation: 'x' }, { version: -1 }])(
    'is not confused by the question %j',
    async (known) => {
      const runtime = new ObservedCluster();
      const a = await runtime.start('nodeA');
      const b = await runtime.startBare('nodeB');
      await runtime.run(1000);
      const answer = await runtime.settle(b.rpc.request(a.id, 'observer.report', known, 1000));
      expect(answer).toMatchObject({ changes: { type: 'page' } });
    },
  );
});

describe('the cache', () => {
  test('gives the same snapshot for two seconds, and then a new one', async () => {
    const [runtime, a] = await threeNodes();
    expect(a.ClusterObserver.getCacheStatus()).toBeNull();
    const first = await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    expect(a.ClusterObserver.getCacheStatus()).toMatchObject({ timestamp: first.timestamp });
    await runtime.run(1900);
    expect(await runtime.settle(a.ClusterObserver.getClusterSnapshot())).toBe(first);
    expect(a.ClusterObserver.getCacheStatus()?.age).toBeGreaterThanOrEqual(1900);
    await runtime.run(200);
    expect(await runtime.settle(a.ClusterObserver.getClusterSnapshot())).not.toBe(first);
  });

  test('is passed by, and filled, by who asks for a fresh one', async () => {
    const [runtime, a] = await threeNodes();
    const first = await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    const fresh = await runtime.settle(a.ClusterObserver.getClusterSnapshot(FRESH));
    expect(fresh).not.toBe(first);
    expect(await runtime.settle(a.ClusterObserver.getClusterSnapshot())).toBe(fresh);
  });

  test.each([-3_600_000, 3_600_000])('is as old as it was when the clock is set by %i ms', async (step) => {
    const [runtime, a] = await threeNodes();
    const first = await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    const ageMs = a.ClusterObserver.getCacheStatus()?.age ?? -1;
    runtime.clock.stepWallClock(step);
    expect(a.ClusterObserver.getCacheStatus()?.age).toBe(ageMs);
    expect(await runtime.settle(a.ClusterObserver.getClusterSnapshot())).toBe(first);
    await runtime.run(2100);
    expect(await runtime.settle(a.ClusterObserver.getClusterSnapshot())).not.toBe(first);
  });

  test('ends with the cluster: the next one begins with nothing', async () => {
    const [runtime, a, b] = await threeNodes();
    await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    await runtime.settle(a.Cluster.stop());
    expect(a.ClusterObserver.getCacheStatus()).toBeNull();
    await a.Cluster.start({ nodeName: 'nodeX', port: 4400, seeds: [b.id] });
    const { localNodeId, nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    expect(localNodeId).toBe(a.Cluster.getLocalNodeId());
    expect(nodes.map(({ status }) => status)).toEqual(['connected']);
  });

  test('can be emptied', async () => {
    const [runtime, a] = await threeNodes();
    const first = await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    a.ClusterObserver.invalidateCache();
    expect(a.ClusterObserver.getCacheStatus()).toBeNull();
    expect(await runtime.settle(a.ClusterObserver.getClusterSnapshot())).not.toBe(first);
  });

  test('makes those who ask at the same time share one question', async () => {
    const [runtime, a] = await threeNodes();
    const [one, two] = await runtime.settle(
      Promise.all([a.ClusterObserver.getClusterSnapshot(), a.ClusterObserver.getClusterSnapshot()]),
    );
    expect(two).toBe(one);
  });

  test('makes no caller wait longer than its own limit because another one waits', async () => {
    const [runtime, a, , c] = await threeNodes();
    runtime.network.freeze(c.address);
    const patient = a.ClusterObserver.getClusterSnapshot({ timeout: 3000 });
    const { nodes } = await runtime.settle(a.ClusterObserver.getClusterSnapshot({ timeout: 300 }));
    expect(nodes[2]?.error).toContain('300 ms');
    await runtime.settle(patient);
  });

  test('once emptied gives no answer to a question of before', async () => {
    const [runtime, a] = await threeNodes();
    const before = a.ClusterObserver.getClusterSnapshot();
    a.ClusterObserver.invalidateCache();
    const after = a.ClusterObserver.getClusterSnapshot();
    expect(await runtime.settle(after)).not.toBe(await runtime.settle(before));
  });
});

describe('the snapshot of one node', () => {
  test('is to be had of every node, the local one included', async () => {
    const [runtime, a, b] = await threeNodes();
    expect(await runtime.settle(a.ClusterObserver.getNodeSnapshot(b.id))).toMatchObject({ processCount: 4 });
    expect(await runtime.settle(a.ClusterObserver.getNodeSnapshot(a.id))).toMatchObject({ processCount: 4 });
  });

  test('is refused with the reason it cannot be had', async () => {
    const [runtime, a, b] = await threeNodes();
    const stranger = 'nodeX@127.0.0.1:9' as typeof b.id;
    await expect(runtime.settle(a.ClusterObserver.getNodeSnapshot(stranger))).rejects.toThrow(NodeNotFoundError);
    runtime.network.freeze(b.address);
    const late = runtime.settle(a.ClusterObserver.getNodeSnapshot(b.id, 300));
    await expect(late).rejects.toThrow(NodeTimeoutError);
    await expect(late).rejects.toMatchObject({ nodeId: b.id, timeoutMs: 300 });
  });

  test('that takes many answers is refused with the time that all of them had', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    const { servers, supervisors } = pageOf(
      emptyModel(() => 0),
      0,
    ) as Extract<Changes, { type: 'page' }>;
    const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };
    const changes = { type: 'page', page: 0, isLast: false, servers, supervisors };
    const first = JSON.stringify({ incarnation: 1, version: 1, timestamp: 0, memory, changes });
    b.rpc.handle('observer.report', (known) => (known === null ? first : new Promise(() => {})));
    await runtime.run(1000);
    await expect(runtime.settle(a.ClusterObserver.getNodeSnapshot(b.id, 400))).rejects.toMatchObject({
      name: 'NodeTimeoutError',
      timeoutMs: 400,
    });
  });
});
