import { existsSync } from 'node:fs';
import { findProgram } from './find-program.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** The tests read the path of the browser from the environment. */
export function setup(): void {
  process.env['CHROME_PATH'] = ensureBrowser();
}

/**
 * A browser for the tests and the screenshots: CHROME_PATH, or a Chrome or Chromium on the path, or Debian's Chromium,
 * which is installed here where that is possible.
 */
export function ensureBrowser(): string {
  const chosen = process.env['CHROME_PATH'];
  if (chosen && !existsSync(chosen)) throw new Error(`CHROME_PATH: there is no file ${chosen}`);
  const found = chosen || findProgram(NAMES, 'chromium');
  if (found) return found;
  throw new Error(
    'no browser found for the tests: install Chromium or Chrome (on Debian: apt-get install chromium), or give the path of one: CHROME_PATH=/path/to/chrome npm test',
  );
}
