// npm run fuzz -- [--seed N] [--runs N] [--target name]: input near to what is valid, for all that strangers can reach.
import { parseArgs } from 'node:util';
import { codec } from './codec.js';
import { dashboard, feed } from './dashboard.js';
import { handshake } from './handshake.js';
import { node } from './node.js';
import { log, reports } from './reader.js';
import { Stopwatch } from './stopwatch.js';
import { cases, type Target } from './target.js';
import { worstInputs } from './worst.js';

const TARGETS: readonly Target[] = [codec, handshake, reports, log, node, dashboard, feed];
const RUNS = 100_000;

const { values } = parseArgs({
  options: { seed: { type: 'string' }, runs: { type: 'string' }, target: { type: 'string' } },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(values.runs ?? RUNS);
const chosen = TARGETS.filter(({ name }) => values.target === undefined || values.target === name);
if (!Number.isInteger(seed) || !(runs > 0) || (chosen.length === 0 && values.target !== 'worst')) {
  const names = TARGETS.map(({ name }) => name).join(', ');
  throw new Error(`--seed and --runs are whole numbers, --target one of ${names}, worst`);
}
console.log(`seed ${seed}`);
let total = 0;
const shares = chosen.reduce((sum, { share }) => sum + share, 0);
for (const target of chosen) {
  const numRuns = Math.ceil((runs * target.share) / shares);
  const stopwatch = new Stopwatch();
  await target.run(cases(seed, numRuns), stopwatch.measure);
  total += numRuns;
  const worst = stopwatch.worst();
  const worstCase = worst === undefined ? '' : `  worst ${figure(worst.ms, worst.input)} ${start(worst.input)}`;
  console.log(`${target.name.padEnd(10)} ${String(numRuns).padStart(6)} cases${worstCase}`);
}
if (values.target === undefined || values.target === 'worst') {
  for (const [name, { input, run }] of worstInputs()) {
    const stopwatch = new Stopwatch();
    stopwatch.measure(input, run, true);
    console.log(`${name.padEnd(44)} ${figure(stopwatch.worst()?.ms ?? 0, input)}`);
  }
}
console.log(`${total} cases, seed ${seed}`);
// Servers and simulated nodes of the targets may still have timers.
process.exit(0);

function figure(ms: number, input: string): string {
  return `${ms.toFixed(1).padStart(5)} ms CPU for ${String(input.length).padStart(7)} characters`;
}

function start(input: string): string {
  return JSON.stringify(input.slice(0, 60));
}
