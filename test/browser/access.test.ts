import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ToldSource } from '../helpers/cluster-source.js';
import { freePort } from '../helpers/node-process.js';
import { PrefixProxy } from '../helpers/prefix-proxy.js';
import { clusterOf, nodeAt } from '../helpers/snapshots.js';
import { launch } from './helpers/page.js';
import { ServedDashboard } from './helpers/served-dashboard.js';

const TOKEN = 'a-token-of-enough-letters';

let browser: Browser;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  browser = await launch();
});

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await browser?.close();
});

async function serve(port: number, token: string): Promise<ServedDashboard> {
  const served = await ServedDashboard.start(port, { token });
  closers.push(() => served.close());
  return served;
}

/** Once the page is connected, it shows this process. */
async function show(page: Page, source: ToldSource): Promise<void> {
  await expect.poll(() => source.isWatched).toBe(true);
  const timestamp = Date.now();
  source.snapshots.next({ ...clusterOf({ a: nodeAt(timestamp, { p1: {} }) }), timestamp });
  await page.getByRole('tree').getByText('p1', { exact: true }).waitFor();
}

test('a browser without the token is asked for it, and the view of the address is kept', async () => {
  const port = await freePort();
  const { source } = await serve(port, TOKEN);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/ops/#tree`);
  await page.getByText('This dashboard requires a token.').waitFor();
  await page.getByLabel('Token').fill('not-the-token');
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByText('This is not the token of this dashboard.').waitFor();
  await page.getByLabel('Token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.waitForURL(`http://127.0.0.1:${port}/ops/#tree`);
  await show(page, source);
});

test('a page whose token has changed says so, and a reload asks for the new one', async () => {
  const port = await freePort();
  const first = await serve(port, TOKEN);
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/ops/?token=${TOKEN}#tree`);
  await show(page, first.source);
  await first.close();
  const { source } = await serve(port, 'another-token-of-enough-letters');
  await page.locator('.freshness').getByText('This dashboard requires a token.').waitFor();
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByLabel('Token').fill('another-token-of-enough-letters');
  await page.keyboard.press('Enter');
  await page.waitForURL(`http://127.0.0.1:${port}/ops/#tree`);
  await show(page, source);
});

test('a page behind a proxy that rewrites the host says which option is missing', async () => {
  const port = await freePort();
  await serve(port, TOKEN);
  const proxy = await PrefixProxy.start({
    prefix: '/tools',
    upstreamPort: port,
    upstreamPath: '/ops',
    upstreamHost: 'shop.internal',
  });
  closers.push(() => proxy.stop());
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${proxy.port}/tools/?token=${TOKEN}`);
  await page.locator('.freshness').getByText(`add '127.0.0.1:${proxy.port}' to the option hosts`).waitFor();
});
