// A node of a cluster of five in a Node.js process of its own, made of the built package. It runs a shop under light load and,
// by its name, one process that fails. It serves the dashboard if it gets a port for that.
//
//   five-nodes-program.mjs --name crashing --port 4369 [--seed front@127.0.0.1:4370] [--dashboard 4000]
import { parseArgs } from 'node:util';
import { createRuntime } from 'noex';
import { startDashboard } from 'noex/dashboard';

/** How often each worker of the shop gets a message, and the failing process its own, ms. */
const ORDER_MS = 50;
const CRASH_MS = 700;
const REPORT_MS = 1500;
/** How long the report blocks the event loop, ms. */
const BLOCK_MS = 400;

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'front' },
    port: { type: 'string', default: '4369' },
    seed: { type: 'string', multiple: true, default: [] },
    dashboard: { type: 'string' },
  },
});

// Without the reporter, which would print each crash between the results of the tests.
const { Cluster, ClusterObserver, GenServer, Registry, Supervisor } = createRuntime({ reporter: false });

const worker = (name, handle) => ({
  id: name,
  start: () =>
    GenServer.start(
      {
        init: () => 0,
        handleCall: (_message, handled) => [handled, handled],
        handleCast: (message, handled) => {
          handle?.(message);
          return handled + 1;
        },
      },
      { name },
    ),
});

function sendEvery(ms, name, message) {
  setInterval(() => {
    const ref = Registry.whereis(name);
    if (ref !== undefined && GenServer.isRunning(ref)) GenServer.cast(ref, message);
  }, ms);
}

/** The process that fails on a node of this name, with the message that makes it fail. */
const failures = {
  crashing: {
    name: 'gateway',
    everyMs: CRASH_MS,
    message: { type: 'charge' },
    handle() {
      throw new RangeError('the bank refused order 1042');
    },
  },
  blocking: {
    name: 'reports',
    everyMs: REPORT_MS,
    message: { type: 'build_report' },
    handle() {
      const until = performance.now() + BLOCK_MS;
      while (performance.now() < until);
    },
  },
};

await Cluster.start({ nodeName: values.name, port: Number(values.port), seeds: values.seed });
const failure = failures[values.name];
await Supervisor.start({
  name: 'shop',
  restartIntensity: { maxRestarts: 1000, withinMs: 1000 },
  children: [worker('orders'), worker('stock'), ...(failure ? [worker(failure.name, failure.handle)] : [])],
});
for (const name of ['orders', 'stock']) sendEvery(ORDER_MS, name, { type: 'order' });
if (failure) sendEvery(failure.everyMs, failure.name, failure.message);
const dashboard =
  values.dashboard && (await startDashboard({ port: Number(values.dashboard), source: ClusterObserver }));

process.once('disconnect', () => process.exit());
process.send({ id: Cluster.getLocalNodeId(), url: dashboard?.url ?? '' });
