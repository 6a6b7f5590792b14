// A node of a cluster in a Node process of its own, made of the built package. The process that forks it sends it requests, gets
// each node_up and node_down, and ends it.
//
//   fault-node.mjs <name of the last worker> [--dial-from address] [--shop name]   a node, maybe with the shop of the demo
//   fault-node.mjs --outside [--dial-from address]                                 no node, but one who looks on at them
import { createHash } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import net from 'node:net';
import { parseArgs } from 'node:util';
import * as noex from 'noex';
import { WebSocket } from 'ws';
import { createDistribution } from './fault-distribution.mjs';
import { createMessages } from './fault-messages.mjs';

/** How many versions of itself a node remembers, and how many errors. */
const KEPT = 1000;

const {
  values: { 'dial-from': localAddress, shop: shopName, outside: isOutside },
  positionals: [life],
} = parseArgs({
  options: { 'dial-from': { type: 'string' }, shop: { type: 'string' }, outside: { type: 'boolean' } },
  allowPositionals: true,
});

// As on a machine with one address: what a node dials, it dials from there.
if (localAddress !== undefined) {
  const { connect } = net;
  net.connect = (options) => connect({ ...options, localAddress });
}

// The clock of the machine may be set.
const machineNow = Date.now;
let aheadMs = 0;
Date.now = () => machineNow() + aheadMs;

/** What was sent to other nodes. */
const sent = { messages: 0, closedBytes: 0, sockets: new Set() };
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (...args) {
  sent.messages += 1;
  return send.apply(this, args);
};
const meter = ({ socket }) => {
  sent.sockets.add(socket);
  socket.once('close', () => {
    sent.sockets.delete(socket);
    sent.closedBytes += socket.bytesWritten;
  });
};
subscribe('net.client.socket', meter);
subscribe('net.server.socket', meter);

const errors = [];
const errorCounts = {};
const onError = (error) => {
  const code = error.code ?? error.name;
  errorCounts[code] = (errorCounts[code] ?? 0) + 1;
  errors.push(`${code}: ${error.message}`);
  if (errors.length > KEPT) errors.shift();
};

// The shop knows only the default runtime, which reports errors as warnings.
const runtime = shopName === undefined ? noex.createRuntime({ onError }) : noex;
if (shopName !== undefined) process.on('warning', onError);
const { Cluster, GenServer, Observer, Supervisor } = runtime;
let { ClusterObserver } = runtime;

