// What has to be there before anything else can run: installed dependencies and an up-to-date dist/.
// On Node's own modules only: these functions are what installs the others.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Programs that use noex as others do. */
export const examples = ['cluster-observer', 'dashboard'].map((name) => join(root, 'examples', name));

const dist = join(root, 'dist');
const stampFile = join(dist, '.built-from');

/** What vite makes one bundle of, each by the vite.config.ts in it, and where in dist it is put. */
const bundles = { 'src/dashboard/terminal': 'src/dashboard/terminal', 'src/dashboard/web': 'dashboard/web' };

/** An error that its message explains in full. */
export class Failure extends Error {}

/** Installs what the lock file of `dir` asks for, unless exactly that is installed. */
export function ensureInstalled(dir) {
  if (isInstalled(dir)) return;
  say(`Installing ${relative(root, dir) || 'noex'} ...`);
  // --no-save: the lock file decides and stays as it is. (Not `npm ci`: it gives up when a registry lacks an optional
  // package made for another platform.) --include=dev: the compiler is needed even under NODE_ENV=production.
  // --ignore-scripts: nothing here needs one, and the example's own would come back to this file.
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  npm(['install', '--no-save', '--include=dev', '--ignore-scripts', ...quiet], { cwd: dir });
}

/** Compiles and bundles src and streams into dist, unless dist was made from exactly these sources. */
export function ensureBuilt() {
  const stamp = hashOfSources();
  if (isBuiltFrom(stamp)) return;
  say('Building ...');
  // Built beside dist and then moved: no reader ever sees half of a build, or the output of a source that is gone.
  const next = `${dist}.${process.pid}`;
  try {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', next]);
    for (const [dir, place] of Object.entries(bundles)) bundle(dir, join(next, place));
    writeFileSync(join(next, '.built-from'), stamp);
    rmSync(dist, { recursive: true, force: true });
    renameSync(next, dist);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' || !isBuiltFrom(stamp)) throw error; // another build was faster
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

/** Runs npm: the very one that started this script, if one did. */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return run(process.execPath, [cli, ...args], options);
  return run('npm', args, { shell: process.platform === 'win32', ...options });
}

/** Runs a command to its end, its output on stderr; throws when it fails. */
export function run(command, args, options) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (error) throw error;
  if (status !== 0) throw new Failure(`Failed (${signal ?? `exit code ${status}`}): ${[command, ...args].join(' ')}`);
}

/** The files under `dir`, sorted, as paths relative to the root; what is hidden or installed is not among them. */
export function filesUnder(dir, isWanted = () => true) {
  if (!existsSync(join(root, dir))) return [];
  return readdirSync(join(root, dir), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .flatMap((entry) => {
      const path = dir === '.' ? entry.name : `${dir}/${entry.name}`;
      if (entry.isDirectory()) return filesUnder(path, isWanted);
      return entry.isFile() && isWanted(path) ? [path] : [];
    })
    .sort();
}

/** Runs the body of a script; it returns the exit code, or nothing for 0. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    say(error instanceof Failure ? error.message : error.stack);
    process.exitCode = 1;
  }
}

export function say(line) {
  process.stderr.write(`${line}\n`);
}

function bundle(dir, outDir) {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  run(process.execPath, [vite, 'build', '--config', `${dir}/vite.config.ts`, '--outDir', outDir, '--logLevel', 'warn']);
}

/** npm notes in node_modules what it put there, in the form of the lock file. */
function isInstalled(dir) {
  const wanted = packagesOf(join(dir, 'package-lock.json'));
  const installed = packagesOf(join(dir, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || installed === undefined) return false;
  const isSame = (path) => {
    const want = wanted[path];
    const have = installed[path];
    // An optional package that is not there was made for another platform.
    if (have === undefined) return want.optional === true || want.devOptional === true;
    if (want === undefined) return have.optional === true;
    return want.version === have.version;
  };
  return [...Object.keys(wanted), ...Object.keys(installed)]
    .filter((path) => path.startsWith('node_modules/'))
    .every(isSame);
}

function packagesOf(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : undefined;
}

function isBuiltFrom(stamp) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
}

function hashOfSources() {
  const hash = createHash('sha256');
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  for (const path of [...filesUnder('src'), ...filesUnder('streams'), ...settings]) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}
