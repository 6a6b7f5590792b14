import { createCluster } from '../../dist/src/cluster/cluster.js';
import { mesh } from '../../dist/src/cluster/mesh/start-mesh.js';
import { createWsTransport } from '../../dist/src/cluster/transport/ws-transport.js';
import { linked } from '../linked.js';
import { inTurns, rate } from '../measure.js';
import { systemClock } from '../noex.js';
import { wsPair } from '../peers/ws.js';
import type { Row } from '../row.js';

const BODY = 'x'.repeat(100);
/** Sent in one turn: less than what a link lets wait. */
const AT_ONCE = 1000;
const A_FRAME = 100;

/** What two nodes say to each other over loopback. Both are in this process, so one core does the work of both ends. */
export async function* run(): AsyncGenerator<Row> {
  const here = createNode();
  const there = createNode();
  await here.cluster.start({ nodeName: 'here', port: 0 });
  await there.cluster.start({ nodeName: 'there', port: 0, seeds: [here.cluster.getLocalNodeId()] });
  await linked(here.cluster, 1);
  there.rpc.onNotify('news', () => undefined);
  there.rpc.handle('echo', (body) => body);
  const to = there.cluster.getLocalNodeId();
  const ask = (): Promise<unknown> => here.rpc.request(to, 'echo', BODY, 5000);
  const ws = await wsPair();
  const batch = JSON.stringify(new Array(A_FRAME).fill(BODY));

  const news = await inTurns({
    noex: rate(AT_ONCE, async () => {
      for (let i = 0; i < AT_ONCE; i += 1) here.rpc.notify(to, 'news', BODY);
      await ask();
    }),
    ws: rate(AT_ONCE, async () => {
      for (let i = 0; i < AT_ONCE; i += 1) ws.send(BODY);
      await ws.ask();
    }),
    limit: rate(AT_ONCE, async () => {
      for (let i = 0; i < AT_ONCE; i += A_FRAME) ws.send(batch);
      await ws.ask();
    }),
  });
  yield {
    what: '1,000 notifications of 100 B, taken',
    unit: 'per second',
    noex: news.noex,
    peers: [{ name: 'ws, one a frame', samples: news.ws }],
    limit: { name: 'ws, 100 a frame', samples: news.limit },
  };

  const requests = await inTurns({
    inTurn: rate(10, async () => {
      for (let i = 0; i < 10; i += 1) await ask();
    }),
    ws: rate(10, async () => {
      for (let i = 0; i < 10; i += 1) await ws.ask();
    }),
    atOnce: rate(AT_ONCE, async () => {
      await Promise.all(Array.from({ length: AT_ONCE }, ask));
    }),
  });
  const limit = { name: 'ws', samples: requests.ws };
  yield { what: 'requests, one after another', unit: 'per second', noex: requests.inTurn, limit };
  yield { what: 'requests, 1,000 at once', unit: 'per second', noex: requests.atOnce };
}

function createNode(): ReturnType<typeof createCluster> {
  return createCluster({
    clock: systemClock,
    startNode: mesh({ transport: createWsTransport() }),
    processCount: () => 0,
    onError: (error) => {
      throw error;
    },
  });
}
