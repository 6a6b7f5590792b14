import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../../src/errors.js';
import type { ClusterObserverEvent } from '../../../src/runtime/runtime-options.js';
import { threeNodes } from '../../helpers/observed-cluster.js';

const types = (events: readonly ClusterObserverEvent[]): readonly string[] => events.map(({ type }) => type);

describe('polling', () => {
  test('reports each node and then the cluster, at once and every interval', async () => {
    const [runtime, a] = await threeNodes();
    const events: ClusterObserverEvent[] = [];
    const stop = a.ClusterObserver.startPolling(1000, (event) => events.push(event));
    await runtime.run(100);
    const round = ['node_snapshot_update', 'node_snapshot_update', 'node_snapshot_update', 'cluster_snapshot_update'];
    expect(types(events)).toEqual(round);
    await runtime.run(2000);
    expect(types(events)).toEqual([...round, ...round, ...round]);
    stop();
    await runtime.run(3000);
    expect(events).toHaveLength(12);
  });

  test('keeps its pace while a node hangs, and shows it as `timeout`', async () => {
    const [runtime, a, , c] = await threeNodes();
    const rounds: (readonly string[])[] = [];
    const timeouts: string[] = [];
    runtime.network.freeze(c.address);
    const stop = a.ClusterObserver.startPolling(500, (event) => {
      if (event.type === 'node_timeout') timeouts.push(event.nodeId);
      if (event.type === 'cluster_snapshot_update') rounds.push(event.snapshot.nodes.map(({ status }) => status));
    });
    await runtime.run(3000);
    stop();
    expect(rounds).toEqual(Array.from({ length: 6 }, () => ['connected', 'connected', 'timeout']));
    expect(timeouts).toEqual(Array.from({ length: 6 }, () => c.id));
  });

  test('reports nodes that come and go as it happens, between the rounds', async () => {
    const [runtime, a, b, c] = await threeNodes();
    const events: ClusterObserverEvent[] = [];
    const stop = a.ClusterObserver.startPolling(60_000, (event) => events.push(event));
    await runtime.run(100);
    events.length = 0;
    runtime.network.kill(c.address);
    await runtime.settle(b.Cluster.stop());
    await b.Cluster.start({ nodeName: 'nodeB', port: 4370, seeds: [a.id] });
    await runtime.run(2000);
    stop();
    expect(events).toEqual([
      { type: 'node_down', nodeId: c.id, reason: 'connection_closed' },
      { type: 'node_down', nodeId: b.id, reason: 'graceful_shutdown' },
      { type: 'node_up', nodeId: b.id },
    ]);
  });

  test('has an interval of its own for each who polls, and a handler that throws disturbs none', async () => {
    const [runtime, a] = await threeNodes();
    let slow = 0;
    let fast = 0;
    const stops = [
      a.ClusterObserver.startPolling(1000, () => {
        throw new Error('of no concern to others');
      }),
      a.ClusterObserver.startPolling(1000, ({ type }) => {
        if (type === 'cluster_snapshot_update') slow += 1;
      }),
      a.ClusterObserver.startPolling(250, ({ type }) => {
        if (type === 'cluster_snapshot_update') fast += 1;
      }),
    ];
    await runtime.run(1900);
    for (const stop of stops) stop();
    expect([slow, fast]).toEqual([2, 8]);
    expect(a.errors).toHaveLength(8);
  });

  test('reports a handler that rejects as one that throws', async () => {
    const [runtime, a] = await threeNodes();
    const stop = a.ClusterObserver.startPolling(1000, async ({ type }) => {
      if (type === 'cluster_snapshot_update') throw new Error('of no concern to others');
    });
    await runtime.run(1900);
    stop();
    expect(a.errors).toMatchObject([{ message: 'of no concern to others' }, { message: 'of no concern to others' }]);
  });

  test('takes functions for handlers, and nothing else', async () => {
    const [, a] = await threeNodes();
    const handler: () => void = JSON.parse('"log"');
    expect(() => a.ClusterObserver.startPolling(1000, handler)).toThrow(InvalidArgumentError);
    expect(() => a.ClusterObserver.subscribe(handler)).toThrow(InvalidArgumentError);
  });

  test('ends with the cluster', async () => {
    const [runtime, a] = await threeNodes();
    const heard: string[] = [];
    a.ClusterObserver.poll$(1000).subscribe({ next: () => heard.push('snapshot'), complete: () => heard.push('end') });
    await runtime.run(500);
    await runtime.settle(a.Cluster.stop());
    await runtime.run(3000);
    expect(heard).toEqual(['snapshot', 'end']);
    expect(a.errors).toEqual([]);
  });

  test.each([0, -5, Number.NaN, Number.POSITIVE_INFINITY])('does not take %d for an interval', async (ms) => {
    const [, a] = await threeNodes();
    expect(() => a.ClusterObserver.startPolling(ms, () => {})).toThrow(InvalidArgumentError);
  });
});
