// Installs what the lock files of the given folders ask for (without one: of the root), unless that is installed. On
// Node's own modules only: nothing else may be there yet.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Compared with the lock file as it was at the last installation. */
const INSTALLED_LOCK = join('node_modules', '.installed-lock.json');
// The lock file stays as it is (not `npm ci`, which fails where a registry lacks an optional package for another
// platform); the compiler is needed under NODE_ENV=production too; no package here needs a script of its own.
const FLAGS = ['--no-save', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

const root = resolve(import.meta.dirname, '..');
const folders = process.argv.slice(2);

for (const folder of folders.length > 0 ? folders : ['.']) {
  const cwd = join(root, folder);
  const [wanted, installed] = ['package-lock.json', INSTALLED_LOCK].map((path) => read(join(cwd, path)));
  if (wanted === installed) continue;
  console.error(`Installing ${folder === '.' ? 'noex' : folder} ...`);
  const { status } = spawnSync(`npm install ${FLAGS.join(' ')}`, { cwd, shell: true, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
  copyFileSync(join(cwd, 'package-lock.json'), join(cwd, INSTALLED_LOCK));
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
