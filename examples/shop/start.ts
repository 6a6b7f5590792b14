// The shop: an HTTP server on one node, and workers on two others, each a Node.js process of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cluster, GlobalRegistry, NodeId, shutdown } from 'noex';
import { startDashboard } from 'noex/dashboard';
import { numberingNode, superviseOrderNumbers } from './order-numbers.js';
import { createServer } from './server.js';

const numbers = mkdtempSync(join(tmpdir(), 'order-numbers-'));
const workers = new Map<string, ChildProcess>();
let isStopping = false;

await Cluster.start({ nodeName: 'shop', port: 4369 });
await superviseOrderNumbers(numbers);
const server = createServer();
await server.listen({ port: 3000, host: '127.0.0.1' });
const dashboard = await startDashboard();

console.log(`Dashboard: ${dashboard.url}`);
console.log('Order tea: curl -s localhost:3000/orders --json \'{"id":"1","item":"tea","count":2}\'');
startWorkerNode('worker1');
startWorkerNode('worker2');

let shown: string | undefined;
GlobalRegistry.names$.subscribe(() => {
  const node = numberingNode();
  if (node === undefined || node === shown || isStopping) return;
  shown = node;
  const { name } = NodeId.parts(NodeId.parse(node));
  console.log(`Orders are numbered on ${name}. To see another node take over: kill -9 ${workers.get(name)?.pid}`);
});

/** Starts a worker, and starts it again when it ends, as a process manager does. */
function startWorkerNode(name: string): void {
  const path = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const worker = fork(path, [name, Cluster.getLocalNodeId(), numbers]);
  workers.set(name, worker);
  worker.once('exit', () => {
    if (!isStopping) startWorkerNode(name);
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    isStopping = true;
    for (const worker of workers.values()) if (worker.connected) worker.disconnect();
    await Promise.all([server.close(), dashboard.close()]);
    await shutdown();
    rmSync(numbers, { recursive: true, force: true });
  });
}
