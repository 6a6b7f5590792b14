import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

/** A real one, without a window. */
export function launch(): Promise<Browser> {
  const executablePath = process.env['CHROME_PATH'];
  if (executablePath === undefined) throw new Error('Run these tests by: npm run browser');
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath,
    args: [
      ...(isRoot ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

interface Look {
  readonly hash?: string;
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
}

/** The dashboard in a browser, as those see it who use it. */
export class DashboardPage {
  readonly page: Page;
  /** What the browser complained of. */
  readonly complaints: readonly string[];

  private constructor(page: Page, complaints: readonly string[]) {
    this.page = page;
    this.complaints = complaints;
  }

  static async open(browser: Browser, url: string, look: Look = {}): Promise<DashboardPage> {
    const { hash = '', width = 1440, height = 900, theme = 'light' } = look;
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
    await page.goto(url + hash);
    const dashboard = new DashboardPage(page, complaints);
    await dashboard.isLive();
    return dashboard;
  }

  async isLive(): Promise<void> {
    await this.page.locator('.freshness.is-live').waitFor();
  }

  get grid(): Locator {
    return this.page.getByRole('grid', { name: 'Processes' });
  }

  /** Those in the page, without the head. */
  get rows(): Locator {
    return this.grid.locator('.rows > [role=row]');
  }

  get tree(): Locator {
    return this.page.getByRole('tree');
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  get detail(): Locator {
    return this.page.getByRole('complementary');
  }

  get filter(): Locator {
    return this.page.getByRole('searchbox');
  }

  header(name: string): Locator {
    return this.grid.getByRole('columnheader', { name });
  }

  treeItem(name: string): Locator {
    return this.tree.getByRole('treeitem').filter({ has: this.page.getByText(name, { exact: true }) });
  }

  /** A figure of the head. */
  figure(name: string): Locator {
    return this.page.locator('.figure', { has: this.page.getByText(name, { exact: true }) }).locator('dd');
  }

  /** The card of a node. */
  node(name: string): Locator {
    return this.page.getByRole('region', { name: 'Nodes' }).getByRole('button', { name });
  }

  /** What stands in a column, as far as it is in the page, from above. All at one moment. */
  column(name: string): Promise<readonly string[]> {
    const selector = name === 'name' ? '.label' : `.cell.is-${name}`;
    return this.page.evaluate<string[]>(`[...document.querySelectorAll('.grid .rows > .row')]
      .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
      .map((row) => row.querySelector('${selector}').textContent)`);
  }

  /** The part of the address after the `#`. */
  get hash(): string {
    return new URL(this.page.url()).hash;
  }

  async close(): Promise<void> {
    await this.page.close();
  }
}
