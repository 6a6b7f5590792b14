import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTrio, type Trio } from './helpers/cluster.js';
import { DashboardPage, launch } from './helpers/page.js';

let browser: Browser;
let cluster: Trio;

beforeAll(async () => {
  browser = await launch();
  cluster = await startTrio({ idle: 3330 });
});

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

test('of 10,000 processes, only those in sight are in the page', async () => {
  const page = await DashboardPage.open(browser, cluster.url, { hash: '#processes?sort=name', height: 1200 });
  await expect
    .poll(async () => Number(await page.grid.getAttribute('aria-rowcount')), { timeout: 20_000 })
    .toBeGreaterThan(10_000);
  const total = Number(await page.grid.getAttribute('aria-rowcount'));
  expect(await page.rows.count()).toBeLessThanOrEqual(60);
  await page.grid.focus();
  await page.page.keyboard.press('End');
  await page.grid.locator(`[aria-rowindex="${total}"]`).waitFor();
  expect(await page.rows.count()).toBeLessThanOrEqual(60);
  await page.filter.fill('session-3330');
  await expect.poll(() => page.rows.count()).toBe(3);
  await page.page.keyboard.press('Escape');
  await page.page.keyboard.press('2');
  await page.filter.fill('');
  await page.tree.focus();
  await page.page.keyboard.press('End');
  await page.tree.getByText('session-3330').waitFor();
  expect(await page.tree.getByRole('treeitem').count()).toBeLessThanOrEqual(60);
  expect(page.complaints).toEqual([]);
});
