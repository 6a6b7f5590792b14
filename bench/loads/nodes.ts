import { setTimeout as delay } from 'node:timers/promises';
import { MemoryNetwork } from '../../dist/src/cluster/transport/memory-transport.js';
import { inSlices, startCounters, touch } from '../counter.js';
import { linked } from '../linked.js';
import { median } from '../measure.js';
import { createRuntime, type Runtime, systemClock } from '../noex.js';
import { atLeast, atMost, type Row } from '../row.js';
import { usage } from '../usage.js';

const NODES = 100;
const PROCESSES_EACH = 1000;
const FIRST_PORT = 5000;
/** Of which the share of a core is one figure, ms. */
const ROUND_MS = 1500;
const ROUNDS = 5;
const WANTED = 0.5;

/** The merged stream of 100 nodes, in each of which 1 % of the processes handle a message every second. */
export async function* run(): AsyncGenerator<Row> {
  const network = new MemoryNetwork({ clock: systemClock });
  const nodes: Runtime[] = [];
  const touches: (() => Promise<void>)[] = [];
  for (let at = 0; at < NODES; at += 1) {
    const transport = network.transport();
    const node = createRuntime({ transport, clock: transport.clock });
    const next = inSlices(await startCounters(node, PROCESSES_EACH));
    const seeds = at === 0 ? [] : [`node0@127.0.0.1:${FIRST_PORT}`];
    await node.Cluster.start({ nodeName: `node${at}`, port: FIRST_PORT + at, seeds });
    nodes.push(node);
    touches.push(() => touch(node, next(PROCESSES_EACH / 100)));
  }
  await Promise.all(nodes.map((node) => linked(node.Cluster, NODES - 1)));
  keepBusy(touches);

  const [reader] = nodes;
  if (reader === undefined) return;
  const unread = await usage(ROUNDS, ROUND_MS);
  const arrivals: number[] = [];
  const subscription = reader.ClusterObserver.snapshot$.subscribe(({ aggregated }) => {
    if (aggregated.totalProcessCount === NODES * PROCESSES_EACH) arrivals.push(performance.now());
  });
  await delay(ROUND_MS);
  const from = performance.now();
  const read = await usage(ROUNDS, ROUND_MS);
  const perSecond = (1000 * arrivals.filter((at) => at >= from).length) / (performance.now() - from);
  const bills = nodes.map(billOf);
  subscription.unsubscribe();
  yield {
    what: 'merged snapshot$, of one core',
    unit: 'share',
    noex: read,
    limit: { name: 'with no reader', samples: unread },
    targets: [atMost(WANTED, median(read), '50 %'), atLeast(1, perSecond, '1 update/s')],
    note: `${perSecond.toFixed(1)} whole snapshots a second`,
  };
  const total = bills.reduce((sum, bill) => sum + bill, 0);
  if (total > 0) yield { what: 'all observing, by its own account', unit: 'share', noex: [total] };
}

/** What the observer of a node says that it costs, as a share of one core; 0 where it says nothing. */
function billOf({ Observer }: Runtime): number {
  const cost: unknown = Reflect.get(Observer, 'cost');
  return typeof cost === 'function' ? (cost.call(Observer) as { readonly msPerSecond: number }).msPerSecond / 1000 : 0;
}

/** Spreads over each second what happens on the nodes in it. */
function keepBusy(touches: readonly (() => Promise<void>)[]): void {
  for (const [at, touchNode] of touches.entries()) {
    setTimeout(() => setInterval(() => void touchNode(), 1000), (1000 * at) / touches.length);
  }
}
