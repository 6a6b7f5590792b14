// The dashboard in a server of node:http, behind its login: npx tsx http.ts [port]
import { createServer } from 'node:http';
import { dashboardHandler } from 'noex/dashboard';
import { createLogin } from './login.js';
import { startNode } from './node.js';

const port = Number(process.argv[2] ?? 8080);
const stopNode = await startNode();
const login = createLogin();
const dashboard = dashboardHandler({ path: '/ops', authorize: login.isSignedIn });

const server = createServer((request, response) => {
  if (request.url === '/login') login.answer(request, response);
  // What is not the dashboard's is yours.
  else dashboard.handler(request, response, () => response.end('The shop is open.\n'));
});
server.on('upgrade', dashboard.upgrade);
server.listen(port, '127.0.0.1', () => {
  console.log(`Dashboard: http://127.0.0.1:${port}/ops/`);
  console.log(`Sign in at http://127.0.0.1:${port}/login with the password ${login.password}`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    dashboard.close();
    server.close();
    void stopNode();
  });
}