/** What each process has handled, counted by itself; and all of them, those that are gone included. */
const handled = {};
let handledInAll = 0;
const workers = new Map();
const worker = (name) => ({
  id: name,
  start: async () => {
    const ref = await GenServer.start(
      {
        init: () => null,
        handleCall: (_message, state) => [null, state],
        handleCast(message, state) {
          if (message === 'crash') throw new Error('crash requested');
          handled[name] += 1;
          handledInAll += 1;
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

/** What this node was at each version of its snapshot. */
const past = new Map();
const supervisors = [];
if (!isOutside) {
  Observer.snapshot$.subscribe((snapshot) => {
    past.set(snapshot.version, whole(snapshot));
    if (past.size > KEPT) past.delete(past.keys().next().value);
  });
  const children = ['one', 'two', life].map(worker);
  const restartIntensity = { maxRestarts: 1000, withinMs: 1000 };
  supervisors.push(await Supervisor.start({ name: 'workers', restartIntensity, children }));
}
if (shopName !== undefined) {
  const { openShop } = await import('../../dist/src/cli/demo/shop.js');
  supervisors.push(await openShop(shopName));
}

/** Questions that are open, with when they were asked. */
const open = new Map();
let probing;
let shown;
let isOver = false;

const track = (promise) => {
  open.set(promise, performance.now());
  const done = () => open.delete(promise);
  promise.then(done, done);
};

const probe = () => {
  if (!isOutside) for (const id of Cluster.getNodeIds()) track(ClusterObserver.getNodeSnapshot(id, 500));
  track(ClusterObserver.getClusterSnapshot({ useCache: false, timeout: 500 }));
};

/** All counts in a snapshot, in short: two that have the same are the same. */
function whole({ processCount, totalMessages, servers, supervisors }) {
  const rows = [...servers, ...supervisors].map((row) => `${row.id} ${row.messageCount ?? row.totalRestarts}`).sort();
  return `${processCount} processes, ${totalMessages} messages, ${createHash('sha1').update(rows.join()).digest('hex')}`;
}

/** Of those processes that count for themselves. */
function rowsOf({ servers, supervisors }) {
  const parent = supervisors.find(({ name }) => name === 'workers')?.id;
  const own = servers.filter(({ parentId }) => parentId === parent);
  return Object.fromEntries(own.map(({ name, messageCount }) => [name, messageCount]));
}

/** Made when they are first asked for. */
let messages;
let distribution;

const describe = ({ nodes }) =>
  Object.fromEntries(
    nodes.map(({ nodeId, status, snapshot }) => [
      nodeId,
      snapshot === null
        ? { status, rows: null }
        : { status, rows: rowsOf(snapshot), version: snapshot.version, whole: whole(snapshot) },
    ]),
  );

const sendEvent = (event) => process.send({ event: { ...event, at: performance.timeOrigin + performance.now() } });

const answers = {
  async start(config) {
    Cluster.onNodeUp(({ id }) => sendEvent({ type: 'up', id }));
    Cluster.onNodeDown((id, reason) => sendEvent({ type: 'down', id, reason }));
    await Cluster.start(config);
    return Cluster.getLocalNodeId();
  },
  async attach({ addresses, observerSecret }) {
    ClusterObserver = await noex.attach(addresses, { onError, ...(observerSecret && { observerSecret }) });
    ClusterObserver.subscribe(({ type, nodeId, reason }) => {
      if (type === 'node_up') sendEvent({ type: 'up', id: nodeId });
      if (type === 'node_down') sendEvent({ type: 'down', id: nodeId, reason });
    });
    return (await ClusterObserver.getClusterSnapshot()).localNodeId;
  },
  /** Watches all the others from now on. */
  watch() {
    ClusterObserver.snapshot$.subscribe((snapshot) => {
      shown = snapshot;
    });
  },
  /** Asks all the others something all the time, from now on or no more. */
  probe(isOn) {
    clearInterval(probing);
    if (isOn) probing = setInterval(probe, 100);
  },
  async view(timeout = 1000) {
    const asked = await ClusterObserver.getClusterSnapshot({ useCache: false, timeout });
    const nodes = isOutside ? asked.nodes.map(({ nodeId: id, status }) => ({ id, status })) : Cluster.getNodes();
    return {
      nodes: Object.fromEntries(nodes.map(({ id, status }) => [id, status])),
      asked: describe(asked),
      shown: shown && describe(shown),
      handled,
    };
  },
  nodes: () => Object.fromEntries(Cluster.getNodes().map(({ id, status }) => [id, status])),
  shown: () => shown && describe(shown),
  past: (versions) => versions.map((version) => past.get(version) ?? null),
  counted: () => handled,
  health: () => ClusterObserver.health(),
  open: () => [...open.values()].map((since) => performance.now() - since),
  errors: () => errors,
  totals: () => ({ handled: handledInAll, errors: errorCounts }),
  cast(count) {
    // One that crashed may not have been restarted yet.
    for (const ref of [...workers.values()].filter(GenServer.isRunning))
      for (let sent = 0; sent < count; sent += 1) GenServer.cast(ref, 'work');
  },
  castTo(name) {
    GenServer.cast(workers.get(name), 'work');
  },
  crash(name) {
    GenServer.cast(workers.get(name), 'crash');
  },
  async startWorkers(count) {
    for (let at = 0; at < count; at += 1) await Supervisor.startChild(supervisors[0], worker(`more${at}`));
  },
  async stopWorker(name) {
    await Supervisor.terminateChild(supervisors[0], name);
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
  /** The process of this node that others are to send to. */
  async target() {
    messages ??= await createMessages(runtime, life);
    return messages.target;
  },
  async takeMessages() {
    // A node that was restarted has none yet.
    messages ??= await createMessages(runtime, life);
    return messages.take();
  },
  sendTo: (refs, roundMs) => messages.sendTo(refs, roundMs),
  stopSending: () => messages.stop(),
  endTarget: () => messages.endTarget(),
  messages: () => messages.report(),
  peers: () => messages.peers(),
  distribution([method, argument]) {
    distribution ??= createDistribution(runtime, (childEvent) => process.connected && process.send({ childEvent }));
    return distribution[method](argument);
  },
  resources: () => process.getActiveResourcesInfo(),
  /** Bytes held: once all is collected that can be, if that can be requested. */
  memory() {
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    return { heapUsed, rss };
  },
  sent() {
    let bytes = sent.closedBytes;
    for (const { bytesWritten } of sent.sockets) bytes += bytesWritten;
    return { messages: sent.messages, bytes };
  },
  async shutdown() {
    // Their intervals would keep this process running.
    messages?.stop();
    distribution?.stop();
    clearInterval(probing);
    isOver = true;
    if (isOutside) await ClusterObserver.detach();
    else if (shopName === undefined) await runtime.shutdown();
    else {
      await Cluster.stop();
      await distribution?.end();
      for (const supervisor of supervisors.toReversed()) await Supervisor.stop(supervisor);
    }
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
// Ctrl+C reaches all of a terminal: the process that forked this one ends it, or is gone.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => isOver || process.exit(1));
// Node.js opens this one with the first socket that goes, and keeps it.
process.stderr.on('error', () => undefined);
process.send({ ready: process.getActiveResourcesInfo() });
