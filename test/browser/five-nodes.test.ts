import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FixtureNode } from './helpers/cluster.js';
import { startFailingCluster } from './helpers/failing-cluster.js';
import { DashboardPage, launch } from './helpers/page.js';

const PATIENCE = { timeout: 20_000 };

let browser: Browser;
let nodes: readonly FixtureNode[];
let stopTrouble: () => void;
let page: DashboardPage;

beforeAll(async () => {
  browser = await launch();
  ({ nodes, stopTrouble } = await startFailingCluster());
  page = await DashboardPage.open(browser, nodes[0]?.url ?? '', { hash: '#processes?q=courier&sort=-restarts' });
}, 60_000);

afterAll(async () => {
  stopTrouble?.();
  await browser?.close();
  await Promise.all((nodes ?? []).map((node) => node.kill()));
});

/** One node after another: B blocks its event loop, C has a crash loop, D is stopped, E is killed. */
function nodeAt(index: number): FixtureNode {
  const node = nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  return node;
}

test('the crash loop is on top: its restarts, and the crash with its message and name in the log', async () => {
  await expect.poll(async () => Number((await page.column('restarts'))[0]), PATIENCE).toBeGreaterThanOrEqual(3);
  expect((await page.column('node'))[0]).toBe('nodeC');
  await expect
    .poll(async () => Number(await page.figure('Restarts').textContent()), PATIENCE)
    .toBeGreaterThanOrEqual(3);
  await page.page.getByRole('link', { name: 'Log' }).click();
  await page.page.getByLabel('Problems').check();
  const crash = page.log.getByRole('listitem').filter({ hasText: 'courier' }).filter({ hasText: 'nodeC' }).first();
  await crash.getByText('courier could not reach its warehouse').first().waitFor();
});

test('the blocked event loop is at the right node, by its delay and in the log', async () => {
  const loopOf = async (name: string): Promise<number> => {
    const text = (await page.node(name).textContent()) ?? '';
    const [, value = '', unit] = /loop p99\s*([\d.]+)\s*(ms|s)/.exec(text) ?? [];
    return Number(value) * (unit === 's' ? 1000 : 1);
  };
  await expect.poll(() => loopOf('nodeB'), PATIENCE).toBeGreaterThan(90);
  expect(await loopOf('nodeB')).toBeGreaterThan(await loopOf('nodeA'));
  const block = page.log.getByRole('listitem').filter({ hasText: 'invoice-2' }).filter({ hasText: 'nodeB' }).first();
  await block.getByText(/held the event loop for \d+ ms/).waitFor();
});

test('a stopped node and a killed one are lost, with their last figures and since when; the first comes back', async () => {
  nodeAt(3).signal('SIGSTOP');
  await nodeAt(4).kill();
  const killed = page.node('nodeE');
  await killed.getByText('disconnected').waitFor();
  await killed.getByText('the link is down').waitFor();
  await killed.getByText(/^[\d.]+ ?s ago$/).waitFor();
  expect(await killed.textContent()).toMatch(/processes\s+17/);
  const stopped = page.node('nodeD');
  await stopped.getByText(/^(timeout|disconnected)$/).waitFor(PATIENCE);
  await expect.poll(() => page.figure('Nodes').textContent(), PATIENCE).toBe('3 / 5 2 disconnected');
  await expect.poll(() => page.page.title(), PATIENCE).toBe('⚠ 3/5 nodes · noex');
  nodeAt(3).signal('SIGCONT');
  await expect.poll(() => page.figure('Nodes').textContent(), PATIENCE).toBe('4 / 5 1 disconnected');
  // What stays lost stays in view.
  await killed.getByText('disconnected').waitFor();
  expect(page.complaints).toEqual([]);
});
