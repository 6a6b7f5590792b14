import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTrio, type Trio } from './helpers/cluster.js';
import { DashboardPage, launch } from './helpers/page.js';

const VIEWS = ['processes', 'tree', 'log', 'charts', 'names'];
/** Shop, orders, billing, nine workers, five workers, sessions, and those that only exist. */
const IDLE = 40;
const EACH = 3 + 9 + 5 + 1 + IDLE;

let browser: Browser;
let cluster: Trio;
let page: DashboardPage;

beforeAll(async () => {
  browser = await launch();
  cluster = await startTrio({ idle: IDLE });
});

afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await page.close();
});

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

const open = async (look: Parameters<typeof DashboardPage.open>[2] = {}): Promise<DashboardPage> => {
  page = await DashboardPage.open(browser, cluster.url, look);
  return page;
};

const keyOf = (id: string): string => `${cluster.nodes[0].id} ${id}`;

describe('what the page shows', () => {
  test('is what getClusterSnapshot says', async () => {
    const [a, b] = cluster.nodes;
    for (let i = 0; i < 25; i += 1) b.send('checkout-3', 'work');
    await open({ hash: '#processes?q=checkout-3&sort=node' });
    await vi.waitFor(async () => {
      const { nodes } = await a.snapshot();
      const total = nodes.reduce((sum, { processes }) => sum + processes, 0);
      const restarts = nodes.reduce((sum, { restarts: count }) => sum + count, 0);
      expect(total).toBe(3 * EACH);
      expect(await page.figure('Nodes').textContent()).toBe('3 / 3');
      expect(await page.figure('Processes').textContent()).toBe(String(total));
      expect(await page.figure('Restarts').textContent()).toBe(String(restarts));
      expect(await page.column('node')).toEqual(['nodeA', 'nodeB', 'nodeC']);
      for (const { nodeId, processes } of nodes) {
        expect(await page.node(nodeId).textContent()).toMatch(new RegExp(`processes\\s+${processes}`));
      }
    });
    await page.rows.nth(1).click();
    await vi.waitFor(async () => {
      const node = (await a.snapshot()).nodes.find(({ nodeId }) => nodeId === b.id);
      const messages = node?.messages['checkout-3'];
      expect(messages).toBeGreaterThanOrEqual(25);
      expect(await page.detail.getByText('Messages', { exact: true }).locator('+ dd').textContent()).toBe(
        String(messages),
      );
    });
  });

  test('says – of what is not known, and does not make it up', async () => {
    await open({ hash: '#processes?q=session-1&sort=name' });
    expect((await page.column('waitP99'))[0]).toBe('–');
    await page.filter.fill('sessions');
    await expect.poll(() => page.rows.count()).toBe(3);
    expect((await page.column('queueSize'))[0]).toBe('–');
  });

  test('is every process there is, by name', async () => {
    await open({ hash: '#processes?sort=name', height: 3000 });
    const snapshot = await cluster.nodes[0].snapshot();
    const names = snapshot.nodes.flatMap((node) => node.names).sort();
    const seen = new Set<string>();
    await page.grid.focus();
    while (seen.size < new Set(names).size) {
      for (const name of await page.column('name')) seen.add(name);
      await page.page.keyboard.press('PageDown');
    }
    expect([...seen].sort()).toEqual([...new Set(names)]);
  });
});

