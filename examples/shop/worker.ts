// A node that runs workers for others: npx tsx worker.ts <name> <seed> [file for the ids of handled orders]
import { appendFileSync } from 'node:fs';
import { BehaviorRegistry, Cluster, shutdown } from 'noex';
import { stock } from './stock.js';

const [nodeName = 'worker', seed = 'shop@127.0.0.1:4369', file] = process.argv.slice(2);

const note = (id: string): void => {
  if (file !== undefined) appendFileSync(file, `${id}\n`);
};
BehaviorRegistry.register('stock', () => stock({ node: Cluster.getLocalNodeId(), onOrder: note }));
await Cluster.start({ nodeName, port: 0, seeds: [seed] });
console.log(`Worker: ${Cluster.getLocalNodeId()}`);

const stop = (): void => void shutdown().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('disconnect', stop);
// npm sends SIGINT to all at once; the shop ends its workers itself.
process.on('SIGINT', () => undefined);
