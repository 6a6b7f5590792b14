import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MAX_ENTRIES } from '../../src/dashboard/view-model/log-lines.js';
import { crash } from '../helpers/cluster-source.js';
import { freePort } from '../helpers/node-process.js';
import { clusterOf, nodeAt } from '../helpers/snapshots.js';
import { DashboardPage, launch } from './helpers/page.js';
import { ServedDashboard } from './helpers/served-dashboard.js';

let browser: Browser;
let served: ServedDashboard;

beforeEach(async () => {
  browser = await launch();
  served = await ServedDashboard.start(await freePort());
});

afterEach(async () => {
  await browser?.close();
  await served?.close();
});

test('a paused log keeps its entries, although more arrive than it can hold', async () => {
  const { source } = served;
  const opening = DashboardPage.open(browser, served.url, { hash: '#log' });
  await expect.poll(() => source.isWatched).toBe(true);
  const timestamp = Date.now();
  source.snapshots.next({ ...clusterOf({ a: nodeAt(timestamp, { p1: {} }) }), timestamp });
  const { log, page } = await opening;
  for (let at = 1; at <= 20; at += 1) source.entries.next(crash(`early${at}`, timestamp + at));
  await log.getByRole('link', { name: 'early20' }).waitFor();
  const shown = await log.getByRole('listitem').allTextContents();
  await log.focus();
  await page.keyboard.press('p');
  for (let at = 1; at <= 2.5 * MAX_ENTRIES; at += 1) source.entries.next(crash(`later${at}`, timestamp + 100 + at));
  await page.getByRole('button', { name: /^Paused · [\d,]*\d new$/ }).waitFor();
  await expect.poll(() => page.getByRole('button', { name: /^Paused/ }).textContent()).toMatch(/1,000|2,500/);
  expect(await log.getByRole('listitem').allTextContents()).toEqual(shown);
  await page.keyboard.press('p');
  await log.getByRole('link', { name: `later${2.5 * MAX_ENTRIES}` }).waitFor();
});