describe('the table', () => {
  test('is sorted by the column whose head is clicked, then the other way round', async () => {
    await open();
    await page.header('Name').getByRole('button').click();
    await expect.poll(() => page.header('Name').getAttribute('aria-sort')).toBe('ascending');
    const upwards = await page.column('name');
    expect(upwards[0]).toBe('billing');
    expect(upwards).toEqual([...upwards].sort());
    await page.header('Name').getByRole('button').click();
    await expect.poll(() => page.header('Name').getAttribute('aria-sort')).toBe('descending');
    await expect.poll(async () => (await page.column('name'))[0]).toBe('shop');
    expect(page.hash).toBe('#processes?sort=-name');
  });

  test('is sorted from the keyboard', async () => {
    await open();
    await page.header('Msgs/s').getByRole('button').focus();
    await page.page.keyboard.press('ArrowRight');
    await page.page.keyboard.press('Enter');
    expect(await page.header('p99 wait').getAttribute('aria-sort')).toBe('descending');
  });

  test('leaves out what does not pass the filters', async () => {
    await open();
    await page.filter.fill('checkout nodeb');
    await expect.poll(() => page.rows.count()).toBe(8);
    expect(new Set(await page.column('node'))).toEqual(new Set(['nodeB']));
    await page.filter.fill('');
    await page.page.getByLabel('Kind', { exact: true }).selectOption('supervisor');
    await expect.poll(() => page.rows.count()).toBe(12);
    await page.page.getByLabel('Node', { exact: true }).selectOption(cluster.nodes[2].id);
    await expect.poll(() => page.rows.count()).toBe(4);
    expect(page.hash).toBe(`#processes?kind=supervisor&node=${cluster.nodes[2].id}`);
    await page.filter.fill('nobody');
    await page.page.getByText('No process passes the filter.').waitFor();
  });

  test('is used with the keyboard alone', async () => {
    await open({ hash: '#processes?sort=name&q=checkout' });
    await page.page.keyboard.press('/');
    await page.page.keyboard.type('-1');
    await expect.poll(() => page.rows.count()).toBe(3);
    await page.page.keyboard.press('Escape');
    await page.page.keyboard.press('ArrowDown');
    await page.page.keyboard.press('ArrowDown');
    const active = await page.grid.getAttribute('aria-activedescendant');
    expect(await page.page.locator(`[id="${active}"]`).textContent()).toContain('nodeB');
    await page.page.keyboard.press('Enter');
    await page.detail.getByRole('heading', { name: 'checkout-1' }).waitFor();
    await page.page.keyboard.press('Escape');
    await page.detail.waitFor({ state: 'detached' });
    await page.page.keyboard.press('?');
    await page.page.getByRole('dialog').waitFor();
    await page.page.keyboard.press('Escape');
    await page.page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.page.keyboard.press('2');
    await page.tree.waitFor();
    await page.page.locator('[role=tree]:focus').waitFor();
    await page.page.keyboard.press('ArrowDown');
    await page.page.locator('[role=tree][aria-activedescendant]').waitFor();
  });
});

describe('the tree', () => {
  test('shows who supervises whom, nested, on every node', async () => {
    await open({ hash: '#tree', height: 5600 });
    expect(await page.tree.locator('[aria-level="1"]').count()).toBe(3);
    const place = async (name: string): Promise<readonly (string | null)[]> => {
      const item = page.treeItem(name).first();
      return Promise.all(
        ['aria-level', 'aria-posinset', 'aria-setsize', 'aria-expanded'].map((each) => item.getAttribute(each)),
      );
    };
    expect(await place('nodeA')).toEqual(['1', '1', '3', 'true']);
    expect(await place('shop')).toEqual(['2', '1', '2', 'true']);
    expect(await place('billing')).toEqual(['3', '2', '2', 'true']);
    expect(await place('checkout-1')).toEqual(['4', '1', '9', null]);
  });

  test('is walked with the arrow keys', async () => {
    await open({ hash: '#tree', height: 5600 });
    const active = async (): Promise<string | null> => {
      const id = await page.tree.getAttribute('aria-activedescendant');
      return page.page.locator(`#${id} .label`).textContent();
    };
    const press = (key: string): Promise<void> => page.page.keyboard.press(key);
    await page.tree.focus();
    await press('Home');
    expect(await active()).toBe('nodeA');
    await press('ArrowRight');
    await press('ArrowRight');
    await press('ArrowRight');
    expect(await active()).toBe('checkout-1');
    await press('ArrowLeft');
    expect(await active()).toBe('orders');
    await press('ArrowLeft');
    await expect.poll(() => page.treeItem('orders').first().getAttribute('aria-expanded')).toBe('false');
    expect(await page.treeItem('checkout-1').count()).toBe(2);
    await press('ArrowRight');
    await expect.poll(() => page.treeItem('checkout-1').count()).toBe(3);
  });

  test('keeps the way to what passes the filter', async () => {
    await open({ hash: '#tree?q=report&kind=genserver' });
    await expect.poll(() => page.tree.getByRole('treeitem').count()).toBe(3 * 4);
  });
});

