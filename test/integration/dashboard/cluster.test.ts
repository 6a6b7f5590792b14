import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Dashboard, serveDashboard } from '../../../src/dashboard/server/start-dashboard.js';
import { createRuntime, type GenServerBehavior, type Runtime } from '../../../src/index.js';
import { Listener } from '../../helpers/dashboard-client.js';

const assets = join(import.meta.dirname, 'fixture', 'web');

const fragile: GenServerBehavior<number, 'get', 'crash', number> = {
  init: () => 0,
  handleCall: (_get, count) => [count, count],
  handleCast: () => {
    throw new Error('dropped');
  },
};

const runtimes: Runtime[] = [];
let dashboard: Dashboard | undefined;

afterEach(async () => {
  await dashboard?.close();
  for (const runtime of runtimes.splice(0)) await runtime.shutdown();
});

async function member(nodeName: string, seeds: readonly string[] = []): Promise<Runtime> {
  const runtime = createRuntime();
  runtimes.push(runtime);
  await runtime.Cluster.start({ nodeName, port: 0, seeds });
  return runtime;
}

describe('the dashboard of a real cluster', () => {
  test('shows what all nodes have, and hears of a crash on another node', async () => {
    const one = await member('one');
    const two = await member('two', [one.Cluster.getLocalNodeId()]);
    const ref = await two.GenServer.start(fragile, { name: 'glass' });
    dashboard = await serveDashboard({ port: 0, source: one.ClusterObserver, assets });
    const browser = await Listener.open(dashboard.port);
    const view = await browser.got('view', ({ processes }) => JSON.stringify(processes).includes('glass'));
    expect(view.nodes.map(({ nodeId }) => nodeId.split('@')[0])).toEqual(['one', 'two']);

    two.GenServer.cast(ref, 'crash');
    const { log } = await browser.got('log', (message) =>
      message.log.some(({ entry }) => entry.type === 'process_crashed'),
    );
    const crash = log.find(({ entry }) => entry.type === 'process_crashed')?.entry;
    expect(crash).toMatchObject({ nodeId: two.Cluster.getLocalNodeId(), name: 'glass', error: { message: 'dropped' } });
  });

  test('is there before the cluster runs, and after it, and goes on with the next', async () => {
    const runtime = createRuntime();
    runtimes.push(runtime);
    dashboard = await serveDashboard({ port: 0, source: runtime.ClusterObserver, assets });
    const browser = await Listener.open(dashboard.port);
    const early = await browser.got('status');
    expect(early.problem).toMatch(/^the cluster is not running/);

    await runtime.Cluster.start({ nodeName: 'late', port: 0 });
    await browser.got('view', ({ nodes }) => nodes[0]?.status === 'connected');
    let from = browser.messages.length;
    await runtime.Cluster.stop();
    expect((await browser.got('status', ({ problem }) => problem !== null, from)).problem).toBe(
      'the cluster has stopped',
    );
    from = browser.messages.length;
    await runtime.Cluster.start({ nodeName: 'late', port: 0 });
    await browser.got('status', ({ problem }) => problem === null, from);
    await browser.got('view', ({ nodes }) => nodes[0]?.status === 'connected', from);
  });
});
