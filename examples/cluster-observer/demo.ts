/** The whole example in one terminal: three real processes, and what the first of them sees. Ctrl+C ends all three. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

const HOST = '127.0.0.1';
/** How long a node may take to leave politely, ms. */
const LEAVE_MS = 5000;

const [portA, portB, portC] = await freePorts(4369, 3);
const seed = `nodeA@${HOST}:${portA}`;
const nodes: ChildProcess[] = [];
let isStopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect']) process.on(signal, stop);

nodes.push(startNode('nodeA', portA, []));
nodes.push(startNode('nodeB', portB, ['--seed', seed]));
nodes.push(startNode('nodeC', portC, ['--seed', seed]));

/** Only node A shows what it sees; of the others, what goes wrong. */
function startNode(name: string, port: number | undefined, options: readonly string[]): ChildProcess {
  const args = ['--import', 'tsx', 'node.ts', '--name', name, '--port', String(port), ...options];
  const node = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    // A process group of its own, so that a Ctrl+C reaches it once, from here; and a channel, so that it ends with us
    // even if we are killed.
    detached: process.platform !== 'win32',
    stdio: ['ignore', name === 'nodeA' ? 'inherit' : 'ignore', 'inherit', 'ipc'],
  });
  node.once('exit', (code, signal) => {
    if (isStopping) return;
    console.error(`${name} ended unexpectedly (${signal ?? `exit code ${code}`}); stopping the others.`);
    process.exitCode = 1;
    void stop();
  });
  return node;
}

/** The last node leaves first, so that node A can tell of it. */
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  for (const node of nodes.toReversed()) {
    if (node.exitCode !== null || node.signalCode !== null) continue;
    const timer = setTimeout(() => node.kill('SIGKILL'), LEAVE_MS);
    node.kill('SIGTERM');
    await once(node, 'exit');
    clearTimeout(timer);
  }
  if (process.connected) process.disconnect();
}

/** The first `count` ports, from `first` on, that nobody listens on. */
async function freePorts(first: number, count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let port = first; ports.length < count && port < first + 1000; port += 1) {
    if (await isFree(port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`fewer than ${count} free ports from ${first} on`);
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
