import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { first, firstValueFrom } from 'rxjs';
import { overview } from '../dashboard/view-model/overview-text.js';
import { startDashboard } from '../dashboard.js';
import { attach, type ClusterObserverSnapshot } from '../distribution.js';
import type { Command } from './command-line.js';
import { untilInterrupted } from './interruption.js';
import { openInBrowser } from './open-in-browser.js';

const HOST = '127.0.0.1';
const FIRST_PORT = 4369;
const NAMES = ['nodeA', 'nodeB', 'nodeC'];
/** How long a node may take to stop, ms. Leaving the cluster takes up to 1 s when another node does not answer. */
const LEAVE_MS = 3000;

/**
 * Runs `noex demo`: three nodes under light load, each in its own Node.js process. Prints an overview at intervals and
 * serves a dashboard until the program is interrupted. Rejects if the demo cannot start, or a node ends unexpectedly.
 */
export async function demo(options: Extract<Command, { name: 'demo' }>): Promise<void> {
  const ports = await freePorts(FIRST_PORT, NAMES.length);
  const seed = `${NAMES[0]}@${HOST}:${ports[0]}`;
  const nodes = NAMES.map((name, at) => startNode([name, String(ports[at]), ...(at === 0 ? [] : [seed])]));
  const broken = Promise.race(nodes.map(unexpectedEnd));
  const over = Promise.race([untilInterrupted(), broken]);
  over.catch(() => undefined); // prevents an unhandled rejection; awaiting `over` still rejects
  const ending = new AbortController();
  try {
    const up = Promise.all(nodes.map((node) => once(node, 'message')));
    // Ctrl+C also ends the demo while its nodes are still starting.
    await Promise.race([over, up.then(() => show(seed, options, ending.signal))]);
    await over;
  } finally {
    ending.abort();
    await stopAll(nodes);
    if (process.connected) process.disconnect();
  }
}

/**
 * Starts to print the overview and to serve the dashboard. Resolves when both have started, after all nodes are
 * connected. Both end when the signal is aborted.
 */
async function show(
  seed: string,
  { port, everyMs, open }: Extract<Command, { name: 'demo' }>,
  ending: AbortSignal,
): Promise<void> {
  const cluster = await attach(seed);
  whenAborted(ending, () => cluster.detach());
  const isWhole = ({ aggregated }: ClusterObserverSnapshot): boolean => aggregated.connectedNodeCount === NAMES.length;
  await firstValueFrom(cluster.snapshot$.pipe(first(isWhole)));
  const { url, close } = await startDashboard({ source: cluster, port: port === 0 ? 0 : await firstFreePort(port) });
  whenAborted(ending, close);
  cluster.subscribe((event) => {
    if (event.type === 'node_up') process.stdout.write(`Node joined: ${event.nodeId}\n\n`);
    if (event.type === 'node_down') process.stdout.write(`Node left: ${event.nodeId} (${event.reason})\n\n`);
  });
  cluster.poll$(everyMs).subscribe((snapshot) => {
    process.stdout.write(`${overview(snapshot)}\nDashboard: ${url}\nCtrl+C ends it all.\n\n`);
  });
  if (open) openInBrowser(url);
}

function whenAborted(signal: AbortSignal, end: () => unknown): void {
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
}

function startNode(args: readonly string[]): ChildProcess {
  // Except on Windows, each node gets its own process group. So Ctrl+C does not reach the node, and the demo decides
  // when the node stops. The node also stops when its IPC channel closes, for example because the demo was killed.
  return fork(new URL('demo/node.js', import.meta.url), [...args], { detached: process.platform !== 'win32' });
}

async function unexpectedEnd(node: ChildProcess): Promise<never> {
  const [code, signal] = await once(node, 'exit');
  throw new Error(`a node of the demo ended unexpectedly (${signal ?? `exit code ${code}`})`);
}

/** Stops all running nodes in parallel. Kills each node that has not ended within `LEAVE_MS`. */
async function stopAll(nodes: readonly ChildProcess[]): Promise<void> {
  const running = nodes.flatMap((node, at) => (hasEnded(node) ? [] : [{ node, name: NAMES[at] }]));
  if (running.length === 0) return;
  process.stdout.write(`Stopping ${running.map(({ name }) => name).join(', ')} ...\n`);
  await Promise.all(
    running.map(async ({ node, name }) => {
      const timer = setTimeout(() => {
        process.stdout.write(`${name} did not stop within ${LEAVE_MS / 1000} s and is killed.\n`);
        node.kill('SIGKILL');
      }, LEAVE_MS);
      node.kill('SIGTERM');
      await once(node, 'exit');
      clearTimeout(timer);
    }),
  );
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function firstFreePort(from: number): Promise<number> {
  const [port = 0] = await freePorts(from, 1);
  return port;
}

/** Resolves to the first `count` free ports from `first` on. Rejects if too few of 1000 ports are free. */
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
