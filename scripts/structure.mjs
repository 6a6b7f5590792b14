// The structure of the sources: files, lines, longest functions, import cycles, and the files that mention one statistic of
// a process (`npm run structure -- rejected`). Fails when a file or a function is too long, or when imports form a cycle.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 60;
/** One class for each error code: one list to read. */
const MAY_BE_LONG = ['src/errors.ts'];
const SHOWN = 10;

const CRUISER = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';

const [statistic = 'dropped'] = process.argv.slice(2);
const files = ['src', 'streams'].flatMap(sourcesIn);
const functions = files.flatMap(functionsOf);
const cycles = importCycles();
const places = files.filter(({ text }) => new RegExp(`\\b${statistic}\\b`).test(text)).map(({ path }) => path);
const sum = files.reduce((total, { lines }) => total + lines, 0);
console.log(`${files.length} files, ${sum} lines, ${functions.length} functions, ${cycles.length} import cycles`);
print('Longest files', files);
print('Longest functions, without the functions inside them', functions);
console.log(`\n${statistic}: ${places.length} files\n${places.map((path) => `  ${path}`).join('\n')}`);
const problems = [
  ...tooLong(files, MAX_FILE_LINES).filter((problem) => !MAY_BE_LONG.some((path) => problem.startsWith(path))),
  ...tooLong(functions, MAX_FUNCTION_LINES),
  ...cycles.map((cycle) => `import cycle: ${cycle}`),
];
if (problems.length > 0) {
  console.error(`\n${problems.join('\n')}`);
  process.exitCode = 1;
}

function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((path) => /[.]tsx?$/.test(path))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(path, 'utf8');
      return { path, text, lines: text.split('\n').length - 1 };
    });
}

/** Each function with its own lines: those of functions inside it are counted there. */
function functionsOf({ path, text }) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line;
  const found = [];
  /** Returns how many lines of `node` belong to functions. */
  const visit = (node) => {
    let inner = 0;
    ts.forEachChild(node, (child) => {
      inner += visit(child);
    });
    if (!ts.isFunctionLike(node) || node.body === undefined) return inner;
    const first = lineOf(node.getStart(source));
    const span = lineOf(node.end) - first + 1;
    found.push({ path: `${path}:${first + 1} ${node.name?.getText(source) ?? ''}`.trimEnd(), lines: span - inner });
    return span - 1;
  };
  visit(source);
  return found;
}

function importCycles() {
  const args = [CRUISER, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src', 'streams'];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return JSON.parse(stdout)
    .summary.violations.filter(({ cycle }) => cycle)
    .map(({ from, cycle }) => [from, ...cycle.map(({ name }) => name)].join(' -> '));
}

function print(title, entries) {
  const longest = entries.toSorted((a, b) => b.lines - a.lines).slice(0, SHOWN);
  console.log(`\n${title}\n${longest.map(({ path, lines }) => `${String(lines).padStart(5)}  ${path}`).join('\n')}`);
}

function tooLong(entries, limit) {
  return entries
    .filter(({ lines }) => lines > limit)
    .map(({ path, lines }) => `${path}: ${lines} lines, ${limit} allowed`);
}
