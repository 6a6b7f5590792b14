// The packed tarball, installed in an empty project elsewhere: it compiles there under the strictest settings, with the
// declarations of its dependencies checked too, and runs. `run.mjs TSC...`: only compiles, with each of these compilers.
import { execFileSync, execSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { checkDeclarations } from './declarations.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'noex-package-'));
const installed = join(project, 'node_modules', 'noex');
const compilers = process.argv.slice(2);
const ownCompiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** Pages whose programs run in the project. */
const PAGES = ['README.md', 'docs/getting-started.md'];
/** Pages whose blocks are one program together. */
const GUIDES = ['processes', 'supervision', 'registry', 'across-nodes', 'names-and-groups', 'failover', 'testing'].map(
  (name) => `docs/guides/${name}.md`,
);

const STRICT = {
  target: 'ES2022',
  lib: ['ES2022'],
  module: 'NodeNext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
  noEmit: true,
};

const NODE_TYPES = { types: ['node'], typeRoots: [join(root, 'node_modules', '@types')] };

try {
  install();
  const files = checkContents();
  const entries = Object.keys(readManifest().exports).filter((entry) => entry !== './package.json');
  const names = entries.map((entry) => entry.replace('.', 'noex'));
  for (const compiler of compilers.length > 0 ? compilers : [ownCompiler]) compileAll(names, compiler);
  const optionTypes = checkDeclarations(declarationsOf(entries), installed, { ...STRICT, ...NODE_TYPES });
  runEntries(names);
  for (const page of PAGES) checkPage(page, programsOf);
  for (const page of GUIDES) checkPage(page, wholeProgramOf);
  await checkClusterPage('docs/getting-started.md');
  console.log(`${files} files, entries ${names.join(', ')}, ${optionTypes} types of options`);
} finally {
  rmSync(project, { recursive: true, force: true });
}

function install() {
  write('package.json', { private: true, type: 'module' });
  const npm = (command, cwd) => execSync(`npm ${command} --loglevel=error`, { cwd, encoding: 'utf8' });
  const tarball = npm(`pack --pack-destination "${project}"`, root).trim().split('\n').at(-1);
  npm(`install --prefer-offline --no-audit --no-fund ./${tarball}`, project);
}

/** What is not needed is not there, and what the source maps point to is. */
function checkContents() {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const isExpected = (path) =>
    /^(package[.]json|[A-Z]+[.]md|LICENSE|(docs[/].*[.](md|png))|(examples[/].*[.](md|ts|json))|((src|streams)[/].*[.]ts)|(dist[/](src|streams)[/].*[.](js|d[.]ts)([.]map)?)|(dist[/]src[/]dashboard[/]terminal[/]licenses[.]md)|(dist[/]dashboard[/]web[/](licenses[.]md|index[.]html|[a-z]+-[^/]+[.](js|css|svg))))$/.test(
      path.slice(installed.length + 1).replaceAll('\\', '/'),
    );
  for (const path of files) {
    if (!isExpected(path)) throw new Error(`${path} should not be in the package`);
    if (!path.endsWith('.map')) continue;
    const { sources } = JSON.parse(readFileSync(path, 'utf8'));
    for (const source of sources) {
      if (!existsSync(resolve(dirname(path), source)))
        throw new Error(`${path} points to ${source}: not in the package`);
    }
  }
  return files.length;
}

function compileAll(names, compiler) {
  compileEntries(names, compiler);
  compileSnippets(compiler);
}

/**
 * The declarations do not need Node's types, but for the dashboard's, which is a part of a Node server. (A browser's only
 * because rxjs names setTimeout.)
 */
function compileEntries(names, compiler) {
  const isServers = (name) => name === 'noex/dashboard';
  const same = `import { ClusterObserver as one } from 'noex';\nimport { ClusterObserver as other } from 'noex/distribution';`;
  const bare = importAll(names.filter((name) => !isServers(name)));
  compile(
    compiler,
    'bare',
    { lib: ['ES2022', 'DOM'], types: [] },
    { 'entries.ts': `${bare}\n${same}\nexport const areSame = one === other;\n` },
  );
  compile(compiler, 'server', NODE_TYPES, { 'entries.ts': `${importAll(names.filter(isServers))}\n` });
}

function importAll(names) {
  const imports = names.map((name, index) => `import * as entry${index} from '${name}';`);
  return [...imports, `export default [${names.map((_name, index) => `entry${index}`).join(', ')}];`].join('\n');
}

function compileSnippets(compiler) {
  const folder = join(root, 'test', 'package', 'snippets');
  const snippets = Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
  compile(compiler, 'snippets', NODE_TYPES, snippets);
}

function compile(compiler, folder, settings, files) {
  write(`${folder}/tsconfig.json`, { compilerOptions: { ...STRICT, ...settings }, include: ['*.ts'] });
  for (const [name, text] of Object.entries(files)) write(`${folder}/${name}`, text);
  execute([compiler, '-p', folder, '--pretty', 'false'], `${folder} does not compile with ${compiler}`);
}

/** Every entry can be imported and required; importing starts nothing that keeps a program alive; both roads lead to one object. */
function runEntries(names) {
  write(
    'run.js',
    `import assert from 'node:assert/strict';
const before = process.getActiveResourcesInfo();
const entries = await Promise.all(${JSON.stringify(names)}.map((name) => import(name)));
await new Promise((done) => setImmediate(done));
const started = process.getActiveResourcesInfo().filter((resource) => !before.includes(resource));
assert.deepEqual(started, [], 'importing starts nothing');
for (const entry of entries) assert.ok(Object.keys(entry).length > 0, 'an entry exports something');
const { ClusterObserver } = await import('noex');
assert.ok(ClusterObserver, 'noex exports ClusterObserver');
assert.equal(ClusterObserver, (await import('noex/distribution')).ClusterObserver, 'both entries share it');
const { nats } = await import('noex/nats');
const { Cluster } = await import('noex');
const engine = nats({ servers: 'nats://127.0.0.1:4222', cluster: 'shop' });
await assert.rejects(Cluster.start({ nodeName: 'a', engine }), { code: 'NOEX_MISSING_PACKAGE' }, 'its client is optional');
const { dashboardHandler } = await import('noex/dashboard');
dashboardHandler().close(); // throws where its page is missing
`,
  );
  execute(['run.js'], 'the installed package does not run');
  write(
    'required.cjs',
    `const assert = require('node:assert/strict');
for (const name of ${JSON.stringify(names)}) assert.ok(Object.keys(require(name)).length > 0, name);
assert.equal(require('noex').ClusterObserver, require('noex/distribution').ClusterObserver);
`,
  );
  execute(['required.cjs'], 'the installed package cannot be required');
  write('idle.js', names.map((name) => `import '${name}';\n`).join(''));
  execute(['idle.js'], 'a program that only imports the package does not end');
}

/** The links and pictures of a page are in the package, and each program that is followed by its output prints that. */
function checkPage(page, programsIn) {
  const text = readFileSync(join(installed, page), 'utf8');
  for (const [, target] of text.matchAll(/\]\(([^)#:]+)[^)]*\)/g)) {
    if (!existsSync(join(installed, dirname(page), target)))
      throw new Error(`${page}: ${target} is not in the package`);
  }
  const programs = programsIn(text);
  if (programs.length === 0) throw new Error(`${page} has no program with its output`);
  for (const [program, expected] of programs) {
    write('page.js', transformSync(program, { loader: 'ts', format: 'esm' }).code);
    const printed = execute(['page.js'], `a program of ${page} does not run`);
    if (printed !== expected) throw new Error(`a program of ${page} printed:\n${printed}instead of:\n${expected}`);
  }
}

/** The program of a node, as two nodes: the first prints what the page says, the second is ended as by Ctrl+C. */
async function checkClusterPage(page) {
  const text = readFileSync(join(installed, page), 'utf8');
  const [program] = [...text.matchAll(/```ts\n([\s\S]*?)```/g)]
    .map(([, block]) => block)
    .filter((block) => block.includes('Cluster.start'));
  const [, output] = [...text.slice(text.indexOf(program)).matchAll(/```text\n([\s\S]*?)```/g)][0];
  write('node.js', transformSync(program, { loader: 'ts', format: 'esm' }).code);
  const [portA, portB] = await freePorts(2);
  const expected = output.trim().replaceAll('4370', portB).split('\n');
  const start = (...args) =>
    spawn(process.execPath, ['node.js', ...args], { cwd: project, stdio: ['ignore', 'pipe', 2] });
  const first = start('nodeA', portA);
  const printed = [];
  let second;
  const timer = setTimeout(() => first.kill('SIGKILL'), 60_000);
  for await (const line of createInterface({ input: first.stdout })) {
    // A line is printed again at each poll.
    if (line !== printed.at(-1)) printed.push(line);
    if (printed.length === 1) second ??= start('nodeB', portB, `nodeA@127.0.0.1:${portA}`);
    if (printed.length === 3) second.kill('SIGINT');
    if (printed.length === expected.length) first.kill('SIGINT');
  }
  clearTimeout(timer);
  second?.kill('SIGKILL');
  if (printed.join('\n') !== expected.join('\n'))
    throw new Error(`the nodes of ${page} printed:\n${printed.join('\n')}`);
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => String(server.address().port));
  for (const server of servers) server.close();
  return ports;
}

/** Each block that is followed by its output is a program. */
function programsOf(text) {
  const blocks = text.matchAll(/```ts\n((?:(?!```)[\s\S])*)```(?:(?!```)[\s\S])*```text\n([\s\S]*?)```/g);
  return [...blocks].map(([, program, expected]) => [program, expected]);
}

function wholeProgramOf(text) {
  const all = (language) =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block]) => block);
  return [[all('ts').join(''), all('text').join('')]];
}

/** The declaration file of each entry, by the name it is imported by. */
function declarationsOf(entries) {
  const { exports } = readManifest();
  return Object.fromEntries(
    entries.map((entry) => [entry.replace('.', 'noex'), join(installed, exports[entry].types)]),
  );
}

function execute(args, complaint) {
  try {
    return execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8', stdio: 'pipe', timeout: 60_000 });
  } catch (error) {
    const { stdout = '', stderr = '', signal } = error;
    throw new Error(`${complaint}:\n${stdout}${stderr}${signal ?? ''}`, { cause: error });
  }
}

function readManifest() {
  return JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
}

function write(path, content) {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), typeof content === 'string' ? content : JSON.stringify(content));
}
