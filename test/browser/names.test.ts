import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startTrio, type Trio } from './helpers/cluster.js';
import { DashboardPage, launch } from './helpers/page.js';

let browser: Browser;
let cluster: Trio;
let page: DashboardPage;

beforeAll(async () => {
  browser = await launch();
  cluster = await startTrio();
});

afterEach(async () => {
  expect(page.complaints).toEqual([]);
  await page.close();
});

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
});

const open = async (look: Parameters<typeof DashboardPage.open>[2] = {}): Promise<void> => {
  page = await DashboardPage.open(browser, cluster.url, look);
};

/** The texts of the rows of a table, below its head. */
const rowsOf = async (title: 'Global names' | 'Groups'): Promise<readonly (string | undefined)[]> => {
  const rows = page.page.locator('.names section', { hasText: title }).locator('tbody tr:not(.members)');
  return (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
};

describe('the names view', () => {
  test('says who owns each global name, on which node, and since when', async () => {
    await open();
    await page.page.keyboard.press('5');
    await expect.poll(() => page.hash).toBe('#names');
    await expect.poll(() => rowsOf('Global names')).toHaveLength(2);
    expect(await rowsOf('Global names')).toEqual([
      expect.stringMatching(/^billing\/leader billing p\d+ nodeB [\dms ]+$/),
      expect.stringMatching(/^reports report p\d+ nodeA [\dms ]+$/),
    ]);
  });

  test('lists the members of a group by node, and one by one when it is unfolded', async () => {
    await open({ hash: '#names' });
    await expect
      .poll(() => rowsOf('Groups'))
      .toEqual([
        'Members of printers printers nodeC 4 4',
        'Members of checkouts checkouts nodeA 8, nodeB 8, nodeC 8 24',
      ]);
    const twisty = page.page.getByRole('button', { name: 'Members of checkouts' });
    await twisty.click();
    expect(await twisty.getAttribute('aria-expanded')).toBe('true');
    const members = page.page.getByRole('list', { name: 'Members of checkouts' }).getByRole('link');
    await expect.poll(() => members.count()).toBe(24);
    await twisty.click();
    await expect.poll(() => members.count()).toBe(0);
  });

  test('leads to the owner, whose details lead back to its name', async () => {
    await open({ hash: '#names' });
    await page.page.getByRole('link', { name: 'report' }).click();
    await page.detail.getByRole('heading', { name: 'Global names' }).waitFor();
    await page.detail.getByRole('link', { name: 'reports' }).click();
    await expect.poll(() => page.filter.inputValue()).toBe('reports');
    await expect.poll(() => rowsOf('Global names')).toHaveLength(1);
  });

  test('shows the groups of a process in its details', async () => {
    await open({ hash: '#processes?q=checkout-1' });
    await page.rows.first().click();
    await page.detail.getByRole('link', { name: 'checkouts' }).click();
    await expect.poll(() => page.hash).toMatch(/^#names\?q=checkouts/);
  });

  test('is filtered by words and by node', async () => {
    await open({ hash: '#names' });
    await page.page.keyboard.press('/');
    await page.page.keyboard.type('BILL');
    await expect.poll(() => rowsOf('Global names')).toHaveLength(1);
    await page.filter.fill('');
    await page.page.getByLabel('Node', { exact: true }).selectOption(cluster.nodes[2].id);
    await expect.poll(() => rowsOf('Groups')).toHaveLength(2);
    expect(await rowsOf('Global names')).toEqual([]);
    await page.filter.fill('nobody');
    await page.page.getByText('No name and no group passes the filter.').waitFor();
  });

  test.each([390, 1024])('fits on a screen of %i px', async (width) => {
    await open({ hash: '#names', width, height: 800 });
    await expect.poll(() => rowsOf('Groups')).toHaveLength(2);
    await page.page.getByRole('button', { name: 'Members of checkouts' }).click();
    const overflow = `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.names'))`;
    expect(await page.page.evaluate(overflow)).toBe(0);
    for (const text of ['reports', 'report', 'checkouts']) {
      const box = await page.page.locator('.names').getByText(text, { exact: true }).first().boundingBox();
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
    }
  });
});
