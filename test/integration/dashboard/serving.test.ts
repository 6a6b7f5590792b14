import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../../src/clock.js';
import { createHandler } from '../../../src/dashboard/server/dashboard-handler.js';
import { checkHandlerOptions, type DashboardHandlerOptions } from '../../../src/dashboard/server/dashboard-options.js';
import { type Dashboard, serveDashboard, startDashboard } from '../../../src/dashboard/server/start-dashboard.js';
import { ListenError } from '../../../src/index.js';
import { schedulerOf } from '../../../streams/index.js';
import { ToldSource } from '../../helpers/cluster-source.js';
import { ask, Listener } from '../../helpers/dashboard-client.js';
import { clusterOf, nodeAt } from '../../helpers/snapshots.js';

const assets = join(import.meta.dirname, 'fixture', 'web');

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function serve(source: ToldSource, clock: SimulatedClock): Promise<Dashboard> {
  const dashboard = await serveDashboard({ port: 0, source, assets }, { scheduler: schedulerOf(clock) });
  endings.push(dashboard.close);
  return dashboard;
}

/** A server with pages of its own, which leaves some requests to the dashboard. Resolves with its port. */
async function mount(
  options: DashboardHandlerOptions,
  server = createServer(),
): Promise<{ readonly port: number; readonly elsewhere: string[]; readonly close: () => void }> {
  const elsewhere: string[] = [];
  const dashboard = createHandler(checkHandlerOptions({ source: new ToldSource(), assets, ...options }));
  server.on('request', (request, response) => {
    dashboard.handler(request, response, () => {
      elsewhere.push(`${request.method} ${request.url}`);
      response.end('another page');
    });
  });
  server.on('upgrade', (request, socket, head) => {
    dashboard.upgrade(request, socket, head, () => {
      elsewhere.push(`upgrade ${request.url}`);
      socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => {
    dashboard.close();
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, elsewhere, close: dashboard.close };
}

describe('a dashboard mounted under a path', () => {
  test('is there, and nowhere else', async () => {
    const { port, elsewhere } = await mount({ path: '/ops' });
    expect((await ask(port, '/ops/')).body).toContain('fixture');
    expect((await ask(port, '/ops/main-abcd1234.js')).status).toBe(200);
    for (const path of ['/', '/opsx/', '/OPS/', '/ops/nothing', '/x/ops/']) {
      expect((await ask(port, path)).body).toBe('another page');
    }
    expect((await ask(port, '/ops/nothing', { method: 'POST' })).body).toBe('another page');
    expect(elsewhere).toHaveLength(6);
    const listener = await Listener.open(port, '/ops/feed');
    expect((await listener.got('welcome')).type).toBe('welcome');
    listener.webSocket.terminate();
    await expect(Listener.open(port, '/feed')).rejects.toThrow();
    expect(elsewhere.at(-1)).toBe('upgrade /feed');
  });

  test('shows its page without the slash as well, which only the browser can add behind a proxy', async () => {
    const { port } = await mount({ path: '/a/ops' });
    const { status, headers, body } = await ask(port, '/a/ops?x=y');
    expect([status, headers.location]).toEqual([200, undefined]);
    expect(body).toBe((await ask(port, '/a/ops/')).body);
  });

  test('leaves the path of its cookie to the browser, which alone knows it behind a proxy', async () => {
    const { port } = await mount({ path: '/ops', token: 'a-token-of-enough-letters' });
    for (const path of ['/ops', '/ops/']) {
      const { headers } = await ask(port, `${path}?token=a-token-of-enough-letters`);
      expect(headers['set-cookie']?.[0]).toMatch(/^noex-[^;]+; HttpOnly; SameSite=Strict$/);
    }
  });

  test('stays closed, although browsers come back by themselves', async () => {
    const { port, elsewhere, close } = await mount({ path: '/ops' });
    const listener = await Listener.open(port, '/ops/feed');
    const closed = listener.closed();
    close();
    await closed;
    await expect(Listener.open(port, '/ops/feed')).rejects.toThrow('503');
    expect(await ask(port, '/ops/')).toMatchObject({ status: 503, body: 'This dashboard was closed.\n' });
    expect((await ask(port, '/')).body).toBe('another page');
    expect(elsewhere).toEqual(['GET /']);
  });

  test('keeps from others neither what they may see nor that they may not', async () => {
    const { port, elsewhere } = await mount({ token: 'a-token-of-enough-letters' });
    expect((await ask(port, '/')).status).toBe(401);
    expect((await ask(port, '/api/orders', { method: 'POST' })).body).toBe('another page');
    expect((await ask(port, '/api/orders', { headers: { Host: 'shop.example' } })).body).toBe('another page');
    expect(elsewhere).toEqual(['POST /api/orders', 'GET /api/orders']);
  });
});

describe('startDashboard', () => {
  test('says what to do when the port is taken', async () => {
    const { port } = await serve(new ToldSource(), new SimulatedClock());
    const second = startDashboard({ port, source: new ToldSource() });
    await expect(second).rejects.toBeInstanceOf(ListenError);
    await expect(second).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: port ${port} is taken; stop what uses it, or choose another port`,
    );
  });

  test('says so when the address is of another machine', async () => {
    await expect(startDashboard({ host: '192.0.2.1', port: 0, source: new ToldSource() })).rejects.toThrow(
      'this machine has no such address',
    );
  });

  test('returns its address, and releases everything when it is closed', async () => {
    const source = new ToldSource();
    const dashboard = await serveDashboard({ port: 0, source, assets });
    expect(dashboard.url).toBe(`http://127.0.0.1:${dashboard.port}/`);
    const listener = await Listener.open(dashboard.port);
    const closed = listener.closed();
    await dashboard.close();
    await closed;
    await expect(ask(dashboard.port, '/')).rejects.toThrow('ECONNREFUSED');
    expect([source.snapshots.observed, source.polled.observed, source.entries.observed]).toEqual([false, false, false]);
  });
});

describe('a browser that stops reading', () => {
  test('costs a bounded amount, and is shown the newest state when it reads again', async () => {
    const source = new ToldSource();
    const clock = new SimulatedClock();
    const { port } = await serve(source, clock);
    const stuck = await Listener.open(port);
    const quick = await Listener.open(port);
    await stuck.got('welcome');
    await quick.got('welcome');
    stuck.webSocket.pause();
    const VIEWS = 60;
    const { tree: _tree, ...base } = nodeAt(
      0,
      Object.fromEntries(Array.from({ length: 5000 }, (_each, at) => [`p${at}`, {}])),
    );
    for (let round = 1; round <= VIEWS; round += 1) {
      const timestamp = clock.now();
      const servers = base.servers.map((row) => ({ ...row, uptimeMs: 0, queueSize: round }));
      source.snapshots.next({ ...clusterOf({ a: { ...base, tree: [], timestamp, servers } }), timestamp });
      await quick.got('view', (view) => view.timestamp === timestamp);
      clock.advance(1000);
    }
    const last = clock.now() - 1000;
    stuck.webSocket.resume();
    const newest = await stuck.got('view', ({ timestamp }) => timestamp === last);
    expect(newest.processes[0]?.rows).toHaveLength(5000);
    // The first view comes in five parts.
    expect(quick.messages.filter(({ type }) => type === 'view')).toHaveLength(VIEWS + 4);
    // What fits in the buffers of the operating system was sent before, and no more than that was kept.
    expect(stuck.messages.filter(({ type }) => type === 'view').length).toBeLessThan(VIEWS / 2);
  });
});
