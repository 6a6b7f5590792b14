// The dashboard in an Express server, behind its login: npx tsx express.ts [port]
import express from 'express';
import { dashboardHandler } from 'noex/dashboard';
import { createLogin } from './login.js';
import { startNode } from './node.js';

const port = Number(process.argv[2] ?? 8080);
const stopNode = await startNode();
const login = createLogin();
// The middleware below leads to the login, but the request of a WebSocket passes by all middleware: this guards both.
const dashboard = dashboardHandler({ authorize: login.isSignedIn });

const app = express();
app.all('/login', login.answer);
app.use('/ops', (request, response, next) => {
  if (login.isSignedIn(request)) next();
  else response.redirect('/login');
});
app.use('/ops', dashboard.handler);
app.get('/', (_request, response) => {
  response.send('The shop is open.\n');
});
const server = app.listen(port, '127.0.0.1', () => {
  console.log(`Dashboard: http://127.0.0.1:${port}/ops/`);
  console.log(`Sign in at http://127.0.0.1:${port}/login with the password ${login.password}`);
});
server.on('upgrade', dashboard.upgrade);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    dashboard.close();
    server.close();
    void stopNode();
  });
}
