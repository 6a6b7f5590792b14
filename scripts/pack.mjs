// The package as it would be published, in .tmp/noex.tgz, for the checks that look at it from outside.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, main, npm, root } from './ensure.mjs';

await main(() => {
  ensureInstalled(root);
  const tmp = join(root, '.tmp');
  const fresh = join(tmp, `pack.${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  try {
    npm(['pack', '--pack-destination', fresh, '--loglevel=error'], { cwd: root });
    const [name] = readdirSync(fresh);
    renameSync(join(fresh, name), join(tmp, 'noex.tgz'));
    console.log(`${name}, ${Math.round(statSync(join(tmp, 'noex.tgz')).size / 1024)} kB`);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
});
