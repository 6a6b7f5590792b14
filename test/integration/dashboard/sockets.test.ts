import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { BrowserSockets } from '../../../src/dashboard/server/browser-sockets.js';
import type { MessageSink } from '../../../src/dashboard/server/dashboard-feed.js';

const MIB = 1024 * 1024;
/** More than the operating system keeps for a connection on loopback. */
const STATE = 'x'.repeat(16 * MIB);

let server: Server;
let sockets: BrowserSockets;
let outlets: MessageSink[] = [];
const clients: WebSocket[] = [];

beforeEach(async () => {
  outlets = [];
  server = createServer();
  const connect = (outlet: MessageSink): (() => void) => {
    outlets.push(outlet);
    return () => undefined;
  };
  sockets = new BrowserSockets({ connect }, 40 * MIB);
  server.on('upgrade', (request, socket, head) => sockets.accept(request, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  sockets.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function open(): Promise<{ readonly client: WebSocket; readonly outlet: MessageSink }> {
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  client.on('error', () => undefined);
  clients.push(client);
  await once(client, 'open');
  await vi.waitFor(() => expect(outlets.length).toBe(clients.length), { timeout: 10_000 });
  const outlet = outlets.at(-1);
  if (outlet === undefined) throw new Error('it was not connected');
  return { client, outlet };
}

const isClosed = (client: WebSocket): boolean => client.readyState === WebSocket.CLOSED;

describe('browsers that do not read', () => {
  test('are disconnected, the slowest first, when too much waits for all of them; one that reads is not', async () => {
    const quick = await open();
    const slow = await open();
    const slower = await open();
    const last = await open();
    for (const { client } of [slow, slower, last]) client.pause();
    const nothing = (): void => undefined;
    slower.outlet.send(STATE, nothing);
    slow.outlet.send(STATE, nothing);
    last.outlet.send(STATE, nothing);
    await new Promise<void>((resolve) => quick.outlet.send('news', resolve));
    for (const { client } of [slow, slower, last]) client.resume();
    await vi.waitFor(() => expect(isClosed(slower.client)).toBe(true), { timeout: 10_000 });
    expect([quick, slow, last].map(({ client }) => isClosed(client))).toEqual([false, false, false]);
  });
});

describe('a browser', () => {
  test('cannot send a message in pieces', async () => {
    const { client } = await open();
    client.send('x', { fin: false });
    client.send('x', { fin: false });
    await vi.waitFor(() => expect(isClosed(client)).toBe(true), { timeout: 10_000 });
  });

  test('cannot ping all the time', async () => {
    const { client } = await open();
    for (let n = 0; n < 100; n += 1) client.ping();
    await vi.waitFor(() => expect(isClosed(client)).toBe(true), { timeout: 10_000 });
  });
});
