// npm run soak: a cluster of real nodes with the workload of the demo, to which things happen all the time, at random, but
// of a seed that is printed. After each, all has to be well again, without any restart.
//
//   npm run soak -- --minutes 30 [--seed 1] [--nodes 5] [--default-settings] [--secured]
//
// Ends with a summary, also when it is interrupted; with exit code 1 as soon as anything is wrong.
import { parseArgs } from 'node:util';
import { AS_THEY_COME, QUICK, secured } from './conditions.js';
import { type Injection, schedule } from './schedule.js';
import { Soak } from './soak.js';
import { Tally } from './tally.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    nodes: { type: 'string', default: '5' },
    'default-settings': { type: 'boolean' },
    secured: { type: 'boolean' },
  },
});
const [minutes, size] = [Number(values.minutes), Number(values.nodes)];
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(minutes > 0) || !Number.isInteger(seed) || !(size >= 3 && size <= 26)) {
  console.error('npm run soak -- [--minutes 5] [--seed N] [--nodes 3 to 26] [--default-settings] [--secured]');
  process.exit(2);
}
const names = Array.from({ length: size }, (_, at) => `node${String.fromCharCode('A'.charCodeAt(0) + at)}`);
const interrupted = new Promise<'interrupted'>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
});
let isInterrupted = false;
void interrupted.then(() => {
  isInterrupted = true;
});

console.error(`seed ${seed}`);
const settings = values['default-settings'] ? AS_THEY_COME : QUICK;
const conditions = values.secured ? secured(settings) : settings;
const tally = new Tally(seed, names);
const soak = new Soak(names, conditions, tally);
let now: readonly Injection[] = [];
const run = async (): Promise<void> => {
  await soak.start();
  for (const step of schedule(seed, names)) {
    if (isInterrupted || tally.elapsedMs >= minutes * 60_000) break;
    now = step.faults;
    const begun = tally.elapsedMs;
    await soak.step(step);
    console.error(
      `${at(begun)} ${step.faults.map(inWords).join(' + ')}: ${Math.round(tally.elapsedMs - begun)} ms in all`,
    );
  }
  now = [];
  if (!isInterrupted) await soak.stop();
};
const violation = await Promise.race([
  run().then(
    () => undefined,
    (error: Error) => error,
  ),
  interrupted,
]);
// Requests that are still under way fail when the nodes end; that is no violation.
await soak.lab.end();
const isWrong = violation instanceof Error;
if (isWrong)
  console.error(
    `\nVIOLATION, seed ${seed}, ${at(tally.elapsedMs)}, ${now.map(inWords).join(' + ')}\n${violation.stack}\n`,
  );
console.log(tally.summary(size, conditions, isWrong ? 1 : 0));
process.exit(isWrong ? 1 : 0);

function inWords({ kind, node, others, ms }: Injection): string {
  return [kind, node, ...others, `${ms} ms`].join(' ');
}

function at(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
