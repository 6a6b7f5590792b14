import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BLOCKS, CRASHES, FiveNodes, NAMES, type Name, PROCESSES } from '../helpers/five-nodes.js';
import { DashboardPage, launch } from './helpers/page.js';

/** The failure detector waits for five heartbeats, and a link that was lost is dialled again after a second or more. */
const PATIENT = { timeout: 20_000 };

let browser: Browser;
let cluster: FiveNodes;
let page: DashboardPage;

beforeAll(async () => {
  browser = await launch();
  cluster = await FiveNodes.start();
});

afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await page.close();
});

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

async function open(hash: string, width = 1440): Promise<void> {
  page = await DashboardPage.open(browser, cluster.url, { hash, width });
}

/** Kills that node, once, and waits until the page shows it as lost. */
async function kill(name: Name): Promise<void> {
  await expect.poll(async () => (await figuresOf(name))['loop p99'], PATIENT).toMatch(/s$/);
  cluster.signal(name, 'SIGKILL');
  await page.node(name).getByText('disconnected', { exact: true }).waitFor(PATIENT);
}

/** All figures on the card of a node, by name. */
async function figuresOf(name: Name): Promise<Readonly<Record<string, string>>> {
  const figures = page.node(name).locator('.node-figure');
  const [names, values] = await Promise.all([
    figures.locator('.node-figure-name').allTextContents(),
    figures.locator('.node-figure-value').allTextContents(),
  ]);
  return Object.fromEntries(names.map((each, index) => [each, values[index] ?? '']));
}

