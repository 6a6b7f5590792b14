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
    const network = new MemoryNetwork({ clock: systemClock });
    const nodes: Runtime[] = [];
    for (let at = 0; at < size; at += 1) nodes.push(await startNode(network, at));
    await Promise.all(nodes.map((node) => linked(node.Cluster, size - 1)));
    yield* namesIn(nodes, size);
    const [last, ...others] = nodes.toReversed() as [Runtime, ...Runtime[]];
    yield await nodeRestarted(network, others, last);
    await Promise.all(others.map(({ shutdown }) => shutdown()));
  }
}

async function startNode(network: MemoryNetwork, at: number): Promise<Runtime> {
  const transport = network.transport();
  const node = createRuntime({ transport, clock: transport.clock, observer: false });
  const seeds = at === 0 ? [] : [`node0@127.0.0.1:${FIRST_PORT}`];
  await node.Cluster.start({ nodeName: `node${at}`, port: FIRST_PORT + at, seeds });
  return node;
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
  GenServer.kill(ref);
  // The lookups have blocked the event loop for seconds: the nodes may have lost each other.
  await Promise.all(nodes.map(({ Cluster }) => linked(Cluster, size - 1)));
  await untilCount(nodes, 0);
  yield await restarted(nodes, size);
}

/** All processes with names end, and come again with their names. */
async function restarted(nodes: readonly Runtime[], size: number): Promise<Row> {
  const names = Array.from({ length: MANY }, (_, at) => `process number ${at}`);
  const startAll = (): Promise<readonly GenServerRef[]> =>
    Promise.all(
      names.map((name, at) => (nodes[at % size] as Runtime).GenServer.start(idle, { name, registration: 'global' })),
    );
  const killAll = (refs: readonly GenServerRef[]): void => {
    for (const [at, ref] of refs.entries()) (nodes[at % size] as Runtime).GenServer.kill(ref);
  };
  const before = heapBytes();
  let refs = await startAll();
  await untilCount(nodes, MANY);
  const bytes = (heapBytes() - before) / MANY / size;
  const perSecond: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    killAll(refs);
    await untilCount(nodes, 0);
    const begun = performance.now();
    refs = await startAll();
    perSecond.push((1000 * MANY) / (performance.now() - begun));
  }
  killAll(refs);
  const rest = `${Math.round(bytes)} bytes of heap for a name on each node, its process included`;
  return {
    what: `${size} nodes: ${MANY} names at once`,
    unit: 'per second',
    noex: perSecond,
    note: `${size} nodes: ${Math.round(median(perSecond))} names a second; ${rest}`,
  };
}

/**
 * A node that has all the names leaves, and comes again with them. The time begins when it starts, and ends when all
 * nodes know all names: links, handshakes and the copies of the names are included.
 */
async function nodeRestarted(network: MemoryNetwork, others: readonly Runtime[], first: Runtime): Promise<Row> {
  const size = others.length + 1;
  const perSecond: number[] = [];
  let node = first;
  for (let round = 0; round < 5; round += 1) {
    await node.shutdown();
    await untilCount(others, 0);
    const begun = performance.now();
    node = await startNode(network, size - 1);
    await linked(node.Cluster, size - 1);
    const { GenServer } = node;
    const name = (at: number): string => `process number ${at}`;
    await Promise.all(
      Array.from({ length: MANY }, (_, at) => GenServer.start(idle, { name: name(at), registration: 'global' })),
    );
    await untilCount(others, MANY);
    perSecond.push((1000 * MANY) / (performance.now() - begun));
  }
  await node.shutdown();
  return { what: `${size} nodes: a node with ${MANY} names restarts`, unit: 'per second', noex: perSecond };
}

/** Resolves when each of these nodes knows that many names. */
async function untilCount(nodes: readonly Runtime[], count: number): Promise<void> {
  while (nodes.some(({ GlobalRegistry }) => GlobalRegistry.count() !== count))
    await new Promise((resolve) => setTimeout(resolve, 5));
}

function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
