import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { fc } from '@fast-check/vitest';
import { asyncScheduler } from 'rxjs';
import { createHandler } from '../../src/dashboard/server/dashboard-handler.js';
import { checkHandlerOptions } from '../../src/dashboard/server/dashboard-options.js';
import type { ClusterView } from '../../src/dashboard/view-model/cluster-view.js';
import { viewChanges, withViewChanges } from '../../src/dashboard/view-model/feed-protocol.js';
import { keyOf, type ProcessRow } from '../../src/dashboard/view-model/view-rows.js';
import { ToldSource } from '../helpers/cluster-source.js';
import { checkPrototypes } from './hostile.js';
import type { Target } from './target.js';

const FOLDER = fileURLToPath(new URL('../integration/dashboard/fixture/web', import.meta.url));
const TOKEN = 'canary-token-0123456789';
/** In files that are not the dashboard's to serve. */
const CANARIES = [TOKEN, 'BEGIN', 'outside'];

const oddText = fc.oneof(
  fc.constantFrom(
    '/',
    '/feed',
    '/main-abcd1234.js',
    '/secret.key',
    '/../outside.txt',
    '/%2e%2e/outside.txt',
    '/..%5coutside.txt',
  ),
  fc.constantFrom(
    '//',
    '/?token=',
    `/?token=${TOKEN.slice(1)}`,
    '/__proto__',
    '/constructor',
    '*',
    'http://x/',
    '/\u00ff',
    '/%00',
    '/%',
  ),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constant(`/${'a/'.repeat(4000)}`),
  fc.constant(`/?${'token=a&'.repeat(1500)}`),
);
const header = fc.oneof(
  fc.constantFrom('Host: localhost', 'Host: evil.example', 'Host:', 'Origin: http://evil.example', 'Origin: null'),
  fc.constantFrom(
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Version: 99',
  ),
  fc.constantFrom('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Key: x', 'Sec-WebSocket-Protocol: a,b'),
  fc.constantFrom('Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=999', 'Content-Length: -1'),
  fc.constantFrom('Content-Length: 5', 'Transfer-Encoding: chunked', 'Expect: 100-continue', 'If-None-Match: "x"'),
  fc.constantFrom(
    'Authorization: Bearer x',
    `Authorization: Bearer ${TOKEN}x`,
    'Cookie: a=b; noex-1=2',
    'Cookie: =;;=;',
  ),
  fc.tuple(fc.stringMatching(/^[A-Za-z-]{1,9}$/), oddText).map(([name, value]) => `${name}: ${value}`),
  fc.constant(`X: ${'y'.repeat(17_000)}`),
);
const upgrade = ['Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const webSocketInput = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .tuple(fc.nat(15), fc.boolean(), fc.boolean(), fc.uint8Array({ maxLength: 30 }))
    .map(([opcode, isFinal, isMasked, payload]) =>
      Uint8Array.from([
        (isFinal ? 0x80 : 0) | opcode,
        (isMasked ? 0x80 : 0) | payload.length,
        ...(isMasked ? [0, 0, 0, 0] : []),
        ...payload,
      ]),
    ),
  fc.constant(Uint8Array.from([0x82, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255])),
);
const request = fc.oneof(
  fc
    .record({
      method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'CONNECT', 'TRACE', 'get', ''),
      path: oddText,
      headers: fc.array(header, { maxLength: 6 }),
      version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9', ''),
      body: fc.string({ maxLength: 20 }),
    })
    .map(({ method, path, headers, version, body }) =>
      Buffer.from(`${method} ${path} ${version}\r\n${['Connection: close', ...headers].join('\r\n')}\r\n\r\n${body}`),
    ),
  fc.array(webSocketInput, { maxLength: 5 }).map((frames) => {
    const head = [`GET /feed?x HTTP/1.1`, ...upgrade, key, `Authorization: Bearer ${TOKEN}`].join('\r\n');
    return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), ...frames]);
  }),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);

