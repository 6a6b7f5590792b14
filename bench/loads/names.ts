import { MemoryNetwork } from '../../dist/src/cluster/transport/memory-transport.js';
import { linked } from '../linked.js';
import { alone, duration, median, rate } from '../measure.js';
import { createRuntime, type GenServerRef, type Runtime, systemClock } from '../noex.js';
import type { Row } from '../row.js';

const SIZES = [3, 30, 100] as const;
const FIRST_PORT = 5000;
/** Names of which the memory is measured, and which come again together. */
const MANY = 1000;
const LOOKUPS = 10_000;

const idle = { init: () => null, handleCall: () => [null, null] as const };

/** Global names in clusters of nodes that share a Node.js process and a network in memory: no row includes sockets. */
export async function* run(): AsyncGenerator<Row> {
  for (const size of SIZES) {
    const nodes = await cluster(size);
    yield* namesIn(nodes, size);
    await Promise.all(nodes.map(({ shutdown }) => shutdown()));
  }
}

async function cluster(size: number): Promise<readonly Runtime[]> {
  const network = new MemoryNetwork({ clock: systemClock });
  const nodes: Runtime[] = [];
  for (let at = 0; at < size; at += 1) {
    const transport = network.transport();
    const node = createRuntime({ transport, clock: transport.clock, observer: false });
    const seeds = at === 0 ? [] : [`node0@127.0.0.1:${FIRST_PORT}`];
    await node.Cluster.start({ nodeName: `node${at}`, port: FIRST_PORT + at, seeds });
    nodes.push(node);
  }
  await Promise.all(nodes.map((node) => linked(node.Cluster, size - 1)));
  return nodes;
}

async function* namesIn(nodes: readonly Runtime[], size: number): AsyncGenerator<Row> {
  const [node, other] = nodes;
  if (node === undefined || other === undefined) return;
  const { GenServer, GlobalRegistry } = node;
  const ref = await GenServer.start(idle);
  const registering = duration(
    20,
    () => GlobalRegistry.register('one', ref),
    () => GlobalRegistry.unregister('one'),
  );
  yield { what: `${size} nodes: registration of a name`, unit: 'ms', noex: await alone(registering) };
  await GlobalRegistry.register('found', ref);
  const looking = rate(LOOKUPS, () => {
    for (let i = 0; i < LOOKUPS; i += 1) other.GlobalRegistry.whereis('found');
  });
  yield { what: `${size} nodes: lookup on another node`, unit: 'per second', noex: await alone(looking) };
  yield await restarted(nodes, size);
}

/** All processes with names end, and come again with their names. */
async function restarted(nodes: readonly Runtime[], size: number): Promise<Row> {
  const names = Array.from({ length: MANY }, (_, at) => `process number ${at}`);
  const startAll = (): Promise<readonly GenServerRef[]> =>
    Promise.all(
      names.map((name, at) => (nodes[at % size] as Runtime).GenServer.start(idle, { name, registration: 'global' })),
    );
  const all = async (isThere: boolean): Promise<void> => {
    const wanted = isThere ? MANY : 0;
    const count = ({ GlobalRegistry }: Runtime): number =>
      names.filter((name) => GlobalRegistry.isRegistered(name)).length;
    while (nodes.some((node) => count(node) !== wanted)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const before = heapBytes();
  let refs = await startAll();
  await all(true);
  const bytes = (heapBytes() - before) / MANY / size;
  const perSecond: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    for (const [at, ref] of refs.entries()) (nodes[at % size] as Runtime).GenServer.kill(ref);
    await all(false);
    const begun = performance.now();
    refs = await startAll();
    perSecond.push((1000 * MANY) / (performance.now() - begun));
  }
  const rest = `${Math.round(bytes)} bytes of heap for a name on each node, its process included`;
  return {
    what: `${size} nodes: ${MANY} names at once`,
    unit: 'per second',
    noex: perSecond,
    note: `${size} nodes: ${Math.round(median(perSecond))} names a second; ${rest}`,
  };
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