describe('the details of a process', () => {
  test('lead to its supervisor and to its children, and back', async () => {
    await open({ hash: '#processes?q=checkout-2+nodea' });
    await page.rows.first().click();
    const title = (name: string): Promise<void> => page.detail.getByRole('heading', { name, exact: true }).waitFor();
    await title('checkout-2');
    await page.detail.getByText('genserver checkout-2', { exact: false }).waitFor();
    await page.detail.getByRole('link', { name: 'orders' }).click();
    await title('orders');
    expect(await page.detail.locator('.process-list').last().getByRole('link').count()).toBe(9);
    await page.detail.getByRole('link', { name: 'checkout-5' }).click();
    await title('checkout-5');
    await page.page.goBack();
    await title('orders');
    await page.page.goBack();
    await title('checkout-2');
    await page.page.goBack();
    await page.detail.waitFor({ state: 'detached' });
  });

  test('say so when there is no such process', async () => {
    await open({ hash: `#processes?process=${encodeURIComponent(keyOf('p99999'))}` });
    await page.detail.getByText('This process is gone.').waitFor();
  });
});

test('the charts of a chosen node come with its links, one by one', async () => {
  await open({ hash: `#charts?node=${encodeURIComponent(cluster.nodes[0].id)}` });
  const links = page.page.getByRole('table', { name: 'Links of nodeA' });
  await links.getByRole('rowheader', { name: 'nodeB' }).waitFor();
  await links.getByRole('rowheader', { name: 'nodeC' }).waitFor();
  expect(await links.getByRole('row').count()).toBe(3);
  await links
    .getByText(/(ms|µs)$/)
    .first()
    .waitFor();
});

describe('the log', () => {
  test('shows a crash within two seconds, with its stack', async () => {
    await open({ hash: '#log?log=courier+crashed' });
    const before = await page.log.getByRole('listitem').count();
    cluster.nodes[1].send('courier', 'crash');
    const entry = page.log.getByRole('listitem').nth(before);
    await entry.waitFor({ timeout: 2000 });
    await page.log.getByText('courier could not reach its warehouse').first().click();
    await page.log.getByText('at Object.handleCast').first().waitFor();
  });

  test('waits while it is paused, and says how much', async () => {
    await open({ hash: '#log?log=courier+crashed' });
    const before = await page.log.getByRole('listitem').count();
    await page.log.focus();
    await page.page.keyboard.press('p');
    cluster.nodes[2].send('courier', 'crash');
    const button = page.page.getByRole('button', { name: 'Paused · 1 new' });
    await button.waitFor();
    expect(await page.log.getByRole('listitem').count()).toBe(before);
    await button.click();
    await expect.poll(() => page.log.getByRole('listitem').count()).toBe(before + 1);
  });

  test('leads from a process that crashed to the one that took its place', async () => {
    await open({ hash: '#log?log=courier+crashed' });
    cluster.nodes[0].send('courier', 'crash');
    await page.log.getByRole('listitem').filter({ hasText: 'nodeA' }).first().getByRole('link').click();
    await page.detail.getByText('This process is gone').waitFor();
    await page.detail.getByText('It was restarted as').getByRole('link').click();
    await page.detail.getByRole('heading', { name: 'courier' }).waitFor();
  });

  test('shows only problems when asked', async () => {
    await open({ hash: '#log' });
    await page.page.getByLabel('Problems').check();
    await expect.poll(() => page.log.locator('.is-plain').count()).toBe(0);
    expect(page.hash).toBe('#log?problems=1');
  });
});

