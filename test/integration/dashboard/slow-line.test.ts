import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { dashboardHandler } from '../../../src/dashboard.js';
import { createRuntime, type Runtime } from '../../../src/index.js';
import { freePort } from '../../helpers/node-process.js';

const PROCESSES = 15_000;
/** What the line carries, bytes per second. */
const LINE = 40_000;

let runtime: Runtime | undefined;
let close: (() => void) | undefined;

afterEach(async () => {
  close?.();
  await runtime?.shutdown();
});

/** The bytes that a browser behind a proxy receives until `isDone` says so of a message. */
async function bytesUntil(port: number, isDone: (message: { type: string; [field: string]: unknown }) => boolean) {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/feed`, { headers: { 'X-Forwarded-For': '192.0.2.1' } });
  const socket = new Promise<Socket>((resolve) => {
    webSocket.once('upgrade', ({ socket }) => resolve(socket as Socket));
  });
  const bytes = await new Promise<number>((resolve, reject) => {
    webSocket.once('error', reject);
    webSocket.on('message', async (data) => {
      const message = JSON.parse(String(data));
      if (isDone(message)) resolve((await socket).bytesRead);
    });
  });
  webSocket.terminate();
  return bytes;
}

test('over a line of 40 kB/s, the first rows of 15,000 processes come in two seconds, and all of them in ten', async () => {
  runtime = createRuntime();
  const { Cluster, GenServer, ClusterObserver } = runtime;
  await Cluster.start({ nodeName: 'many', port: await freePort() });
  const behavior = {
    init: () => 0,
    handleCall: (_m: 'get', n: number) => [n, n] as const,
    handleCast: (_m: 'inc', n: number) => n,
  };
  const refs = await Promise.all(
    Array.from({ length: PROCESSES }, (_, at) => GenServer.start(behavior, { name: `worker-${at}` })),
  );
  for (const ref of refs) GenServer.cast(ref, 'inc');
  const dashboard = dashboardHandler({ source: ClusterObserver, token: false, authorize: () => true });
  const server = createServer(dashboard.handler).on('upgrade', dashboard.upgrade);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  close = () => {
    dashboard.close();
    server.close();
  };
  const first = await bytesUntil(port, ({ type }) => type === 'view');
  const all = await bytesUntil(port, ({ type }) => type === 'log');
  // More of them may have come by then.
  expect(first / LINE).toBeLessThan(2);
  expect(all / LINE).toBeLessThan(10);
});
