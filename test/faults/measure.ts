// npm run faults: how long real nodes take to notice things, with the settings as they come, and whether they take a busy
// machine for a dead node. Three nodes, each a Node process, on one machine; and twenty, to see how long they take to link.
//
//   npm run faults                           all of it
//   npm run faults -- kill hang              only these; there are kill, hang, cut, stop30, block10, mesh, load
//   npm run faults -- --runs 5 --minutes 1   fewer runs, and less time under load
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { eventually } from '../helpers/eventually.js';
import { FaultLab } from '../helpers/fault-lab.js';
import { eventsAbout, type FaultNode } from '../helpers/forked-node.js';
import { MESH_SIZE, type MeshStart, trafficOf, withMesh } from './mesh.js';

/** Whatever takes longer has gone wrong, ms. */
const LONGEST_MS = 90_000;
/** For how long a cut lasts once both sides have noticed it, ms. */
const CUT_MS = 5000;

/** Of what takes long, there are no more runs than this. */
const LONG_RUNS = 5;

const MEASURES = { kill, hang, cut, stop30, block10, mesh, load };

type Measure = keyof typeof MEASURES;

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '20' }, minutes: { type: 'string', default: '10' } },
  allowPositionals: true,
});
const runs = Number(values.runs);
const longRuns = Math.min(runs, LONG_RUNS);
const minutes = Number(values.minutes);
const isMeasure = (name: string): name is Measure => Object.hasOwn(MEASURES, name);
const unknown = positionals.filter((name) => !isMeasure(name));
if (unknown.length > 0 || !(runs >= 1) || !(minutes > 0)) {
  console.error(`npm run faults -- [${Object.keys(MEASURES).join('] [')}] [--runs 20] [--minutes 10]`);
  process.exit(2);
}
const chosen = positionals.length === 0 ? Object.keys(MEASURES).filter(isMeasure) : positionals.filter(isMeasure);

