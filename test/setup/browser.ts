import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

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
  const found = chosen || findOnPath() || installOnDebian();
  if (found) return found;
  throw new Error(
    'no browser found for the tests: install Chromium or Chrome (on Debian: apt-get install chromium), or give the path of one: CHROME_PATH=/path/to/chrome npm test',
  );
}

function findOnPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

function installOnDebian(): string | undefined {
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) return undefined;
  console.error('Installing chromium ...');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = 'apt-get update -q && apt-get install -y -q --no-install-recommends chromium';
  execSync(install, { env, stdio: ['ignore', 2, 2] });
  return findOnPath();
}
