// The dashboard in an Express server: npx tsx express.ts [port]
import express from 'express';
import { dashboardHandler } from 'noex/dashboard';
import { startNode } from './node.js';

const port = Number(process.argv[2] ?? 8080);
const stopNode = await startNode();
const dashboard = dashboardHandler();

const app = express();
app.use('/ops', dashboard.handler);
app.get('/', (_request, response) => {
  response.send('The shop is open.\n');
});
const server = app.listen(port, '127.0.0.1', () => console.log(`Dashboard: http://127.0.0.1:${port}/ops/`));
server.on('upgrade', dashboard.upgrade);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    dashboard.close();
    server.close();
    void stopNode();
  });
}
