// npm run screenshots: the pictures of both dashboards in docs/images, taken of the running demo. `-- --minutes 1` for a
// first look: the charts have less to show then.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { PseudoTerminal } from '../test/helpers/pseudo-terminal.ts';
import { ensureBrowser } from '../test/setup/browser.ts';
import { screenAsHtml } from './terminal-html.mjs';

const FOLDER = 'docs/images';
const CLI = 'dist/src/cli/main.js';
/** Rates need two snapshots. */
const RATES_MS = 3000;

const WIDE = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.3, colorScheme: 'light' };
const PHONE = { viewport: { width: 400, height: 800 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/** `process`: the kind of the process whose details are open. */
const PAGES = [
  { name: 'web-light', hash: '#processes', look: WIDE },
  { name: 'web-dark', hash: '#charts', look: { ...WIDE, deviceScaleFactor: 1.1, colorScheme: 'dark' } },
  { name: 'web-tree', hash: '#tree', process: 'supervisor', look: { ...WIDE, colorScheme: 'dark' } },
  { name: 'web-log', hash: '#log', look: WIDE, hasStack: true },
  { name: 'web-phone', hash: '#processes', look: { ...PHONE, colorScheme: 'light' } },
  { name: 'web-phone-dark', hash: '#tree', look: { ...PHONE, colorScheme: 'dark' } },
];
const SCREENS = [
  { name: 'terminal', key: '1' },
  { name: 'terminal-nodes', key: '2' },
];

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const demo = spawn(process.execPath, [CLI, 'demo', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
const isRoot = process.getuid?.() === 0;
const args = isRoot ? ['--no-sandbox', '--disable-gpu'] : ['--disable-gpu'];
const browser = await chromium.launch({ executablePath: ensureBrowser(), args });
try {
  const { url, node } = await addressesIn(demo.stdout);
  const terminal = new PseudoTerminal([process.execPath, CLI, 'observe', node], { columns: 110, rows: 30 });
  await terminal.shows('connected');
  // The server records a point every two seconds while it has a viewer.
  await open(url, WIDE);
  console.log(`Waiting ${values.minutes} minutes for the charts to fill ...`);
  await setTimeout(Number(values.minutes) * 60_000);
  for (const page of PAGES) await takePage(url, page);
  for (const { name, key } of SCREENS) {
    terminal.press(key);
    await setTimeout(RATES_MS);
    await takeScreen(terminal.emulator, name);
  }
  terminal.press('q');
  await terminal.ended;
} finally {
  await browser.close();
  if (demo.exitCode === null && demo.kill()) await once(demo, 'exit');
}

/** Of the dashboard, and of a node. */
async function addressesIn(output) {
  let text = '';
  for await (const chunk of output.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += chunk;
    const [, url] = /^Dashboard: (\S+)$/m.exec(text) ?? [];
    const [node] = /\bnodeA@[\w.]+:\d+/.exec(text) ?? [];
    if (url !== undefined && node !== undefined) {
      output.resume();
      return { url, node };
    }
  }
  throw new Error(`the demo ended:\n${text}`);
}

async function open(url, look) {
  const page = await browser.newPage(look);
  await page.goto(url);
  await page.locator('.freshness.is-live').waitFor();
  return page;
}

async function takePage(url, { name, hash, look, process, hasStack = false }) {
  const page = await open(url + hash, look);
  await page.waitForTimeout(RATES_MS);
  if (process !== undefined) await page.locator(`.row:has(.icon-${process})`).nth(1).click();
  if (hasStack) {
    // An open stack would move down with each new entry.
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.log summary').first().click();
    await page.locator('.log pre').evaluateAll(hideFolder, import.meta.dirname.replace(/scripts$/, ''));
  }
  // Between two updates.
  await page.waitForTimeout(900);
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: 'disabled' });
  await page.close();
}

/** In the browser: readers see a usual folder in place of the one that this was built in. */
function hideFolder(stacks, folder) {
  for (const stack of stacks) stack.textContent = stack.textContent.replaceAll(folder, '/srv/shop/node_modules/noex/');
}

async function takeScreen(emulator, name) {
  const page = await browser.newPage({ deviceScaleFactor: 1.5 });
  await page.setContent(screenAsHtml(emulator));
  await page.locator('pre').screenshot({ path: join(FOLDER, `${name}.png`) });
  await page.close();
}
