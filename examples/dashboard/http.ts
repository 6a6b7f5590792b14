// The dashboard in a server of node:http: npx tsx http.ts [port]
import { createServer } from 'node:http';
import { dashboardHandler } from 'noex/dashboard';
import { startNode } from './node.js';

const port = Number(process.argv[2] ?? 8080);
const stopNode = await startNode();
const dashboard = dashboardHandler({ path: '/ops' });

const server = createServer((request, response) => {
  // What is not the dashboard's is yours.
  dashboard.handler(request, response, () => response.end('The shop is open.\n'));
});
server.on('upgrade', dashboard.upgrade);
server.listen(port, '127.0.0.1', () => console.log(`Dashboard: http://127.0.0.1:${port}/ops/`));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    dashboard.close();
    server.close();
    void stopNode();
  });
}
