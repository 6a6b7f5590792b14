import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dashboardHandler } from '../../src/dashboard.js';
import { ToldSource } from '../helpers/cluster-source.js';
import { freePort } from '../helpers/node-process.js';
import { PrefixProxy, type PrefixProxyOptions } from '../helpers/prefix-proxy.js';
import { clusterOf, nodeAt } from '../helpers/snapshots.js';
import { FixtureNode } from './helpers/cluster.js';
import { DashboardPage, launch } from './helpers/page.js';

let browser: Browser;
let node: FixtureNode;
let proxy: PrefixProxy | undefined;

beforeEach(async () => {
  browser = await launch();
  node = await FixtureNode.start({ name: 'nodeA', port: await freePort(), dashboard: await freePort() });
});

afterEach(async () => {
  await browser?.close();
  await proxy?.stop();
  await node?.kill();
});

async function openThroughProxy(path: string, options: Partial<PrefixProxyOptions> = {}): Promise<DashboardPage> {
  const upstreamPort = Number(new URL(node.url).port);
  proxy = await PrefixProxy.start({ prefix: '/tools/ops', upstreamPort, ...options });
  return DashboardPage.open(browser, `http://127.0.0.1:${proxy.port}${path}`);
}

test.each(['/tools/ops', '/tools/ops/', '/tools/ops?x=1#tree', '/tools/ops/#tree'])(
  'behind a proxy that takes the path off, the page is live at %s',
  async (path) => {
    const { page, complaints } = await openThroughProxy(path);
    const { pathname, search, hash } = new URL(path, 'http://proxy');
    const address = new URL(page.url());
    expect([address.pathname, address.search]).toEqual([pathname.replace(/\/?$/, '/'), search]);
    if (hash !== '') await page.getByRole('tree').getByText('orders', { exact: true }).waitFor();
    else await page.getByRole('grid').getByText('checkout-1', { exact: true }).waitFor();
    await page.reload();
    await page.locator('.freshness.is-live').waitFor();
    expect(complaints).toEqual([]);
    expect(proxy?.missed).toEqual([]);
  },
);

test('behind a proxy that changes path and host, the link with the token leads to the page and its figures', async () => {
  const source = new ToldSource();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const upstreamPort = typeof address === 'object' && address !== null ? address.port : 0;
  proxy = await PrefixProxy.start({
    prefix: '/tools',
    upstreamPort,
    upstreamPath: '/ops',
    upstreamHost: 'shop.internal',
  });
  const place = `127.0.0.1:${proxy.port}`;
  const dashboard = dashboardHandler({ path: '/ops', token: 'a-token-of-enough-letters', hosts: [place], source });
  server.on('request', dashboard.handler).on('upgrade', dashboard.upgrade);
  try {
    for (const slash of ['', '/']) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`http://${place}/tools${slash}?token=a-token-of-enough-letters#tree`);
      await page.waitForURL(`http://${place}/tools/#tree`);
      await expect.poll(() => source.isWatched).toBe(true);
      const timestamp = Date.now();
      source.snapshots.next({ ...clusterOf({ a: nodeAt(timestamp, { p1: {} }) }), timestamp });
      await page.getByRole('tree').getByText('p1', { exact: true }).waitFor();
      await context.close();
    }
    expect(proxy.missed).toEqual([]);
  } finally {
    dashboard.close();
    server.close();
    server.closeAllConnections();
  }
});
