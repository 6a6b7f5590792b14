// What `noex observe` looks like, as pictures: node --import tsx scripts/terminal-screenshots.mjs <name@host:port>
// <folder> [minutes]. It watches for so long first, that the charts have something to show.
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { PseudoTerminal } from '../test/helpers/pseudo-terminal.ts';
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt, Failure, main, root, say } from './ensure.mjs';

const SIZE = { columns: 110, rows: 30 };
const SHOTS = [
  { name: 'terminal', keys: '1' },
  { name: 'terminal-nodes', keys: '2' },
];

const FOREGROUND = '#d5d9e0';
const BACKGROUND = '#14171c';
/** The first eight colours of the terminal. */
const PALETTE = ['#14171c', '#f2777a', '#8fce74', '#f0c674', '#7aa6da', '#c397d8', '#70c0ba', '#d5d9e0'];
const STYLE = `
  body { margin: 0; background: ${BACKGROUND} }
  pre { margin: 0; padding: 16px; width: max-content; color: ${FOREGROUND}; font: 13.3px/17px 'DejaVu Sans Mono', monospace }
  /* A glyph that another font had to lend takes one column as well; whole pixels leave no seams. */
  i { display: inline-block; width: 8px; height: 17px; overflow: hidden; vertical-align: top; font-style: normal; text-align: center }
`;

await main(async () => {
  const [address, folder, minutes = '0'] = process.argv.slice(2);
  if (address === undefined || folder === undefined) throw new Failure('An address and a folder are needed.');
  ensureBuilt();
  const cli = join(root, 'dist', 'src', 'cli', 'main.js');
  const terminal = new PseudoTerminal([process.execPath, cli, 'observe', address], SIZE);
  const browser = await chromium.launch({
    executablePath: ensureBrowser(),
    args: process.getuid?.() === 0 ? ['--no-sandbox', '--disable-gpu'] : ['--disable-gpu'],
  });
  try {
    await terminal.shows('connected');
    await later(Number(minutes) * 60_000);
    for (const { name, keys } of SHOTS) {
      terminal.press(keys);
      // Rates need two views.
      await later(3000);
      const path = join(folder, `${name}.png`);
      await take(browser, terminal, path);
      say(path);
    }
    terminal.press('q');
    await terminal.ended;
  } finally {
    terminal.close();
    await browser.close();
  }
});

function later(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function take(browser, terminal, path) {
  const page = await browser.newPage({ deviceScaleFactor: 1.5 });
  await page.setContent(`<style>${STYLE}</style><pre>${htmlOf(terminal)}</pre>`);
  await page.locator('pre').screenshot({ path });
  await page.close();
}

/** The screen as HTML: each character with its style. */
function htmlOf({ emulator }) {
  const { active } = emulator.buffer;
  const lines = Array.from({ length: emulator.rows }, (_, row) => {
    const line = active.getLine(active.baseY + row);
    return Array.from({ length: emulator.cols }, (_, column) => cellOf(line?.getCell(column))).join('');
  });
  return lines.join('\n');
}

function cellOf(cell) {
  if (cell === undefined || cell.getWidth() === 0) return '';
  const colour = cell.isFgDefault() ? FOREGROUND : (PALETTE[cell.getFgColor() % PALETTE.length] ?? FOREGROUND);
  const style = [
    cell.isInverse() ? `color:${BACKGROUND};background:${colour}` : `color:${colour}`,
    cell.isBold() ? 'font-weight:bold' : '',
    cell.isDim() ? 'opacity:0.55' : '',
  ];
  return `<i style="${style.join(';')}">${escaped(cell.getChars() || ' ')}</i>`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
