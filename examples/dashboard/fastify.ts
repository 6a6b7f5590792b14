// The dashboard in a Fastify server, behind its login: npx tsx fastify.ts [port]
import { fastify } from 'fastify';
import { dashboardHandler } from 'noex/dashboard';
import { createLogin } from './login.js';
import { startNode } from './node.js';

const port = Number(process.argv[2] ?? 8080);
const stopNode = await startNode();
const login = createLogin();
// The hook below leads to the login, but the request of a WebSocket passes by all hooks: this guards both.
const dashboard = dashboardHandler({ path: '/ops', authorize: login.isSignedIn });

const app = fastify();
// The login reads its form itself.
app.addContentTypeParser('application/x-www-form-urlencoded', (_request, _payload, done) => done(null));
app.all('/login', (request, reply) => {
  reply.hijack();
  login.answer(request.raw, reply.raw);
});
app.register(async (ops) => {
  ops.addHook('onRequest', async (request, reply) => {
    if (!login.isSignedIn(request.raw)) return reply.redirect('/login');
  });
  for (const url of ['/ops', '/ops/*']) {
    ops.get(url, (request, reply) => {
      reply.hijack();
      dashboard.handler(request.raw, reply.raw);
    });
  }
});
app.get('/', () => 'The shop is open.\n');
app.server.on('upgrade', dashboard.upgrade);
await app.listen({ port, host: '127.0.0.1' });
console.log(`Dashboard: http://127.0.0.1:${port}/ops/`);
console.log(`Sign in at http://127.0.0.1:${port}/login with the password ${login.password}`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    dashboard.close();
    void app.close();
    void stopNode();
  });
}