/** Milliseconds, from `120 µs`, `3.4 ms` or `12.0 s`. */
function msOf(text = ''): number {
  const [, amount = '', unit = ''] = /^([\d.,]+) (µs|ms|s)$/.exec(text) ?? [];
  const factor = { µs: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN;
  return Number(amount.replace(',', '')) * factor;
}

async function loopDelayOf(name: Name): Promise<number> {
  return msOf((await figuresOf(name))['loop p99']);
}

/** How long ago the last data of a lost node arrived, s. NaN: the card does not say that. */
async function ageOf(name: Name): Promise<number> {
  const text = await page.node(name).locator('.node-age').textContent();
  const [, seconds = Number.NaN] = /^([\d.]+) ?s ago$/.exec(text ?? '') ?? [];
  return Number(seconds);
}

/** The log entries of a node with this text. */
function entriesOf(name: Name, text: string | RegExp): Locator {
  const node = page.page.locator(`[title="${cluster.idOf(name)}"]`);
  return page.log.getByRole('listitem').filter({ has: node }).filter({ hasText: text });
}

/** The restarts of the process that the table shows, and of the cluster. */
async function restarts(): Promise<readonly [process: number, cluster: number]> {
  const [ofProcess] = await page.column('restarts');
  return [Number(ofProcess), Number(await page.figure('Restarts').textContent())];
}

describe('a cluster of five nodes, some of which fail', () => {
  test('is shown with all its nodes and processes', async () => {
    await open('#processes?sort=node');
    await expect.poll(() => page.figure('Nodes').textContent(), PATIENT).toBe(`${NAMES.length} / ${NAMES.length}`);
    await expect.poll(() => page.rows.count()).toBe(NAMES.length * PROCESSES + 2);
    expect(new Set(await page.column('node'))).toEqual(new Set(NAMES));
    expect(await page.page.locator('.node.is-connected').count()).toBe(NAMES.length);
  });

  test('shows which node blocks its event loop, and which process does it', async () => {
    await open('#log?log=event+loop');
    await expect
      .poll(async () => {
        const [blocking, front, crashing] = await Promise.all([
          loopDelayOf('blocking'),
          loopDelayOf('front'),
          loopDelayOf('crashing'),
        ]);
        // The delay is less than the time of the block, by what had passed of a sample.
        return blocking > 0.85 * BLOCKS.ms && Math.max(front, crashing) < blocking / 2;
      }, PATIENT)
      .toBe(true);
    // An entry without a message is about something else that took long on a busy machine.
    const entry = entriesOf('blocking', BLOCKS.name).filter({ hasText: BLOCKS.messageType }).first();
    const text = (await entry.locator('.entry-text').textContent()) ?? '';
    const [, ms = ''] = /event loop for (\d+) ms/.exec(text) ?? [];
    expect(Number(ms)).toBeGreaterThanOrEqual(BLOCKS.ms - 1);
    await entry.getByRole('link').click();
    await page.detail.getByRole('heading', { name: BLOCKS.name }).waitFor();
    const blocks = page.detail.getByText('Loop blocked', { exact: true }).locator('+ dd');
    await expect.poll(async () => Number(await blocks.textContent()), PATIENT).toBeGreaterThan(1);
    const slowest = page.detail.getByText('p99 handle', { exact: true }).locator('+ dd');
    await expect.poll(async () => msOf((await slowest.textContent()) ?? '')).toBeGreaterThan(0.85 * BLOCKS.ms);
  });

  test('shows a process that crashes again and again, its restarts, and why it crashes', async () => {
    await open(`#processes?q=${CRASHES.name}`);
    await expect.poll(() => page.column('node'), PATIENT).toEqual(['crashing']);
    await expect.poll(async () => Math.min(...(await restarts())), PATIENT).toBeGreaterThan(0);
    const [ofProcess, ofCluster] = await restarts();
    await expect.poll(async () => (await restarts())[0], PATIENT).toBeGreaterThan(ofProcess + 1);
    await expect.poll(async () => (await restarts())[1], PATIENT).toBeGreaterThan(ofCluster + 1);
    // Only that process crashes: the sum of the cluster is its count.
    await expect
      .poll(async () => {
        const [one, all] = await restarts();
        return one === all;
      })
      .toBe(true);

    await page.page.getByRole('link', { name: 'Log' }).click();
    const crashes = entriesOf('crashing', `${CRASHES.name} (`).filter({ hasText: `crashed: ${CRASHES.error}` });
    await expect.poll(() => crashes.count(), PATIENT).toBeGreaterThan(1);
    // Entries move down as more are added.
    await page.page.getByRole('button', { name: 'Pause' }).click();
    await crashes.first().locator('summary').click();
    await crashes.first().locator('pre').getByText('at Object.handle').waitFor();
  });

  test('keeps a killed node, with its last figures and since when it is lost', async () => {
    await open('#processes?q=orders&sort=node');
    await kill('killed');
    await page.node('killed').getByText('the link is down: its connection closed').waitFor();
    const figures = await figuresOf('killed');
    expect(figures).toMatchObject({ 'msgs/s': '–', processes: String(PROCESSES) });
    for (const name of ['cpu', 'loop p99', 'heap', 'rss']) expect(figures[name]).toMatch(/^[\d.]+ \S+$/);
    const age = await ageOf('killed');
    expect(age).toBeLessThan(10);
    await expect.poll(() => ageOf('killed'), PATIENT).toBeGreaterThan(age + 2);
    expect(await figuresOf('killed')).toEqual(figures);
    await expect.poll(() => page.figure('Nodes').textContent(), PATIENT).toBe('4 / 5 1 disconnected');

    const row = page.rows.filter({ hasText: 'killed' });
    expect(await row.getAttribute('class')).toContain('is-stale');
    expect(await row.locator('.cell.is-status').textContent()).toBe('disconnected');
    const clipped = `[...document.querySelectorAll('.is-stale .is-status')].filter((cell) => cell.scrollWidth > cell.clientWidth)`;
    expect(await page.page.evaluate(`${clipped}.length`)).toBe(0);
    expect(await row.locator('.cell.is-rate').textContent()).toBe('–');
    await page.page.getByRole('link', { name: 'Log' }).click();
    await entriesOf('killed', 'node down: its connection closed').locator('time').waitFor();
  });

  test('names a killed node in the tree at phone width, and clips no figure beside it', async () => {
    await open('#tree', 390);
    await kill('killed');
    const line = page.treeItem('killed');
    await line.getByText('disconnected', { exact: true }).waitFor();
    expect((await line.locator('.label').boundingBox())?.width).toBeGreaterThan(30);
    const { x = 0, width = Number.NaN } = (await line.locator('.value').last().boundingBox()) ?? {};
    expect(x + width).toBeLessThanOrEqual(390);
  });

  test('says that a stopped node does not answer, and shows it again once it goes on', async () => {
    await open('#log?log=node');
    const card = page.node('stopped');
    await card.locator(':scope.is-connected').waitFor(PATIENT);
    cluster.signal('stopped', 'SIGSTOP');
    try {
      await card.getByText(/^nothing heard from it for more than [\d]+ ms$/).waitFor(PATIENT);
      await card.getByText('timeout', { exact: true }).waitFor();
      await card.getByText('the link is down: no heartbeats arrived').waitFor(PATIENT);
      await card.getByText('disconnected', { exact: true }).waitFor();
      expect(await ageOf('stopped')).toBeGreaterThan(2);
      expect(await figuresOf('stopped')).toMatchObject({ 'msgs/s': '–', processes: String(PROCESSES) });
      await entriesOf('stopped', 'node down: no heartbeats arrived').waitFor();
    } finally {
      cluster.signal('stopped', 'SIGCONT');
    }
    await page.page.locator('.node.is-connected', { hasText: cluster.idOf('stopped') }).waitFor(PATIENT);
    await expect.poll(async () => Number((await figuresOf('stopped'))['msgs/s']), PATIENT).toBeGreaterThan(0);
    await entriesOf('stopped', 'node up').first().waitFor();
  });
});