/** Says it, hangs up, and resolves with the first of what came back. */
async function say(port: number, bytes: Buffer): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.end(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

const name = fc.constantFrom('a', '__proto__', 'constructor', '\ud800', '', 'x'.repeat(500));
const row = fc
  .record({ nodeId: fc.constantFrom('n1', '__proto__'), id: name, name, queueSize: fc.nat(3), startedAt: fc.integer() })
  .map(
    (fields): ProcessRow => ({
      ...fields,
      key: keyOf(fields.nodeId, fields.id),
      kind: 'genserver',
      status: 'running',
      startedMonotonic: 0,
    }),
  );
const figures = {
  heardAt: 0,
  clockAheadMs: 0,
  monotonicAheadMs: 0,
  processCount: 0,
  serverCount: 0,
  supervisorCount: 0,
  totalMessages: 0,
  totalRestarts: 0,
  queueSize: 0,
};
const view: fc.Arbitrary<ClusterView> = fc.array(row, { maxLength: 8 }).map((rows) => ({
  timestamp: 1,
  monotonic: 1,
  nodes: [...new Set(rows.map(({ nodeId }) => nodeId))].map((nodeId) => ({
    node: { nodeId, status: 'connected' as const, ...figures },
    processes: [...new Map(rows.filter((each) => each.nodeId === nodeId).map((each) => [each.id, each])).values()],
  })),
}));

/** Whatever a browser, or what calls itself one, says: the server answers the next one, and shows nothing but its own. */
export const dashboard: Target = {
  name: 'dashboard',
  share: 3,
  async run(cases, measure) {
    const settings = checkHandlerOptions({ source: new ToldSource(), token: TOKEN, path: '/', assets: FOLDER });
    const handler = createHandler(settings, { scheduler: asyncScheduler });
    const server = createServer();
    const failures: unknown[] = [];
    server.on('request', (incoming, response) =>
      measure(incoming.url ?? '', () => handler.handler(incoming, response)),
    );
    server.on('upgrade', (incoming, socket, head) =>
      measure(incoming.url ?? '', () => handler.upgrade(incoming, socket, head)),
    );
    server.on('error', (thrown) => failures.push(thrown));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await cases.each(request, async (bytes) => {
        const answer = await say(port, bytes);
        if (/^HTTP\/1\.1 5(?!03)/.test(answer)) throw new Error(`it failed: ${answer.slice(0, 200)}`);
        if (CANARIES.some((canary) => answer.includes(canary) && !bytes.includes(canary))) {
          throw new Error(`it leaked a secret: ${answer.slice(0, 400)}`);
        }
        const [sound] = (await say(port, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'))).split(
          '\r\n',
        );
        if (sound !== 'HTTP/1.1 401 Unauthorized') throw new Error(`the next one got ${sound}`);
        if (failures.length > 0) throw failures[0];
        checkPrototypes();
      });
    } finally {
      handler.close();
      server.closeAllConnections();
      server.close();
    }
  },
};

/** A browser rebuilds the view of the server, whatever processes are called. */
export const feed: Target = {
  name: 'feed',
  share: 2,
  run: (cases) => cases.each(fc.tuple(view, view), ([before, after]) => check(before, after)),
};

function check(before: ClusterView, after: ClusterView): void {
  const nothing: ClusterView = { timestamp: 0, monotonic: 0, nodes: [] };
  const overWire: ReturnType<typeof viewChanges>[] = JSON.parse(
    JSON.stringify([viewChanges(undefined, before), viewChanges(before, after)]),
  );
  const reached = overWire.reduce(withViewChanges, nothing);
  const sorted = ({ nodes, timestamp }: ClusterView): unknown => ({
    timestamp,
    nodes: nodes.map(({ node, processes }) => ({
      node,
      processes: processes.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    })),
  });
  if (!isDeepStrictEqual(sorted(reached), sorted(after))) throw new Error('the browser sees something else');
  checkPrototypes();
}
