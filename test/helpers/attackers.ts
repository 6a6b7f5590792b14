// Clients that mean harm to one node, in a Node process of their own, until it is ended or its parent is gone:
// strangers with unfinished messages of many pieces, and observers that ask for everything and read nothing. Each comes
// again when it is disconnected. Prints once a second, as a line of JSON, how many there are.
//
//   attackers.ts <node id> <observer secret> <strangers> <observers>
import { once } from 'node:events';
import { connect } from 'node:net';
import { NodeId } from '../../src/cluster/node-id.js';
import { RawPeer } from './raw-peer.js';

const STRANGER = '127.0.0.2';
const OBSERVER = '127.0.0.3';
/** How often observers ask, ms: one half about as often as one may, the other as seldom as one that is still there. */
const ASK_MS = [15, 1000];
const RETRY_MS = 100;

const [, , target = '', secret = '', strangerCount, observerCount] = process.argv;
const nodeId = NodeId.parse(target);
const { host, port } = NodeId.parts(nodeId);
const counts = { strangers: 0, observers: 0, strangersInAll: 0, observersInAll: 0, requests: 0 };

/** One unfinished message in as many pieces as fit into what a stranger may send. */
const FRAGMENTS = Buffer.concat([
  Buffer.from([0x01, 0x81, 0, 0, 0, 0, 0x78]),
  ...Array.from({ length: 16_000 }, () => Buffer.from([0x00, 0x81, 0, 0, 0, 0, 0x78])),
]);

async function beStranger(): Promise<void> {
  const socket = connect({ host, port, localAddress: STRANGER });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.write(
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  socket.once('data', () => socket.write(FRAGMENTS));
  counts.strangers += 1;
  counts.strangersInAll += 1;
  await closed;
  counts.strangers -= 1;
}

async function beObserver(number: number): Promise<void> {
  const peer = await RawPeer.join(
    nodeId,
    NodeId.create(`observer${number}`, OBSERVER, 1),
    secret,
    'observer',
    OBSERVER,
  );
  counts.observers += 1;
  counts.observersInAll += 1;
  peer.socket.pause();
  let id = 0;
  const asking = setInterval(
    () => {
      id += 1;
      counts.requests += 1;
      const method = ['observer.report', 'observer.watch', 'observer.log'][id % 3] ?? '';
      peer.send({ type: 'request', id, method, body: null });
    },
    ASK_MS[number % 2],
  );
  await peer.closed;
  clearInterval(asking);
  counts.observers -= 1;
}

async function forever(attack: () => Promise<void>): Promise<never> {
  for (;;) {
    await attack().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

for (let n = 0; n < Number(observerCount); n += 1) void forever(() => beObserver(n));
for (let n = 0; n < Number(strangerCount); n += 1) void forever(beStranger);
setInterval(() => process.stdout.write(`${JSON.stringify(counts)}\n`), 1000);
process.stdin.resume();
await once(process.stdin, 'end');
process.exit();