describe('the charts', () => {
  test('are four, with a line for each node that can be switched off', async () => {
    await open({ hash: '#charts' });
    expect(await page.page.locator('.plot canvas').count()).toBe(4);
    expect(await page.page.locator('.chart').first().getByRole('listitem').count()).toBe(3);
    await page.page.getByRole('button', { name: 'nodeB', exact: true }).click();
    await expect.poll(() => page.page.locator('.chart').first().getByRole('listitem').count()).toBe(2);
  });
});

describe('the address', () => {
  test('brings back view, order, filters and process', async () => {
    const hash = `#processes?sort=-name&q=check&kind=genserver&node=${cluster.nodes[1].id}&process=${encodeURIComponent(keyOf('p2'))}`;
    await open({ hash });
    expect(await page.header('Name').getAttribute('aria-sort')).toBe('descending');
    expect(await page.filter.inputValue()).toBe('check');
    expect(await page.page.getByLabel('Kind', { exact: true }).inputValue()).toBe('genserver');
    expect(await page.page.getByLabel('Node', { exact: true }).inputValue()).toBe(cluster.nodes[1].id);
    await page.detail.getByRole('heading', { name: 'orders' }).waitFor();
    await expect.poll(() => page.column('name')).toEqual([8, 7, 6, 5, 4, 3, 2, 1].map((each) => `checkout-${each}`));
  });

  test('goes back and forward through the views', async () => {
    await open();
    await page.page.getByRole('link', { name: 'Tree' }).click();
    await page.tree.waitFor();
    await page.page.getByRole('link', { name: 'Log' }).click();
    await page.log.waitFor();
    await page.page.goBack();
    await page.tree.waitFor();
    await page.page.goBack();
    await page.grid.waitFor();
    await page.page.goForward();
    await page.tree.waitFor();
  });
});

describe('the theme', () => {
  test('is that of the system, until another is chosen, which stays', async () => {
    await open({ theme: 'dark' });
    const theme = (): Promise<string | null> => page.page.locator('html').getAttribute('data-theme');
    expect(await theme()).toBe('dark');
    await page.page.getByRole('button', { name: 'Light theme' }).click();
    expect(await theme()).toBe('light');
    await page.page.reload();
    await page.isLive();
    expect(await theme()).toBe('light');
  });

  for (const theme of ['light', 'dark'] as const) {
    test(`is accessible in ${theme}, in every view`, async () => {
      await open({ theme });
      // By the debugger: the page itself lets in no script but its own.
      await page.page.evaluate(axe.source);
      for (const view of VIEWS) {
        await page.page.goto(`${cluster.url}#${view}?process=${encodeURIComponent(keyOf('p2'))}`);
        await page.detail.getByRole('heading', { name: 'orders' }).waitFor();
        const found = await page.page.evaluate<readonly string[]>(`axe.run().then(({ violations }) =>
          violations.map(({ id, impact, nodes }) => impact + ': ' + id + ' ' + nodes[0].html))`);
        expect(found, view).toEqual([]);
      }
    });
  }
});

describe('on a phone', () => {
  test('nothing is wider than the screen, and the rest is one touch away', async () => {
    await open({ width: 400, height: 800 });
    for (const view of VIEWS) {
      await page.page.getByRole('link', { name: view, exact: false }).click();
      const widths = await page.page.evaluate<readonly number[]>(
        `['html', 'body', 'main', '.scroller', '.filters', '.head', '.nodes'].map((each) => document.querySelector(each)).map((each) => Math.max(each.scrollWidth, each.getBoundingClientRect().right))`,
      );
      expect(Math.max(...widths), view).toBeLessThanOrEqual(400);
    }
    await page.page.getByRole('link', { name: 'processes', exact: false }).click();
    await page.page.getByRole('button', { name: 'More filters' }).click();
    await page.page.getByLabel('Sort by').selectOption('name');
    await expect.poll(async () => (await page.column('name'))[0]).toBe('billing');
    await page.rows.first().click();
    const box = await page.detail.boundingBox();
    expect(box).toMatchObject({ x: 0, y: 0, width: 400, height: 800 });
    await page.page.getByRole('button', { name: 'Close the details' }).click();
    await page.detail.waitFor({ state: 'detached' });
  });
});
