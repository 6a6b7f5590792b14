// A browser for the tests and the screenshots: an installed Chrome or Chromium, or Debian's, installed here and now.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure, run, say } from './ensure.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** Returns the path of its program. */
export function ensureBrowser() {
  const found = findBrowser();
  if (found !== undefined) return found;
  if (isDebian() && process.getuid?.() === 0) {
    say('Installing chromium ...');
    const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    run('apt-get', ['update', '-q'], options);
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], options);
    const installed = findBrowser();
    if (installed !== undefined) return installed;
  }
  throw new Failure(
    'There is no browser for the tests. Install Chrome or Chromium (on Debian: apt-get install chromium), or say where it is: CHROME_PATH=/path/to/chrome npm test',
  );
}

function findBrowser() {
  const chosen = process.env.CHROME_PATH;
  if (chosen) {
    if (!isProgram(chosen)) throw new Failure(`CHROME_PATH is ${chosen}: that is no program.`);
    return chosen;
  }
  return [...onPath(), ...usualPlaces()].find(isProgram);
}

function onPath() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const names = process.platform === 'win32' ? ['chrome.exe', 'chromium.exe'] : NAMES;
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

function usualPlaces() {
  const { HOME = '', LOCALAPPDATA, PROGRAMFILES, 'PROGRAMFILES(X86)': PROGRAMFILES_X86 } = process.env;
  switch (process.platform) {
    case 'darwin':
      return ['Google Chrome', 'Chromium'].flatMap((name) =>
        ['/Applications', join(HOME, 'Applications')].map((folder) =>
          join(folder, `${name}.app/Contents/MacOS/${name}`),
        ),
      );
    case 'win32':
      return [PROGRAMFILES, PROGRAMFILES_X86, LOCALAPPDATA]
        .filter(Boolean)
        .flatMap((folder) => [
          join(folder, 'Google/Chrome/Application/chrome.exe'),
          join(folder, 'Chromium/Application/chrome.exe'),
        ]);
    default:
      return ['/opt/google/chrome/chrome'];
  }
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isDebian() {
  return existsSync('/etc/debian_version') && spawnSync('apt-get', ['--version']).status === 0;
}
