// The other side of the remote loads, as a Node process of its own: `remote-peer.ts <port of a noex node> <with a secret> <ws>
// <moleculer> <of the moleculer broker here>`. It answers calls, takes casts, and ends with the process that started it.
import { ServiceBroker } from 'moleculer';
import { WebSocketServer } from 'ws';
import { createRuntime } from './noex.js';
import { moleculerOverTcp, SECRET } from './remote-peers.js';

const [open = 0, secured = 0, ws = 0, broker = 0, ownBroker = 0] = process.argv.slice(2).map(Number);
process.once('disconnect', () => process.exit(0));

const echo = {
  init: () => 0,
  handleCall: (message: unknown, count: number) => [message, count] as const,
  handleCast: (_message: unknown, count: number) => count + 1,
};

async function noexNode(seedPort: number, clusterSecret?: string): Promise<object> {
  const runtime = createRuntime();
  const seeds = [`bench@127.0.0.1:${seedPort}`];
  await runtime.Cluster.start({ nodeName: 'peer', port: 0, seeds, clusterSecret });
  return runtime.GenServer.start(echo);
}

new WebSocketServer({ host: '127.0.0.1', port: ws, perMessageDeflate: false }).on('connection', (socket) => {
  socket.on('message', (data) => {
    const parsed: unknown = JSON.parse(String(data));
    if (!Array.isArray(parsed)) socket.send(String(data));
  });
});

const moleculer = new ServiceBroker(moleculerOverTcp('there', ownBroker, [`127.0.0.1:${broker}/here`]));
moleculer.createService({
  name: 'echo',
  actions: { ask: { handler: ({ params }: { params: unknown }) => params } },
  events: { 'echo.cast': { handler: () => undefined } },
});
await moleculer.start();

process.send?.([await noexNode(open), await noexNode(secured, SECRET)]);
