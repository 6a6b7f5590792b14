// The dashboard in a Fastify server: npx tsx fastify.ts [port]
import { fastify } from 'fastify';
import { dashboardHandler } from 'noex/dashboard';
import { startNode } from './node.js';

const port = Number(process.argv[2] ?? 8080);
const stopNode = await startNode();
const dashboard = dashboardHandler({ path: '/ops' });

const app = fastify();
for (const url of ['/ops', '/ops/*']) {
  app.get(url, (request, reply) => {
    reply.hijack();
    dashboard.handler(request.raw, reply.raw);
  });
}
app.get('/', () => 'The shop is open.\n');
app.server.on('upgrade', dashboard.upgrade);
await app.listen({ port, host: '127.0.0.1' });
console.log(`Dashboard: http://127.0.0.1:${port}/ops/`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    dashboard.close();
    void app.close();
    void stopNode();
  });
}
