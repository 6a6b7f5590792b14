import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from './noex.js';

/** Resolves when a node is linked with so many others. */
export async function linked(
  cluster: Pick<Runtime['Cluster'], 'getConnectedNodeCount'>,
  others: number,
): Promise<void> {
  while (cluster.getConnectedNodeCount() < others) await delay(5);
}
