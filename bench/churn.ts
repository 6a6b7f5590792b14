// npm run churn: a hundred nodes on one simulated clock, of which ten go and ten come every second, for an hour of its time.
//
//   npm run churn -- --minutes 60 --nodes 100 --processes 1000 --seed 1
//
// Every five minutes the coming and going pauses until all views agree. A line then says how long that took, in simulated
// time, and how much memory is held.
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SimulatedClock } from '../dist/src/clock.js';
import { MemoryNetwork } from '../dist/src/cluster/transport/memory-transport.js';
import { seededRandom } from '../test/helpers/seeded-random.js';
import { startCounters, stopAll, touch } from './counter.js';
import { createRuntime, type ProcessRef, type Runtime } from './noex.js';

const FIRST_PORT = 5000;
/** How far time moves at once, ms. */
const STEP_MS = 50;
const CHECK_EVERY_S = 300;
/** All views have to agree within this time, once nothing comes or goes any more, s. */
const AGREE_S = 120;
/** Of the nodes, this share goes and comes every second; of the processes, this. */
const NODES_A_SECOND = 0.1;
const PROCESSES_A_SECOND = 0.01;

interface Node extends Runtime {
  readonly at: number;
  refs: readonly ProcessRef[];
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    nodes: { type: 'string', default: '100' },
    processes: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const [minutes, size, each] = [Number(values.minutes), Number(values.nodes), Number(values.processes)];
const random = seededRandom(Number(values.seed));
const clock = new SimulatedClock();
// 200 ms, from half to one and a half times that, and one message in ten is lost and sent again.
const network = new MemoryNetwork({ clock, random, latencyMs: 200, lossRate: 0.1 });
const living = new Map<number, Node>();
/** What was begun and takes its time. */
const underWay = new Set<Promise<void>>();
let errors = 0;
let restarts = 0;

for (let at = 0; at < size; at += 1) await start(at);
const [reader] = living.values();
if (reader === undefined) throw new Error('no nodes');
let merged = 0;
reader.ClusterObserver.snapshot$.subscribe(({ aggregated }) => {
  merged = aggregated.connectedNodeCount === living.size ? aggregated.totalProcessCount : -1;
});
console.log(`${size} nodes, ${each} processes each, seed ${values.seed}`);
console.log('simulated  agreed after   heap      real time');
const held: number[] = [];
for (let second = 1; second <= 60 * minutes; second += 1) {
  comeAndGo();
  await pass(1000);
  if (second % CHECK_EVERY_S === 0) {
    const agreedAfter = await agree();
    held.push(heldMB());
    const cells = [
      `${second / 60} min`,
      `${agreedAfter} s`,
      `${held.at(-1)?.toFixed(1)} MB`,
      `${process.uptime().toFixed(0)} s`,
    ];
    console.log(cells.map((cell, at) => cell.padEnd([11, 15, 10, 9][at] ?? 0)).join(''));
  }
}
const [middle, end] = [held[Math.floor(held.length / 2) - 1], held.at(-1)];
console.log(`\n${restarts} nodes came and went; ${errors} errors reported`);
if (middle !== undefined && end !== undefined) {
  console.log(`heap ${((100 * (end - middle)) / middle).toFixed(1)} % larger than at half of it`);
}
process.exit();

async function start(at: number): Promise<void> {
  const transport = network.transport();
  const runtime = createRuntime({ transport, clock: transport.clock, onError: () => (errors += 1) });
  const refs = await startCounters(runtime, each);
  // Any of those that live will do.
  const seeds = [...living.keys()].slice(0, 3).map((other) => `node${other}@127.0.0.1:${FIRST_PORT + other}`);
  await runtime.Cluster.start({ nodeName: `node${at}`, port: FIRST_PORT + at, seeds });
  living.set(at, { ...runtime, at, refs });
}

/** One second of it. The reader stays. */
function comeAndGo(): void {
  const candidates = [...living.values()].filter((node) => node !== reader);
  for (let count = 0; count < size * NODES_A_SECOND; count += 1) {
    const node = candidates[Math.floor(random() * candidates.length)];
    if (node === undefined || !living.delete(node.at)) continue;
    restarts += 1;
    underWay.add(replace(node));
  }
  for (const node of living.values()) {
    underWay.add(exchange(node, Math.ceil(each * PROCESSES_A_SECOND)));
  }
}

/** Half of them say goodbye. */
async function replace(node: Node): Promise<void> {
  if (random() < 0.5) network.kill({ host: '127.0.0.1', port: FIRST_PORT + node.at });
  else await node.Cluster.stop();
  await start(node.at);
}

/** Starts so many processes on a node, has each handle a message, and stops as many of the old ones. */
async function exchange(node: Node, count: number): Promise<void> {
  const leaving = node.refs.slice(0, count);
  const fresh = await startCounters(node, count);
  node.refs = [...node.refs.slice(count), ...fresh];
  await touch(node, fresh);
  await stopAll(node, leaving);
}

/** Moves time on, letting promises and event loops keep up. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    clock.advance(STEP_MS);
    await turn();
  }
}

/** How long it takes until all nodes see exactly the living nodes, and the reader every process, s. */
async function agree(): Promise<number> {
  let isSettled = false;
  void Promise.all(underWay).then(() => {
    isSettled = true;
  });
  while (!isSettled) await pass(1000);
  underWay.clear();
  for (let second = 0; second <= AGREE_S; second += 1) {
    const isSeenByAll = [...living.values()].every(({ Cluster }) => {
      const others = Cluster.getNodes().filter(({ status }) => status === 'connected');
      return others.length === living.size - 1;
    });
    const processes = [...living.values()].reduce((sum, { Observer }) => sum + Observer.getProcessCount(), 0);
    if (isSeenByAll && merged === processes) return second;
    await pass(1000);
  }
  throw new Error(`the views do not agree after ${AGREE_S} s`);
}

function heldMB(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
