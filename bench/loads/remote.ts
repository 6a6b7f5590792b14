import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ServiceBroker } from 'moleculer';
import { WebSocket } from 'ws';
import { linked } from '../linked.js';
import { inTurns, type Round, rate } from '../measure.js';
import { createRuntime, type GenServerRef } from '../noex.js';
import { moleculerOverTcp, SECRET } from '../remote-peers.js';
import { atLeast, type Row, ratio } from '../row.js';

const AT_ONCE = 1000;
const A_FRAME = 100;
/** About 100 bytes of JSON. */
const ITEM = {
  id: 12_345,
  name: 'a name of a thing',
  price: 12.5,
  tags: 'abcdefghijklmnopqrstuv',
  stocked: true,
  of: 'x',
};

type Ref = GenServerRef<number, unknown, unknown, unknown>;

interface Noex {
  readonly call: () => Promise<unknown>;
  readonly cast: () => void;
}

/** Messages to a process of another node, which is a Node process of its own, on loopback. */
export async function* run(): AsyncGenerator<Row> {
  const [ws = 0, here = 0, there = 0] = await freePorts(3);
  const nodes = [createRuntime(), createRuntime()] as const;
  await nodes[0].Cluster.start({ nodeName: 'bench', port: 0 });
  await nodes[1].Cluster.start({ nodeName: 'bench', port: 0, clusterSecret: SECRET });
  const ports = nodes.map(({ Cluster }) => Cluster.getLocalNodeInfo().port);
  const broker = new ServiceBroker(moleculerOverTcp('here', here, [`127.0.0.1:${there}/there`]));
  await broker.start();
  const child = fork(new URL('../remote-peer.ts', import.meta.url), [...ports, ws, here, there].map(String), {
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const [refs] = (await once(child, 'message')) as [readonly [Ref, Ref]];
  await Promise.all(nodes.map(({ Cluster }) => linked(Cluster, 1)));
  await broker.waitForServices('echo');
  const open = messagesTo(nodes[0], refs[0]);
  const secured = messagesTo(nodes[1], refs[1]);
  const askWs = await wsClient(ws);
  const askMoleculer = (): Promise<unknown> => broker.call('echo.ask', ITEM);
  yield* calls({ open, secured, askWs: askWs.ask, askMoleculer });
  yield* casts({ open, secured, ws: askWs, emit: () => void broker.emit('echo.cast', ITEM), askMoleculer });
  child.disconnect();
  await broker.stop();
  await Promise.all(nodes.map(({ shutdown }) => shutdown()));
}

interface Callers {
  readonly open: Noex;
  readonly secured: Noex;
  readonly askWs: () => Promise<unknown>;
  readonly askMoleculer: () => Promise<unknown>;
}

async function* calls({ open, secured, askWs, askMoleculer }: Callers): AsyncGenerator<Row> {
  const one = await inTurns({
    open: inTurn(open.call),
    secured: inTurn(secured.call),
    ws: inTurn(askWs),
    moleculer: inTurn(askMoleculer),
  });
  const what = 'calls, one after another';
  const oneRow = { what, unit: 'per second', noex: one.open } as const;
  yield {
    ...oneRow,
    peers: [{ name: 'moleculer', samples: one.moleculer }],
    limit: { name: 'ws', samples: one.ws },
    targets: [
      atLeast(0.8, ratio(oneRow, one.ws), '0.8 of ws'),
      atLeast(1.3, ratio(oneRow, one.moleculer), '1.3 x moleculer'),
    ],
  };
  yield {
    what: `${what}, clusterSecret`,
    unit: 'per second',
    noex: one.secured,
    limit: { name: 'ws', samples: one.ws },
  };
  const many = await inTurns({
    open: atOnce(open.call),
    secured: atOnce(secured.call),
    moleculer: atOnce(askMoleculer),
  });
  const manyRow = { what: 'calls, 1,000 in flight', unit: 'per second', noex: many.open } as const;
  const peers = [{ name: 'moleculer', samples: many.moleculer }];
  yield { ...manyRow, peers, targets: [atLeast(3, ratio(manyRow, many.moleculer), '3 x moleculer')] };
  yield { what: 'calls, 1,000 in flight, clusterSecret', unit: 'per second', noex: many.secured, peers };
}

interface Casters {
  readonly open: Noex;
  readonly secured: Noex;
  readonly ws: Awaited<ReturnType<typeof wsClient>>;
  readonly emit: () => void;
  readonly askMoleculer: () => Promise<unknown>;
}

async function* casts({ open, secured, ws, emit, askMoleculer }: Casters): AsyncGenerator<Row> {
  const sent = await inTurns({
    open: burst(open.cast, open.call),
    secured: burst(secured.cast, secured.call),
    moleculer: burst(emit, askMoleculer),
    ws: rate(AT_ONCE, async () => {
      for (let i = 0; i < AT_ONCE; i += A_FRAME) ws.send(JSON.stringify(new Array(A_FRAME).fill(ITEM)));
      await ws.ask();
    }),
  });
  const row = { what: 'casts of 100 B, handled', unit: 'per second', noex: sent.open } as const;
  const peers = [{ name: 'moleculer', samples: sent.moleculer }];
  const limit = { name: 'ws, 100 a frame', samples: sent.ws };
  yield { ...row, peers, limit, targets: [atLeast(0.5, ratio(row, sent.ws), '0.5 of ws')] };
  yield { what: 'casts of 100 B, clusterSecret', unit: 'per second', noex: sent.secured, peers, limit };
}

/** A call takes so long that a short round would measure how code is compiled. */
const IN_TURN_MS = 600;

function inTurn(ask: () => Promise<unknown>): Round {
  const load = async (): Promise<void> => {
    for (let i = 0; i < 100; i += 1) await ask();
  };
  return rate(100, load, IN_TURN_MS);
}

function atOnce(ask: () => Promise<unknown>): Round {
  return rate(AT_ONCE, async () => void (await Promise.all(Array.from({ length: AT_ONCE }, ask))));
}

function burst(send: () => void, ask: () => Promise<unknown>): Round {
  return rate(AT_ONCE, async () => {
    for (let i = 0; i < AT_ONCE; i += 1) send();
    await ask();
  });
}

function messagesTo({ GenServer }: Pick<ReturnType<typeof createRuntime>, 'GenServer'>, ref: Ref): Noex {
  return { call: () => GenServer.call(ref, ITEM), cast: () => GenServer.cast(ref, ITEM) };
}

async function wsClient(port: number): Promise<{ send(text: string): void; ask(): Promise<unknown> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  const question = JSON.stringify(ITEM);
  return {
    send: (text) => socket.send(text),
    ask: () =>
      new Promise((resolve) => {
        socket.once('message', (data) => resolve(JSON.parse(String(data))));
        socket.send(question);
      }),
  };
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
