import { type FastifyInstance, fastify } from 'fastify';
import { NoexError, NoGroupMembersError, ProcessGroups } from 'noex';
import { nextOrderNumber } from './order-numbers.js';
import { type Order, type Receipt, STOCK } from './stock.js';

const TIMEOUT_MS = 1000;

/** The HTTP server of the shop: POST /orders is answered by a worker on another node. */
export function createServer(): FastifyInstance {
  const app = fastify();
  app.post<{ Body: Order }>('/orders', async ({ body }, reply) => {
    const number = await nextOrderNumber().catch(() => undefined);
    if (number === undefined) return reply.code(503).send({ error: 'orders cannot be numbered now' });
    try {
      // Tries another worker only if this one has certainly not handled the order.
      const options = { pick: 'round_robin', timeout: TIMEOUT_MS } as const;
      const receipt = await ProcessGroups.call<Receipt>(STOCK, body, options);
      if (receipt.total === undefined) return reply.code(400).send({ error: `there is no ${body.item}` });
      return { number, ...receipt };
    } catch (error) {
      if (error instanceof NoGroupMembersError) return reply.code(503).send({ error: 'no worker is there' });
      const node = error instanceof NoexError && 'nodeId' in error ? error.nodeId : undefined;
      const text = error instanceof Error ? error.message : String(error);
      return reply.code(502).send({ error: text, node });
    }
  });
  return app;
}
