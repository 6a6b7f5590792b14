import { type FastifyInstance, fastify } from 'fastify';
import { GenServer, NoexError } from 'noex';
import { startPool } from './pool.js';
import type { Order, Receipt } from './stock.js';

const TIMEOUT_MS = 1000;
const ATTEMPTS = 5;

/** The HTTP server of the shop: POST /orders is answered by a worker on another node. */
export async function createServer(): Promise<FastifyInstance> {
  const nextWorker = await startPool();

  const place = async (order: Order): Promise<Receipt | undefined> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const worker = await nextWorker();
      if (worker === undefined) return undefined;
      try {
        return await GenServer.call(worker, order, { timeout: TIMEOUT_MS });
      } catch (error) {
        // Only an order that was certainly not handled is safe to place again.
        if (!(error instanceof NoexError && error.mayHaveBeenHandled === false)) throw error;
      }
    }
    return undefined;
  };

  const app = fastify();
  app.post<{ Body: Order }>('/orders', async ({ body }, reply) => {
    try {
      const receipt = await place(body);
      if (receipt === undefined) return reply.code(503).send({ error: 'no worker is there' });
      if (receipt.total === undefined) return reply.code(400).send({ error: `there is no ${body.item}` });
      return receipt;
    } catch (error) {
      const node = error instanceof NoexError && 'nodeId' in error ? error.nodeId : undefined;
      const text = error instanceof Error ? error.message : String(error);
      return reply.code(502).send({ error: text, node });
    }
  });
  return app;
}
