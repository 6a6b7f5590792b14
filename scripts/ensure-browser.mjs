// Finds or installs the browser that `npm test` needs, and says which one it is.
import { spawnSync } from 'node:child_process';
import { ensureBrowser } from './browser.mjs';
import { main } from './ensure.mjs';

await main(() => {
  const browser = ensureBrowser();
  // On Windows it would open a window instead.
  const version = process.platform === 'win32' ? '' : spawnSync(browser, ['--version'], { encoding: 'utf8' }).stdout;
  console.log(version.trim() || browser);
});
