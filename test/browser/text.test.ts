import type { Browser } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Dashboard, startDashboard } from '../../src/dashboard.js';
import { ToldSource } from '../helpers/cluster-source.js';
import { clusterOf, nodeAt } from '../helpers/snapshots.js';
import { launch } from './helpers/page.js';

let browser: Browser;
let dashboard: Dashboard;
const source = new ToldSource();

beforeEach(async () => {
  browser = await launch();
  dashboard = await startDashboard({ port: 0, source });
});

afterEach(async () => {
  await browser?.close();
  await dashboard?.close();
});

test('names and errors that would turn their line round, or hide in it, are shown as escapes in every view', async () => {
  const name = 'pay\u202eroll\u3164';
  const shown = 'pay\\u202Eroll\\u3164';
  const page = await browser.newPage();
  await page.goto(dashboard.url);
  await expect.poll(() => source.isWatched).toBe(true);
  const timestamp = Date.now();
  const node = nodeAt(timestamp, { p1: {} });
  const servers = node.servers.map((server) => ({ ...server, name }));
  source.snapshots.next({ ...clusterOf({ a: { ...node, servers } }), timestamp });
  const error = { name: 'Error', message: name, stack: `Error: ${name}\n    at ${name}` };
  source.entries.next({
    type: 'process_crashed',
    nodeId: 'a',
    at: timestamp,
    id: 'p1',
    name,
    kind: 'genserver',
    error,
  });

  const row = page.getByRole('grid').getByText(shown, { exact: true });
  await row.click();
  await page.getByRole('complementary').getByRole('heading', { name: shown, exact: true }).waitFor();
  await page.getByRole('link', { name: 'Tree' }).click();
  await page.getByRole('tree').getByText(shown, { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Log' }).click();
  const log = page.getByRole('log');
  await log.getByText(`genserver ${shown} (p1) crashed: Error: ${shown}`, { exact: true }).click();
  await log.getByText(`at ${shown}`).waitFor();
  expect(await page.locator('body').textContent()).not.toMatch(/[\u202e\u3164]/);
});
