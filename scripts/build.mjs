// npm run build: compiles and bundles src and streams into dist, unless dist was made from exactly these sources.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

process.chdir(resolve(import.meta.dirname, '..'));

const STAMP = '.built-from';
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
/** The bundles, each with a vite.config.ts in its folder, and where in dist they go. */
const BUNDLES = { 'src/dashboard/terminal': 'src/dashboard/terminal', 'src/dashboard/web': 'dashboard/web' };

const stamp = hashOf([...SETTINGS, ...filesIn('src'), ...filesIn('streams')]);
if (!isBuilt()) build();

function isBuilt() {
  const path = join('dist', STAMP);
  return existsSync(path) && readFileSync(path, 'utf8') === stamp;
}

function build() {
  execFileSync(process.execPath, ['scripts/install.mjs'], { stdio: 'inherit' });
  console.error('Building ...');
  // Built beside dist, then moved: no reader finds half of a build, nor the output of a source that is gone.
  const next = `dist.${process.pid}`;
  try {
    run('typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', next);
    for (const [folder, place] of Object.entries(BUNDLES)) {
      const outDir = resolve(next, place);
      run(
        'vite/bin/vite.js',
        'build',
        '--config',
        `${folder}/vite.config.ts`,
        '--outDir',
        outDir,
        '--logLevel',
        'warn',
      );
    }
    writeFileSync(join(next, STAMP), stamp);
    rmSync('dist', { recursive: true, force: true });
    renameSync(next, 'dist');
  } catch (error) {
    // ENOTEMPTY: another build of the same sources has ended in between. The compiler has printed its own errors.
    if (error.code !== 'ENOTEMPTY') console.error(error.message);
    if (!isBuilt()) process.exitCode = 1;
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

/** For production, whatever environment this runs in: vite would build for development in tests. */
function run(script, ...args) {
  const env = { ...process.env, NODE_ENV: 'production' };
  execFileSync(process.execPath, [join('node_modules', script), ...args], { env, stdio: ['ignore', 2, 2] });
}

function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths.sort()) hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}
