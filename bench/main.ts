// npm run bench: every load in a Node process of its own, one after another, and one table of them all.
//
//   npm run bench                        all of it
//   npm run bench -- cast snapshot      only these
//   npm run bench -- --json             one JSON line a row
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { loads } from './loads.js';
import { machine } from './machine.js';
import type { Row } from './row.js';
import { asJson, type Section, table } from './table.js';

/** A load that takes longer has gone wrong. */
const LONGEST_MS = 180_000;

type Load = (typeof loads)[number];

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const chosen = choose(positionals);
const sections: Section[] = [];
for (const load of chosen) {
  const begun = performance.now();
  process.stderr.write(`${load.name} ...`);
  const section = await runLoad(load);
  process.stderr.write(` ${((performance.now() - begun) / 1000).toFixed(1)} s ${section.failure ?? ''}\n`);
  sections.push(section);
  if (values.json) for (const row of section.rows) console.log(JSON.stringify(asJson(load.name, row)));
}
if (!values.json) console.log(`\n${machine()}\n\n${table(sections)}`);
process.exitCode = sections.every(({ failure }) => failure === undefined) ? 0 : 1;

function choose(names: readonly string[]): readonly Load[] {
  const unknown = names.filter((name) => !loads.some((load) => load.name === name));
  if (unknown.length > 0) {
    console.error(`No such load: ${unknown.join(', ')}. There are: ${loads.map(({ name }) => name).join(', ')}.`);
    process.exit(2);
  }
  return names.length === 0 ? loads : loads.filter(({ name }) => names.includes(name));
}

function runLoad({ name, title }: Load): Promise<Section> {
  const child = fork(new URL('./child.ts', import.meta.url), [name], {
    execArgv: [...process.execArgv, '--expose-gc'],
    // Its own output is not the table's.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const rows: Row[] = [];
  child.on('message', (row) => rows.push(row as Row));
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve({ title, rows, ...(code !== 0 && { failure: `${name} ended with ${code ?? signal}` }) });
    });
  });
}
