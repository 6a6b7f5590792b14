// A node of a cluster in a Node process of its own, made of the built package. Whoever forks it asks it for things, is
// told each node_up and node_down, and ends it. `fault-node.mjs <name of the last worker> [<address to dial from>]`
import net from 'node:net';
import { createRuntime } from 'noex';

const [life, localAddress] = process.argv.slice(2);

// As on a machine with one address: what a node dials, it dials from there.
if (localAddress !== undefined) {
  const { connect } = net;
  net.connect = (options) => connect({ ...options, localAddress });
}

// Somebody may set the clock of the machine.
const machineNow = Date.now;
let aheadMs = 0;
Date.now = () => machineNow() + aheadMs;

const errors = [];
const runtime = createRuntime({ onError: (error) => errors.push(`${error.code ?? error.name}: ${error.message}`) });
const { Cluster, ClusterObserver, GenServer, Supervisor } = runtime;

/** What each process has handled, counted by itself. */
const handled = {};
const workers = new Map();
const worker = (name) => ({
  id: name,
  start: async () => {
    const ref = await GenServer.start(
      {
        init: () => null,
        handleCall: (_message, state) => [null, state],
        handleCast(message, state) {
          if (message === 'crash') throw new Error('told to crash');
          handled[name] += 1;
          return state;
        },
      },
      { name },
    );
    handled[name] = 0;
    workers.set(name, ref);
    return ref;
  },
});

const supervisor = await Supervisor.start({
  name: 'workers',
  restartIntensity: { maxRestarts: 1000, withinMs: 1000 },
  children: ['one', 'two', life].map(worker),
});

/** Questions that are open, with when they were asked. */
const open = new Map();
let probing;
let shown;

const track = (promise) => {
  open.set(promise, performance.now());
  const done = () => open.delete(promise);
  promise.then(done, done);
};

const probe = () => {
  for (const id of Cluster.getNodeIds()) track(ClusterObserver.getNodeSnapshot(id, 500));
  track(ClusterObserver.getClusterSnapshot({ useCache: false, timeout: 500 }));
};

const rowsOf = (snapshot) =>
  snapshot && Object.fromEntries(snapshot.servers.map(({ name, messageCount }) => [name, messageCount]));

const describe = ({ nodes }) =>
  Object.fromEntries(nodes.map(({ nodeId, status, snapshot }) => [nodeId, { status, rows: rowsOf(snapshot) }]));

const answers = {
  async start(config) {
    const tell = (event) => process.send({ event: { ...event, at: performance.timeOrigin + performance.now() } });
    Cluster.onNodeUp(({ id }) => tell({ type: 'up', id }));
    Cluster.onNodeDown((id, reason) => tell({ type: 'down', id, reason }));
    await Cluster.start(config);
    ClusterObserver.snapshot$.subscribe((snapshot) => {
      shown = snapshot;
    });
    return Cluster.getLocalNodeId();
  },
  /** Asks all the others something all the time, from now on or no more. */
  probe(isOn) {
    clearInterval(probing);
    if (isOn) probing = setInterval(probe, 100);
  },
  async view() {
    const asked = await ClusterObserver.getClusterSnapshot({ useCache: false, timeout: 1000 });
    return {
      nodes: Object.fromEntries(Cluster.getNodes().map(({ id, status }) => [id, status])),
      asked: describe(asked),
      shown: shown && describe(shown),
      handled,
    };
  },
  shown: () => shown && describe(shown),
  counted: () => handled,
  health: () => ClusterObserver.health(),
  open: () => [...open.values()].map((since) => performance.now() - since),
  errors: () => errors,
  cast(count) {
    for (const ref of workers.values()) for (let sent = 0; sent < count; sent += 1) GenServer.cast(ref, 'work');
  },
  castTo(name) {
    GenServer.cast(workers.get(name), 'work');
  },
  crash(name) {
    GenServer.cast(workers.get(name), 'crash');
  },
  async startWorkers(count) {
    for (let at = 0; at < count; at += 1) await Supervisor.startChild(supervisor, worker(`more${at}`));
  },
  async stopWorker(name) {
    await Supervisor.terminateChild(supervisor, name);
    workers.delete(name);
    delete handled[name];
  },
  block(ms) {
    const until = performance.now() + ms;
    while (performance.now() < until);
  },
  setClock(ms) {
    aheadMs = ms;
  },
  resources: () => process.getActiveResourcesInfo(),
  shutdown() {
    clearInterval(probing);
    return runtime.shutdown();
  },
};

process.on('message', async ({ id, method, argument }) => {
  try {
    const value = await answers[method](argument);
    if (process.connected) process.send({ id, value });
  } catch (error) {
    if (process.connected) process.send({ id, error: error.message });
  }
});

// Without its channel it ends by itself, unless something was left open.
process.once('SIGTERM', async () => {
  await answers.shutdown();
  if (process.connected) process.disconnect();
});
// Node.js opens this one with the first socket that goes, and keeps it.
process.stderr.on('error', () => undefined);
process.send({ ready: process.getActiveResourcesInfo() });
