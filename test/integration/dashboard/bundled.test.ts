import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask, Listener } from '../../helpers/dashboard-client.js';
import { freePort, type RealProcess, startProgram } from '../../helpers/node-process.js';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PROGRAM = fileURLToPath(new URL('./fixture/bundled.mjs', import.meta.url));

/** As in docs/dashboard.md. */
const FORMATS: readonly (readonly [name: string, options: BuildOptions])[] = [
  [
    'esm',
    {
      format: 'esm',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    },
  ],
  ['cjs', { format: 'cjs', logOverride: { 'empty-import-meta': 'silent' } }],
];

let folder: string;
let program: RealProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'noex-bundled-'));
});

afterEach(async () => {
  program?.signal('SIGKILL');
  await program?.ended;
  program = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Bundles the program where noex is installed, into a folder where it is not. Returns the path of the bundle. */
async function bundle(options: BuildOptions): Promise<string> {
  const project = join(folder, 'project');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(project, 'node_modules', 'noex'));
  const entry = join(project, 'server.mjs');
  cpSync(PROGRAM, entry);
  const outfile = join(folder, 'deployed', options.format === 'cjs' ? 'server.cjs' : 'server.mjs');
  await build({ entryPoints: [entry], bundle: true, platform: 'node', outfile, logLevel: 'error', ...options });
  rmSync(project, { recursive: true });
  return outfile;
}

describe.each(FORMATS)('a program that esbuild made one %s file of', (_format, options) => {
  test('serves the dashboard from a copy of its files', async () => {
    const file = await bundle(options);
    const assets = join(folder, 'deployed', 'dashboard');
    cpSync(join(ROOT, 'dist', 'dashboard', 'web'), assets, { recursive: true });
    const port = await freePort();
    program = startProgram([file, String(port), assets], folder);
    await program.printed((output) => output.includes(`dashboard at http://127.0.0.1:${port}/`));
    const page = await ask(port, '/');
    expect(page.status).toBe(200);
    const files = [...page.body.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => name);
    expect(files).toHaveLength(3);
    for (const name of files) expect((await ask(port, `/${name}`)).status).toBe(200);
    const browser = await Listener.open(port);
    expect((await browser.got('welcome')).version).toMatch(/^\d/);
    browser.webSocket.terminate();
  });

  test('says what to do without that copy, and leaves the port free', async () => {
    const file = await bundle(options);
    program = startProgram([file, String(await freePort())], folder);
    expect(await program.ended).toBe(0);
    expect(program.output()).toMatch(
      /^DashboardFilesError NOEX_DASHBOARD_FILES: .*not installed where this program runs; .*copy noex\/dist\/dashboard\/web .*option assets to the path of the copy\nthe port is free\n$/,
    );
  });

  test('names the folder that has no such files', async () => {
    const file = await bundle(options);
    program = startProgram([file, String(await freePort()), join(folder, 'nowhere')], folder);
    expect(await program.ended).toBe(0);
    expect(program.output()).toContain(`the folder ${join(folder, 'nowhere')} cannot be read (ENOENT)`);
    expect(program.output()).toContain('the port is free');
  });
});
