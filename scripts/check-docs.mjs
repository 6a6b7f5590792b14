// The documentation is true: its TypeScript blocks compile against the built package, its links lead somewhere.
//
// Each ```ts or ```typescript block is a module of its own. What a fragment takes for granted stands before it, unseen
// by the reader:
//
//   <!-- setup:
//   import { GenServer } from 'noex';
//   declare const counter: GenServerRef<number, 'get', 'inc', number>;
//   -->
//
// A module keeps its lines where they are in the page, all others being empty: so the compiler's line is the page's.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { Failure, filesUnder, main, root } from './ensure.mjs';

const SETUP = /^<!-- setup:/;

const pages = filesUnder('.', (path) => path.endsWith('.md')).map((path) => {
  const text = readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n');
  return { path, text, lines: text.split('\n') };
});

await main(() => {
  const modules = pages.flatMap(modulesOf);
  const links = pages.flatMap(linksOf);
  const problems = [...compile(modules), ...links.flatMap(checkLink)];
  if (problems.length > 0) throw new Failure(problems.join('\n'));
  console.log(`${pages.length} pages, ${modules.length} blocks, ${links.length} links`);
});

function modulesOf({ path, lines }) {
  const modules = [];
  let setup = [];
  for (const { kind, from, to } of partsOf(lines)) {
    if (kind === 'setup') setup.push({ from, to });
    else if (kind !== 'text') {
      if (/^(ts|typescript)$/.test(kind)) {
        const isIn = (part, at) => part.from <= at && at < part.to;
        const code = lines.map((line, at) => {
          if (isIn({ from, to }, at)) return line;
          return setup.some((part) => isIn(part, at)) ? line.replace(SETUP, '').replace('-->', '') : '';
        });
        modules.push({ path, line: from, code: [...code, 'export {};', ''].join('\n') });
      }
      setup = [];
    }
  }
  return modules;
}

/** What a page is made of: blocks, set-ups, and the text between them line by line. `to` is the line after the last. */
function* partsOf(lines) {
  for (let at = 0; at < lines.length; at += 1) {
    const [, fence, language] = /^ *(`{3,}|~{3,}) *(\S*)/.exec(lines[at]) ?? [];
    const from = at;
    if (fence !== undefined) {
      do at += 1;
      while (at < lines.length && lines[at].trim() !== fence);
      yield { kind: language || 'plain', from: from + 1, to: at };
    } else if (SETUP.test(lines[at])) {
      while (at < lines.length && !lines[at].includes('-->')) at += 1;
      yield { kind: 'setup', from, to: at + 1 };
    } else {
      yield { kind: 'text', from, to: at + 1 };
    }
  }
}

function compile(modules) {
  const folder = join(root, '.tmp', 'docs');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Inside the package, so that 'noex' is the package itself, by its own exports: what a reader would get.
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
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
    }),
  );
  const pageOf = new Map();
  for (const [index, { path, line, code }] of modules.entries()) {
    const file = `${index}-${path.replaceAll('/', '-')}-${line}.ts`;
    pageOf.set(file, path);
    writeFileSync(join(folder, file), code);
  }
  if (modules.length === 0) return [];
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status === 0) return [];
  return [
    stdout.replaceAll(
      /^([^\s(]+)\((\d+),(\d+)\)/gm,
      (_all, file, line, column) => `${pageOf.get(file) ?? file}:${line}:${column}`,
    ),
  ];
}

function linksOf({ path, lines }) {
  const found = [];
  for (const { kind, from } of partsOf(lines)) {
    if (kind !== 'text') continue;
    const text = lines[from].replaceAll(/`[^`]*`/g, '');
    const targets = [...text.matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)/g), ...text.matchAll(/^ *\[[^\]]+\]: *(\S+)/g)];
    for (const [, target] of targets) {
      if (!/^([a-z][a-z+.-]*:|\/\/)/i.test(target)) found.push({ path, line: from + 1, target });
    }
  }
  return found;
}

function checkLink({ path, line, target }) {
  const [file, anchor] = target.split('#');
  const linked = file === '' ? path : posix.normalize(posix.join(dirname(path), decodeURI(file)));
  const complaint = `${path}:${line}: the link ${target} leads nowhere`;
  if (linked.startsWith('..') || !existsSync(join(root, linked))) return [complaint];
  if (!anchor || !linked.endsWith('.md')) return [];
  return anchorsOf(linked).includes(anchor) ? [] : [`${complaint}: ${linked} has no such heading`];
}

/** The headings of a page as they appear in a link to it. */
function anchorsOf(path) {
  const page = pages.find((one) => one.path === path);
  const seen = new Map();
  return [...partsOf(page?.lines ?? [])].flatMap(({ kind, from }) => {
    const [, heading] = (kind === 'text' && /^#{1,6} +(.*?) *#*$/.exec(page.lines[from])) || [];
    if (heading === undefined) return [];
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return [times === 0 ? slug : `${slug}-${times}`];
  });
}
