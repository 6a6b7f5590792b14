// A node that runs a worker for all others:
// npx tsx worker.ts <name> <seed> <folder of order numbers> [file for the ids of handled orders]
import { appendFileSync } from 'node:fs';
import { Cluster, GenServer, Supervisor, shutdown } from 'noex';
import { superviseOrderNumbers } from './order-numbers.js';
import { stock } from './stock.js';

const [nodeName = 'worker', seed = 'shop@127.0.0.1:4369', numbers = 'order-numbers', file] = process.argv.slice(2);

const note = (id: string): void => {
  if (file !== undefined) appendFileSync(file, `${id}\n`);
};
await Cluster.start({ nodeName, port: 0, seeds: [seed], roles: ['worker'] });
const behavior = stock({ node: Cluster.getLocalNodeId(), onOrder: note });
await Supervisor.start({ children: [{ id: 'stock', start: () => GenServer.start(behavior, { name: 'stock' }) }] });
await superviseOrderNumbers(numbers);
console.log(`Worker: ${Cluster.getLocalNodeId()}`);

const stop = (): void => void shutdown().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('disconnect', stop);
// npm sends SIGINT to all at once; the shop ends its workers itself.
process.on('SIGINT', () => undefined);
