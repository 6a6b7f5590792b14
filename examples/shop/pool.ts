import { Cluster, GenServer, type GenServerRef, type ProcessDown } from 'noex';
import type { StockRef } from './stock.js';

type Pool = GenServerRef<readonly StockRef[], 'next', StockRef, StockRef | undefined>;

const RETRY_MS = 200;

/** Keeps one worker on each other node, and returns how to get the next one, round robin; `undefined`: there is none. */
export async function startPool(): Promise<() => Promise<StockRef | undefined>> {
  const pool: Pool = await GenServer.start<readonly StockRef[], 'next', StockRef, StockRef | undefined, ProcessDown>(
    {
      init: () => [],
      handleCall: (_next, [first, ...others]) => [first, first === undefined ? [] : [...others, first]],
      handleCast(worker, workers, { monitor }) {
        monitor(worker);
        return [...workers, worker];
      },
      handleInfo({ ref }, workers) {
        const node = GenServer.nodeOf(ref);
        if (node !== undefined) void startWorker(pool, node);
        return workers.filter(({ id, life }) => id !== ref.id || life !== ref.life);
      },
    },
    { name: 'pool' },
  );
  Cluster.onNodeUp(({ id }) => void startWorker(pool, id));
  for (const { id } of Cluster.getConnectedNodes()) void startWorker(pool, id);
  return () => GenServer.call(pool, 'next');
}

/** Starts a worker on a node, as long as that is connected. */
async function startWorker(pool: Pool, targetNode: string): Promise<void> {
  try {
    GenServer.cast(pool, await GenServer.startRemote<StockRef>('stock', { targetNode }));
  } catch (error) {
    // When the node is back, it is up again.
    if (!isConnected(targetNode)) return;
    console.error(error instanceof Error ? error.message : error);
    setTimeout(() => {
      if (isConnected(targetNode)) void startWorker(pool, targetNode);
    }, RETRY_MS);
  }
}

function isConnected(node: string): boolean {
  return Cluster.getStatus() === 'running' && Cluster.getConnectedNodes().some(({ id }) => id === node);
}
