// npm test: every check there is, all of them even if one fails. `npm test -- lint unit` runs only those named.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, examples, Failure, main, root, say } from './ensure.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const script = (path) => [process.execPath, path];
const TESTS = /^ *Tests +(.+)$/m;
const LAST_LINE = /(?:^|\n)(.+)\n*$/;

/**
 * `needs`: not before that one has passed. `alone`: nothing else meanwhile, because it measures time or is disturbed by
 * load. `note`: what to print of the output of a check that passed.
 */
const checks = [
  { name: 'build', command: script('scripts/build.mjs') },
  { name: 'lint', command: [bin('biome'), 'ci', '--error-on-warnings', '--colors=off'] },
  { name: 'types', command: [bin('tsc')] },
  { name: 'types:web', command: [bin('tsc'), '-p', 'src/dashboard/web'] },
  { name: 'imports', command: script('scripts/check-imports.mjs'), note: LAST_LINE },
  { name: 'locks', command: script('scripts/check-locks.mjs') },
  { name: 'unused', command: [bin('knip'), '--no-progress'] },
  { name: 'unit', command: [bin('vitest'), 'run', '--project', 'unit'], note: TESTS },
  { name: 'fuzz', command: [...script('scripts/fuzz.mjs'), '--runs', '2000'], note: LAST_LINE },
  { name: 'types:example', command: [bin('tsc'), '-p', 'examples/cluster-observer'], needs: 'build' },
  { name: 'types:mounted', command: [bin('tsc'), '-p', 'examples/dashboard'], needs: 'build' },
  { name: 'docs', command: script('scripts/check-docs.mjs'), needs: 'build', note: LAST_LINE },
  { name: 'pack', command: script('scripts/pack.mjs'), needs: 'build', note: LAST_LINE },
  { name: 'publint', command: [bin('publint'), '.tmp/noex.tgz', '--strict'], needs: 'pack' },
  { name: 'attw', command: [bin('attw'), '.tmp/noex.tgz', '--profile', 'esm-only', '--no-emoji'], needs: 'pack' },
  { name: 'package', command: script('test/package/run.mjs'), needs: 'pack', note: LAST_LINE },
  {
    name: 'integration',
    command: [bin('vitest'), 'run', '--project', 'integration'],
    needs: 'build',
    alone: true,
    note: TESTS,
  },
  { name: 'faults', command: [bin('vitest'), 'run', '--project', 'faults'], needs: 'build', alone: true, note: TESTS },
  { name: 'chromium', command: script('scripts/ensure-browser.mjs'), note: LAST_LINE },
  { name: 'browser', command: script('scripts/test-browser.mjs'), needs: 'chromium', alone: true, note: TESTS },
];

const AT_ONCE = 2;
const LONGEST_MS = 6 * 60_000;

const running = new Set();

await main(async () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      for (const child of running) endGroup(child);
      process.kill(process.pid, signal);
    });
  }
  const chosen = choose(process.argv.slice(2));
  const verdicts = new Map();
  try {
    ensureInstalled(root);
    for (const example of examples) ensureInstalled(example);
    await runAll(chosen, verdicts);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
  }
  const passed = [...verdicts.values()].filter(Boolean).length;
  console.log(`\n${passed} passed, ${chosen.length - passed} failed`);
  return passed === chosen.length ? 0 : 1;
});

function choose(names) {
  if (names.length === 0) return checks;
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    throw new Failure(`No such check: ${unknown.join(', ')}. There are: ${checks.map(({ name }) => name).join(', ')}.`);
  }
  const needed = new Set(names);
  // Needs stand before what needs them: from the end backwards, one pass finds them all.
  for (const { name, needs } of checks.toReversed()) if (needed.has(name) && needs) needed.add(needs);
  return checks.filter(({ name }) => needed.has(name));
}

/** Two at a time, in the order of the list; then one by one those that want to be alone. */
async function runAll(chosen, verdicts) {
  const waiting = new Set(chosen.filter(({ alone }) => !alone));
  const active = new Set();
  while (waiting.size > 0 || active.size > 0) {
    for (const check of waiting) {
      if (active.size === AT_ONCE) break;
      if (check.needs !== undefined && !verdicts.has(check.needs)) continue;
      waiting.delete(check);
      const done = runOne(check, verdicts).then(() => active.delete(done));
      active.add(done);
    }
    await Promise.race(active);
  }
  for (const check of chosen.filter(({ alone }) => alone)) await runOne(check, verdicts);
}

async function runOne({ name, command, needs, note }, verdicts) {
  const startedAt = performance.now();
  const isBlocked = needs !== undefined && !verdicts.get(needs);
  const { passed, output } = isBlocked
    ? { passed: false, output: `not run: ${needs} failed\n` }
    : await execute(command);
  verdicts.set(name, passed);
  const seconds = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  const figures = passed ? note?.exec(output)?.[1].trim() : undefined;
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${seconds.padStart(8)}  ${name}${figures ? ` (${figures})` : ''}`);
  if (!passed) console.log(output);
}

/** Runs a command in a process group of its own; when it ends, whatever it left of that group ends with it. */
function execute([command, ...args]) {
  const { FORCE_COLOR, ...env } = process.env;
  const isWindows = process.platform === 'win32';
  const child = spawn(command, args, {
    cwd: root,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !isWindows,
    shell: isWindows,
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const timer = setTimeout(() => {
    output += `\nended after ${LONGEST_MS / 1000} s\n`;
    endGroup(child);
  }, LONGEST_MS);
  child.once('exit', () => endGroup(child));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ passed: code === 0, output });
    });
  });
}

function endGroup(child) {
  if (process.platform === 'win32') {
    child.kill();
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}
