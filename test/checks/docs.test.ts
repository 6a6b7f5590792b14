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

function modulesOf(path: string): readonly { readonly file: string; readonly code: string }[] {
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n');
  const modules: { file: string; code: string }[] = [];
  const code = lines.map(() => '');
  const isGuide = path.includes('guides');
  for (const node of fromMarkdown(text).children) {
    const { start = { line: 0 }, end = { line: 0 } } = node.position ?? {};
    if (node.type === 'html' && node.value.startsWith('<!-- setup:')) {
      for (let line = start.line; line < end.line - 1; line += 1) code[line] = lines[line] ?? '';
    }
    if (node.type !== 'code') continue;
    if (node.lang === 'ts' || node.lang === 'typescript') {
      for (const [at, line] of node.value.split('\n').entries()) code[start.line + at] = line;
      if (isGuide) continue;
      modules.push({
        file: `${path.replaceAll(/[/\\]/g, '-')}-${start.line}.ts`,
        code: [...code, 'export {};', ''].join('\n'),
      });
    }
    if (!isGuide) code.fill('');
  }
  if (isGuide) modules.push({ file: `${path.replaceAll(/[/\\]/g, '-')}.ts`, code: code.join('\n') });
  return modules;
}
