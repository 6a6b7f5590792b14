import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTrio, type Trio } from './helpers/cluster.js';
import { DashboardPage, launch } from './helpers/page.js';

let browser: Browser;
let cluster: Trio;
let page: DashboardPage;

beforeEach(async () => {
  browser = await launch();
  cluster = await startTrio();
});

afterEach(async () => {
  await browser?.close();
  await cluster?.stop();
});

test('a node that died stays, greyed, with its last data and what is wrong', async () => {
  page = await DashboardPage.open(browser, cluster.url, { hash: '#processes?q=checkout-1&sort=node' });
  await expect.poll(() => page.rows.count()).toBe(3);
  await cluster.nodes[2].kill();
  const card = page.node('nodeC');
  await card.getByText('disconnected').waitFor();
  await card.getByText('the link is down').waitFor();
  await card.getByText(/^[\d.]+ ?s ago$/).waitFor();
  expect(await card.textContent()).toMatch(/processes\s+17/);
  await expect.poll(() => page.figure('Nodes').textContent()).toBe('2 / 3 1 disconnected');
  await expect.poll(() => page.grid.locator('.row.is-stale').count()).toBe(1);
  expect(await page.column('node')).toEqual(['nodeA', 'nodeB', 'nodeC']);
  expect((await page.column('rate'))[2]).toBe('–');
  await page.page.getByRole('link', { name: 'Log' }).click();
  await page.log.getByText('node down: its connection closed').waitFor();
  expect(page.complaints).toEqual([]);
});

test('the page comes back by itself when the node that serves it does, and says how old the data is meanwhile', async () => {
  page = await DashboardPage.open(browser, cluster.url, { hash: '#processes?q=checkout-1&sort=node' });
  await expect.poll(() => page.rows.count()).toBe(3);
  await cluster.nodes[0].kill();
  await page.page.getByText(/^data is [\d.]+ s old · reconnecting/).waitFor();
  expect(await page.rows.count()).toBe(3);
  const again = await cluster.restartFirst();
  await page.isLive();
  await expect.poll(() => page.figure('Nodes').textContent()).toBe('3 / 3');
  for (let i = 0; i < 7; i += 1) again.send('checkout-1', 'work');
  await page.rows.first().click();
  await expect.poll(() => page.detail.getByText('Messages', { exact: true }).locator('+ dd').textContent()).toBe('7');
  // What the browser itself says of a server that is not there.
  expect(page.complaints.filter((each) => !/WebSocket connection to|ERR_CONNECTION_REFUSED/.test(each))).toEqual([]);
});
