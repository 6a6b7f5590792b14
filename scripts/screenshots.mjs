// npm run screenshots: what both dashboards look like, from the demo as it runs, into docs/images.
// `-- --minutes 1` for a first look: the charts have less to show then.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt, ensureInstalled, Failure, main, root, say } from './ensure.mjs';

const FOLDER = join(root, 'docs', 'images');
const MAX_KB = 300;
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const WIDE = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.3 };
const PHONE = { viewport: { width: 400, height: 800 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/** `process`: the name of the one whose details are open. */
const SHOTS = [
  { name: 'web-light', hash: '#processes', look: { ...WIDE, colorScheme: 'light' } },
  { name: 'web-dark', hash: '#charts', look: { ...WIDE, deviceScaleFactor: 1.1, colorScheme: 'dark' } },
  { name: 'web-tree', hash: '#tree', process: 'supervisor', look: { ...WIDE, colorScheme: 'dark' } },
  { name: 'web-log', hash: '#log', look: { ...WIDE, colorScheme: 'light' }, hasStack: true },
  { name: 'web-phone', hash: '#processes', look: { ...PHONE, colorScheme: 'light' } },
  { name: 'web-phone-dark', hash: '#tree', look: { ...PHONE, colorScheme: 'dark' } },
];

await main(async () => {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
  ensureInstalled(root);
  const executablePath = ensureBrowser();
  ensureBuilt();
  mkdirSync(FOLDER, { recursive: true });
  const demo = spawn(process.execPath, [join(root, 'dist', 'src', 'cli', 'main.js'), 'demo', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const browser = await chromium.launch({
    executablePath,
    args: process.getuid?.() === 0 ? ['--no-sandbox', ...FLAGS] : FLAGS,
  });
  try {
    const { url, node } = await addressesIn(demo);
    const terminal = watchInTerminal(node, values.minutes);
    // With a viewer, the server records a point every two seconds.
    const watcher = await open(browser, url, WIDE);
    say(`Waiting ${values.minutes} minutes for the charts to fill ...`);
    await watcher.waitForTimeout(Number(values.minutes) * 60_000);
    const sizes = [];
    for (const shot of SHOTS) sizes.push(await take(browser, url, shot));
    await terminal;
    if (Math.max(...sizes) > MAX_KB) throw new Failure(`A picture is larger than ${MAX_KB} kB.`);
  } finally {
    await browser.close();
    if (demo.exitCode === null) {
      demo.kill();
      await once(demo, 'exit');
    }
  }
});

/** Pictures of the terminal dashboard, which watches for as long. */
async function watchInTerminal(node, minutes) {
  const script = join(root, 'scripts', 'terminal-screenshots.mjs');
  const args = ['--import', 'tsx', script, node, FOLDER, minutes];
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit');
  if (code !== 0) throw new Failure('There are no pictures of the terminal.');
}

/** Of the dashboard, and of a node. */
function addressesIn(demo) {
  let output = '';
  return new Promise((resolve, reject) => {
    demo.once('exit', () => reject(new Failure(`The demo ended:\n${output}`)));
    demo.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      const [, url] = /^Dashboard: (\S+)$/m.exec(output) ?? [];
      const [node] = /\bnodeA@[\w.]+:\d+/.exec(output) ?? [];
      if (url !== undefined && node !== undefined) resolve({ url, node });
    });
  });
}

async function open(browser, url, look) {
  const page = await browser.newPage(look);
  await page.goto(url);
  await page.locator('.freshness.is-live').waitFor();
  return page;
}

async function take(browser, url, { name, hash, look, process, hasStack = false }) {
  const page = await open(browser, url + hash, look);
  // Rates need two views.
  await page.waitForTimeout(3000);
  if (process !== undefined) await page.locator(`.row:has(.icon-${process})`).nth(1).click();
  if (hasStack) {
    // What is opened would move down with everything that happens.
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.log summary').first().click();
    // Where this was built is of no interest.
    await page.locator('.log pre').evaluateAll((stacks, folder) => {
      for (const stack of stacks)
        stack.textContent = stack.textContent.replaceAll(folder, '/srv/shop/node_modules/noex');
    }, root);
  }
  // Not in the middle of a beat.
  await page.waitForTimeout(900);
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  const kB = statSync(path).size / 1024;
  say(`${path} ${kB.toFixed(0)} kB`);
  await page.close();
  return kB;
}
