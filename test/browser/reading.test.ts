import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startTrio, type Trio } from './helpers/cluster.js';
import { DashboardPage, launch } from './helpers/page.js';

let browser: Browser;
let cluster: Trio;
let page: DashboardPage;

beforeAll(async () => {
  browser = await launch();
  cluster = await startTrio({ idle: 5 });
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

test('Esc leaves the filter, with its text and its effect', async () => {
  await open();
  await page.filter.fill('checkout');
  await expect.poll(() => page.rows.count()).toBe(24);
  await page.filter.press('Escape');
  expect(await page.filter.inputValue()).toBe('checkout');
  expect(page.hash).toContain('q=checkout');
  expect(await page.page.evaluate('document.activeElement.getAttribute("role")')).toBe('grid');
});

test('the number of matches is announced when the filter changes, and not with each view', async () => {
  await open();
  const announced = page.page.locator('.filters output');
  await expect.poll(() => page.page.locator('.filters .note').textContent()).toMatch(/ of /);
  expect(await announced.textContent()).toBe('');
  await page.filter.fill('checkout');
  await expect.poll(() => announced.textContent()).toMatch(/^24 of /);
});

test('the active row is named by its process, wherever that stands in the table', async () => {
  await open({ hash: '#processes?q=checkout-1&sort=node' });
  await expect.poll(() => page.column('node')).toEqual(['nodeA', 'nodeB', 'nodeC']);
  await page.grid.focus();
  await page.page.keyboard.press('ArrowDown');
  const active = (): Promise<string | null> => page.grid.getAttribute('aria-activedescendant');
  await expect.poll(active).not.toBeNull();
  const before = await active();
  expect(decodeURIComponent(before ?? '')).toContain('nodeA@');
  await page.header('Node').getByRole('button').click();
  await expect.poll(() => page.column('node')).toEqual(['nodeC', 'nodeB', 'nodeA']);
  expect(await active()).toBe(before);
  expect(await page.page.locator(`[id="${before}"]`).count()).toBe(1);
});

test.each([390, 1024])('at %i px, every tab is within reach, also beside open details', async (width) => {
  await open({ width, height: 800 });
  if (width === 1024) {
    await page.rows.first().click();
    await page.detail.waitFor();
  }
  for (const view of ['tree', 'log', 'charts', 'processes']) {
    const tab = page.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view, exact: false });
    const isOnTop = await page.page.evaluate(`(() => {
      const tab = [...document.querySelectorAll('.tabs a')].find((each) => each.textContent.toLowerCase().startsWith('${view}'));
      const box = tab.getBoundingClientRect();
      const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return tab.contains(hit) && box.right <= innerWidth;
    })()`);
    expect(isOnTop, view).toBe(true);
    await tab.click();
    await expect.poll(() => tab.getAttribute('aria-current')).toBe('page');
  }
});

test('the mark of live data animates nothing that has to be painted', async () => {
  await open();
  const animated = await page.page.evaluate<string[]>(`document.getAnimations()
    .flatMap((animation) => animation.effect.getKeyframes())
    .flatMap((frame) => Object.keys(frame))`);
  const allowed = ['offset', 'computedOffset', 'easing', 'composite', 'transform', 'opacity'];
  expect(animated.filter((field) => !allowed.includes(field))).toEqual([]);
  expect(await page.page.evaluate(`getComputedStyle(document.querySelector('.freshness .mark')).animationName`)).toBe(
    'none',
  );
});
