// The shop: an HTTP server on one node, and workers on two others, each a Node.js process of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Cluster, shutdown } from 'noex';
import { startDashboard } from 'noex/dashboard';
import { createServer } from './server.js';

await Cluster.start({ nodeName: 'shop', port: 4369 });
const server = createServer();
await server.listen({ port: 3000, host: '127.0.0.1' });
const dashboard = await startDashboard();
const workers = ['worker1', 'worker2'].map(startWorkerNode);

console.log(`Dashboard: ${dashboard.url}`);
console.log('Order tea: curl -s localhost:3000/orders --json \'{"id":"1","item":"tea","count":2}\'');

function startWorkerNode(name: string): ChildProcess {
  return fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [name, Cluster.getLocalNodeId()]);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    for (const worker of workers) worker.disconnect();
    await Promise.all([server.close(), dashboard.close()]);
    await shutdown();
  });
}
