import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { expect, test } from 'vitest';

// Each TypeScript block is a module of its own. What a fragment takes for granted stands before it, hidden from readers:
//
//   <!-- setup:
//   import { GenServer } from 'noex';
//   declare const counter: GenServerRef<number, 'get', 'inc', number>;
//   -->
//
// The blocks of a guide (docs/guides) are one module together.
//
// A module keeps its lines where they are in the page, and all others empty, so that an error names the line of the page.

/** Inside the package, so that 'noex' is the package itself through its own exports. */
const FOLDER = '.tmp/docs';
const SETTINGS = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    module: 'NodeNext',
    moduleResolution: 'NodeNext',
    noUnusedLocals: false,
    noUnusedParameters: false,
    noPropertyAccessFromIndexSignature: false,
  },
  include: ['*.ts'],
  exclude: [],
};

test('every TypeScript block of the documentation compiles', () => {
  const modules = pages().flatMap(modulesOf);
  expect(modules.length).toBeGreaterThan(40);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(SETTINGS));
  for (const { file, code } of modules) writeFileSync(join(FOLDER, file), code);
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', FOLDER, '--pretty', 'false'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stdout);
});

function pages(): readonly string[] {
  const guides = readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((path) => join('docs', path));
  const readmes = readdirSync('examples').map((name) => join('examples', name, 'README.md'));
  return [...readdirSync('.'), ...guides, ...readmes].filter((path) => path.endsWith('.md'));
}

type DocModule = { readonly file: string; readonly code: string };

function modulesOf(path: string): readonly DocModule[] {
  const text = readFileSync(path, 'utf8');
  const isGuide = path.includes('guides');
  const code = text.split('\n').map(() => '');
  const modules: DocModule[] = [];
  const end = (line: number): void => {
    const file = `${path.replaceAll(/[/\\]/g, '-')}-${line}.ts`;
    modules.push({ file, code: [...code, 'export {};', ''].join('\n') });
  };
  const put = (line: number, texts: readonly string[]): void => void code.splice(line, texts.length, ...texts);
  for (const node of fromMarkdown(text).children) {
    const line = node.position?.start.line ?? 0;
    if (node.type === 'html' && node.value.startsWith('<!-- setup:')) put(line, node.value.split('\n').slice(1, -1));
    if (node.type !== 'code') continue;
    const isTypeScript = node.lang === 'ts' || node.lang === 'typescript';
    if (isTypeScript) put(line, node.value.split('\n'));
    if (isGuide) continue;
    if (isTypeScript) end(line);
    code.fill('');
  }
  if (isGuide) end(0);
  return modules;
}
