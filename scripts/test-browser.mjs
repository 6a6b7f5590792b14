// The tests in a real browser, against a real cluster: `npm run browser`, or a part of `npm test`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBrowser } from './browser.mjs';
import { ensureBuilt, ensureInstalled, main, root } from './ensure.mjs';

await main(() => {
  ensureInstalled(root);
  const browser = ensureBrowser();
  ensureBuilt();
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status, error } = spawnSync(
    process.execPath,
    [vitest, 'run', '--project', 'browser', ...process.argv.slice(2)],
    { cwd: root, stdio: 'inherit', env: { ...process.env, CHROME_PATH: browser } },
  );
  if (error) throw error;
  return status ?? 1;
});