console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}`);
const rows: string[] = [];
for (const name of chosen) {
  console.error(`${name} ...`);
  const before = loadavg()[0] ?? 0;
  const lines = await MEASURES[name]();
  rows.push(...lines.map((line) => `${line} | ${before.toFixed(1)} to ${(loadavg()[0] ?? 0).toFixed(1)} |`));
}
console.log('\n| what | runs | median | worst | load of the machine |\n| --- | ---: | ---: | ---: | --- |');
for (const row of rows) console.log(row);

/** Runs something with three nodes that know each other. */
async function withNodes<Result>(body: (lab: FaultLab, nodes: FaultNode[]) => Promise<Result>): Promise<Result> {
  const lab = new FaultLab();
  try {
    const result = await body(lab, [...(await lab.cluster('a', 'b', 'c'))]);
    for (const complaint of lab.complaints()) throw new Error(complaint);
    return result;
  } finally {
    await lab.end();
  }
}

async function kill(): Promise<string[]> {
  const noticed: number[] = [];
  const back: number[] = [];
  await withNodes(async (lab, [a, b, first]) => {
    let c = first as FaultNode;
    const others = [a as FaultNode, b as FaultNode];
    for (let run = 0; run < runs; run += 1) {
      const at = Date.now();
      await c.kill();
      noticed.push(...(await lostAfter(lab, others, c, at)));
      const begun = Date.now();
      c = await lab.start('c', ['a']);
      await lab.agree([...others, c], LONGEST_MS);
      back.push(Date.now() - begun);
    }
  });
  return [row('`kill -9` until it is down', noticed), row('started again until all views agree', back)];
}

async function hang(): Promise<string[]> {
  const noticed: number[] = [];
  const back: number[] = [];
  await withNodes(async (lab, [a, b, c]) => {
    const others = [a as FaultNode, b as FaultNode];
    const hung = c as FaultNode;
    for (let run = 0; run < runs; run += 1) {
      const at = Date.now();
      hung.signal('SIGSTOP');
      noticed.push(...(await lostAfter(lab, others, hung, at)));
      hung.signal('SIGCONT');
      back.push(await lab.agree([...others, hung], LONGEST_MS));
    }
  });
  return [row('`SIGSTOP` until it is down', noticed), row('`SIGCONT` until all views agree', back)];
}

async function cut(): Promise<string[]> {
  const noticed: number[] = [];
  const back: number[] = [];
  await withNodes(async (lab, [a, b, c]) => {
    const others = [a as FaultNode, b as FaultNode];
    const away = c as FaultNode;
    for (let run = 0; run < runs; run += 1) {
      const at = Date.now();
      for (const { name } of others) lab.network.setBoth(name, 'c', { kind: 'hold' });
      noticed.push(...(await lostAfter(lab, others, away, at)));
      await lostAfter(lab, [away], others[0] as FaultNode, at);
      await sleep(CUT_MS);
      lab.network.mend();
      back.push(await lab.agree([...others, away], LONGEST_MS));
    }
  });
  return [row('network cut until it is down', noticed), row('network mended until all views agree', back)];
}

async function stop30(): Promise<string[]> {
  const back: number[] = [];
  await withNodes(async (lab, [a, b, c]) => {
    const others = [a as FaultNode, b as FaultNode];
    const stopped = c as FaultNode;
    for (let run = 0; run < longRuns; run += 1) {
      stopped.signal('SIGSTOP');
      await sleep(30_000);
      stopped.signal('SIGCONT');
      back.push(await lab.agree([...others, stopped], LONGEST_MS));
    }
    wentDown(others, stopped, longRuns);
  });
  return [row('`SIGCONT` after 30 s until all views agree', back)];
}

async function block10(): Promise<string[]> {
  const late: number[] = [];
  const noticed: number[] = [];
  const back: number[] = [];
  await withNodes(async (lab, [a, b, c]) => {
    const others = [a as FaultNode, b as FaultNode];
    const blocked = c as FaultNode;
    for (let run = 0; run < longRuns; run += 1) {
      const at = Date.now();
      const unblocked = blocked.ask('block', 10_000);
      for (const node of others) {
        await eventually(LONGEST_MS, async () =>
          (await node.ask('shown'))?.[blocked.id]?.status === 'timeout' ? undefined : 'it is not late',
        );
        late.push(Date.now() - at);
      }
      noticed.push(...(await lostAfter(lab, others, blocked, at)));
      await unblocked;
      back.push(await lab.agree([...others, blocked], LONGEST_MS));
    }
    wentDown(others, blocked, longRuns);
  });
  return [
    row('event loop blocked until it is shown as late', late),
    row('event loop blocked until it is down', noticed),
    row('no more blocked after 10 s until all views agree', back),
  ];
}

/** Twenty nodes at once; then what they send when all is calm. */
async function mesh(): Promise<string[]> {
  const starts: MeshStart[] = [];
  for (let run = 0; run < longRuns; run += 1) {
    await withMesh({}, LONGEST_MS, async (start) => starts.push(start));
  }
  const plain = await withMesh({}, LONGEST_MS, (_start, nodes) => trafficOf(nodes));
  const secret = { clusterSecret: 'correct horse battery staple' };
  const signed = await withMesh(secret, LONGEST_MS, (_start, nodes) => trafficOf(nodes));
  const traffic = [
    ['without', plain],
    ['with', signed],
  ] as const;
  const sinceFirst = starts.map(({ sinceFirstMs }) => sinceFirstMs);
  const sinceLast = starts.map(({ sinceLastMs }) => sinceLastMs);
  return [
    row(`${MESH_SIZE} nodes started at once until each is linked with each, since the first was started`, sinceFirst),
    row('the same, since the last was ready', sinceLast),
    ...traffic.map(
      ([how, { messagesPerSecond, bytesPerSecond }]) =>
        `| heartbeats that each of ${MESH_SIZE} calm nodes sends, ${how} a secret: ` +
        `${messagesPerSecond.toFixed(1)} messages/s, ${Math.round(bytesPerSecond)} bytes/s | 1 | | `,
    ),
  ];
}

/** Whether anybody is missed while every core has more to do than it can. */
async function load(): Promise<string[]> {
  const burners: ChildProcess[] = [];
  try {
    return await withNodes(async (lab, nodes) => {
      for (let core = 0; core < availableParallelism(); core += 1) {
        burners.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
      }
      const end = Date.now() + minutes * 60_000;
      while (Date.now() < end) {
        for (const node of nodes) await node.ask('cast', 10);
        await sleep(1000);
      }
      for (const burner of burners) burner.kill('SIGKILL');
      await lab.agree(nodes, LONGEST_MS);
      const downs = nodes.flatMap(({ events }) => events.filter(({ type }) => type === 'down'));
      return [`| false \`node_down\` in ${minutes} min with all cores busy: **${downs.length}** | 1 | | `];
    });
  } finally {
    for (const burner of burners) burner.kill('SIGKILL');
  }
}

/** How long after `since` each of these nodes reported the other as down, ms. */
async function lostAfter(lab: FaultLab, nodes: readonly FaultNode[], other: FaultNode, since: number) {
  await lab.lost(nodes, other, LONGEST_MS);
  return nodes.map(({ events }) => {
    const event = events.findLast(({ id, type }) => id === other.id && type === 'down');
    return (event?.at ?? Number.NaN) - since;
  });
}

/** Checks that there was no flapping. */
function wentDown(others: readonly FaultNode[], node: FaultNode, times: number): void {
  for (const other of others) {
    const downs = eventsAbout(other, node).filter((event) => event.startsWith('down'));
    if (downs.length !== times)
      throw new Error(`${other.name} reported ${downs.length} times that ${node.name} is down`);
  }
}

function row(what: string, took: readonly number[]): string {
  const sorted = [...took].sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return `| ${what} | ${took.length} | ${shown(median)} | ${shown(sorted.at(-1) ?? Number.NaN)}`;
}

function shown(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
