import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { MAX_BROWSERS } from '../../../src/dashboard/server/browser-sockets.js';
import type { DashboardOptions } from '../../../src/dashboard/server/dashboard-options.js';
import { type Dashboard, serveDashboard } from '../../../src/dashboard/server/start-dashboard.js';
import { ToldSource } from '../../helpers/cluster-source.js';
import { ask, Listener } from '../../helpers/dashboard-client.js';

const assets = join(import.meta.dirname, 'fixture', 'web');
const TOKEN = 'a-token-of-enough-letters';
const SCRIPT = '/main-abcd1234.js';

const open = new Set<Dashboard>();

async function serve(options: DashboardOptions = {}): Promise<Dashboard> {
  const dashboard = await serveDashboard({ port: 0, source: new ToldSource(), assets, ...options });
  open.add(dashboard);
  return dashboard;
}

afterEach(async () => {
  for (const dashboard of open) await dashboard.close();
  open.clear();
});

test('a client that sends its headers ever so slowly is disconnected within seconds', async () => {
  const { port } = await serve();
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
  const dribbling = setInterval(() => socket.write('x'), 100);
  const begun = performance.now();
  await closed;
  clearInterval(dribbling);
  // Far less than the 30 s after which Node.js would look by default.
  expect(performance.now() - begun).toBeLessThan(20_000);
});

describe('the page', () => {
  test('and its files are served with all that a browser can be asked to enforce', async () => {
    const { port } = await serve();
    for (const path of ['/', SCRIPT, '/nothing', '/feed']) {
      const { headers } = await ask(port, path);
      expect(headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
          "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('is never kept, what has a hash in its name for ever', async () => {
    const { port } = await serve();
    const page = await ask(port, '/');
    const script = await ask(port, SCRIPT);
    const icon = await ask(port, '/icon.svg');
    expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-store',
    ]);
    expect(script.headers['cache-control']).toBe('private, max-age=31536000, immutable');
    expect(icon.headers['cache-control']).toBe('no-cache');
    const again = await ask(port, '/icon.svg', { headers: { 'If-None-Match': icon.headers.etag } });
    expect([again.status, again.body]).toEqual([304, '']);
  });

  test('is compressed for those who take that', async () => {
    const { port } = await serve();
    const plain = await ask(port, SCRIPT);
    const compressed = await ask(port, SCRIPT, { headers: { 'Accept-Encoding': 'br, gzip' } });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(compressed.headers['content-encoding']).toBe('gzip');
    expect(Number(compressed.headers['content-length'])).toBeLessThan(plain.body.length / 2);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('does not know %s', async (method) => {
    const { port } = await serve();
    for (const path of ['/', '/feed', SCRIPT]) {
      const { status, headers } = await ask(port, path, { method });
      expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
    }
  });

  test('answers HEAD without a body', async () => {
    const { port } = await serve();
    const { status, headers, body } = await ask(port, '/', { method: 'HEAD' });
    expect([status, body]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(50);
  });

  test.each([
    '/../outside.txt',
    '/..%2foutside.txt',
    '/%2e%2e/outside.txt',
    '/....//outside.txt',
    '/\\..\\outside.txt',
    '//127.0.0.1/',
    '/secret.key',
    '/index.html/..',
    '/%',
    '/\0',
    '/__proto__',
    'http://evil.example/',
    '*',
  ])('gives away no other file: %j', async (path) => {
    const { port } = await serve();
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 40[04] /);
  });

  test.each(['bytes=5-2', 'bytes=abc', 'bytes=-1', 'bytes=0-1,3-4', 'bytes=99999999-'])(
    'comes whole, whatever part is asked for: %s',
    async (range) => {
      const { port } = await serve();
      const { status, body } = await ask(port, SCRIPT, { headers: { Range: range } });
      expect([status, body.length]).toEqual([200, (await ask(port, SCRIPT)).body.length]);
    },
  );
});

describe('without a token', () => {
  test.each(['127.0.0.1:1234', 'localhost', 'LOCALHOST:80', '[::1]:4000', '192.168.1.2'])(
    'it may be called %s',
    async (host) => {
      const { port } = await serve();
      expect((await ask(port, '/', { headers: { Host: host } })).status).toBe(200);
    },
  );

  test.each([
    'evil.example',
    'evil.example:4000',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'localhost@evil.example',
    'evil.example#localhost',
    'localhost:x',
  ])('a page whose name %j was made to lead here gets nothing', async (host) => {
    const { port } = await serve();
    const { status, body } = await ask(port, '/', { headers: { Host: host } });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).not.toContain('fixture');
    await expect(Listener.open(port, '/feed', { Host: host })).rejects.toThrow(/refused: 40[03]/);
  });

  test('names that are said aloud are as good', async () => {
    const { port } = await serve({ hosts: ['Dash.example'] });
    expect((await ask(port, '/', { headers: { Host: 'dash.example:4000' } })).status).toBe(200);
  });

  test.each(['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP'])(
    'no request is let in through a proxy, which would make every client look local: %s',
    async (header) => {
      const { port } = await serve();
      const { status, body } = await ask(port, '/', { headers: { [header]: '203.0.113.1' } });
      expect(status).toBe(403);
      expect(body).toMatch(/token/);
    },
  );
});

describe('with a token', () => {
  test('beyond loopback there is one, made up when none is given', async () => {
    const { url, port } = await serve({ host: '0.0.0.0' });
    const token = new URL(url).searchParams.get('token') ?? '';
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect((await ask(port, '/')).status).toBe(401);
    expect((await ask(port, `/?token=${token}`)).status).toBe(200);
    const other = await serve({ host: '0.0.0.0' });
    expect(other.url).not.toContain(token);
  });

  test('said aloud, none is wanted', async () => {
    const { url, port } = await serve({ token: false });
    expect(url).not.toContain('token');
    expect((await ask(port, '/')).status).toBe(200);
    expect((await ask(port, '/', { headers: { Host: 'evil.example' } })).status).toBe(403);
  });

  test('the link opens the dashboard, and the address then shows no token', async () => {
    const { url, port } = await serve({ token: TOKEN });
    expect(url).toBe(`http://127.0.0.1:${port}/?token=${TOKEN}`);
    const { status, headers, body } = await ask(port, `/?token=${TOKEN}`);
    const [cookie = ''] = headers['set-cookie'] ?? [];
    expect(status).toBe(200);
    expect(body).toContain('location.replace(');
    expect(cookie).toMatch(/^noex-[0-9a-f]{12}=[\w-]{43}; HttpOnly; SameSite=Strict$/);
    expect(cookie + body).not.toContain(TOKEN);
    const [pair = ''] = cookie.split(';');
    expect((await ask(port, '/', { headers: { Cookie: `a=b; ${pair}; c=d` } })).body).toContain('fixture');
    const listener = await Listener.open(port, '/feed', { Cookie: pair, Origin: `http://127.0.0.1:${port}` });
    expect((await listener.got('welcome')).version).toMatch(/^\d/);
    listener.webSocket.terminate();
  });

  test('programs show it in a header', async () => {
    const { port } = await serve({ token: TOKEN });
    const headers = { Authorization: `Bearer ${TOKEN}` };
    expect((await ask(port, '/', { headers })).status).toBe(200);
    const listener = await Listener.open(port, '/feed', headers);
    listener.webSocket.terminate();
  });

  test('it may be called whatever one likes: who has no token gets nothing there either', async () => {
    const { port } = await serve({ token: TOKEN });
    const Host = 'dash.example';
    expect((await ask(port, '/', { headers: { Host } })).status).toBe(401);
    expect((await ask(port, '/', { headers: { Host, Authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
  });

  test.each([
    ['no token', '/', {}],
    ['a wrong one', '/?token=a-token-of-enough-lettert', {}],
    ['a shorter one', '/?token=a-token', {}],
    ['a longer one', `/?token=${TOKEN}s`, {}],
    ['an empty one', '/?token=', {}],
    ['a wrong header', '/', { Authorization: 'Bearer wrong' }],
    ['the token in another scheme', '/', { Authorization: `Basic ${TOKEN}` }],
    ['the token as a cookie', '/', { Cookie: `token=${TOKEN}; noex=${TOKEN}` }],
  ])('a request with %s is refused', async (_what, path, headers) => {
    const { port } = await serve({ token: TOKEN });
    const answer = await ask(port, path, { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.body).toMatch(/Open the link that was printed when it (last )?started/);
    for (const place of [SCRIPT, '/error?line=1', '/links?node=a'])
      expect((await ask(port, place, { headers })).status).toBe(401);
    await expect(Listener.open(port, '/feed', headers)).rejects.toThrow('refused: 401');
  });

  test('a browser without the token gets a page with a form for it, which may send only to its own origin', async () => {
    const { port } = await serve({ token: TOKEN });
    const answer = await ask(port, '/?token=%3Cscript%3E', { headers: { Accept: 'text/html,*/*;q=0.8' } });
    expect(answer.status).toBe(401);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringMatching(/default-src 'none'.*form-action 'self'/),
    });
    expect(answer.body).toContain('name="token"');
    expect(answer.body).not.toContain('<script');
  });

  test('a page can ask why its WebSocket is refused', async () => {
    const { port } = await serve({ token: TOKEN });
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const foreign = await ask(port, '/feed?origin=https%3A%2F%2Fops.example.com', { headers });
    expect([foreign.status, foreign.body]).toEqual([
      403,
      expect.stringContaining("add 'ops.example.com' to the option"),
    ]);
    const own = await ask(port, `/feed?origin=http%3A%2F%2F127.0.0.1%3A${port}`, { headers });
    expect(own.status).toBe(426);
  });

  test('the token in the address of a file, or of the WebSocket, opens neither', async () => {
    const { port } = await serve({ token: TOKEN });
    expect((await ask(port, `${SCRIPT}?token=${TOKEN}`)).status).toBe(401);
    await expect(Listener.open(port, `/feed?token=${TOKEN}`)).rejects.toThrow('refused: 401');
  });

  test('the cookie of one dashboard does not open another, nor a restarted one with another token', async () => {
    const one = await serve({ token: TOKEN });
    const other = await serve({ token: `${TOKEN}-2` });
    const { headers } = await ask(one.port, `/?token=${TOKEN}`);
    const [pair = ''] = headers['set-cookie']?.[0]?.split(';') ?? [];
    expect((await ask(other.port, '/', { headers: { Cookie: pair } })).status).toBe(401);
    await one.close();
    const again = await serve({ token: TOKEN });
    expect((await ask(again.port, '/', { headers: { Cookie: pair } })).status).toBe(200);
  });
});

describe('the WebSocket', () => {
  test.each(['http://evil.example', 'http://localhost:1', 'https://127.0.0.1', 'null', 'http://127.0.0.1', ''])(
    'does not open for a page from %j',
    async (Origin) => {
      const { port } = await serve();
      await expect(Listener.open(port, '/feed', { Origin })).rejects.toThrow('refused: 403');
    },
  );

  test('opens for its own page, and for programs', async () => {
    const { port } = await serve();
    for (const headers of [{ Origin: `http://127.0.0.1:${port}` }, {}]) {
      const listener = await Listener.open(port, '/feed', headers);
      expect((await listener.got('log')).log).toEqual([]);
      listener.webSocket.terminate();
    }
  });

  test.each(['/', '/feeds', '/x/feed', '/feed/'])('is nowhere else, as at %s', async (path) => {
    const { port } = await serve();
    await expect(Listener.open(port, path)).rejects.toThrow('refused: 404');
  });

  test('is closed when the browser sends anything', async () => {
    const { port } = await serve();
    for (const [said, code] of [
      ['{}', 1008],
      ['', 1008],
      [Buffer.from([1]), 1008],
      ['x'.repeat(17), 1009],
      ['x'.repeat(1_000_000), 1009],
    ] as const) {
      const listener = await Listener.open(port);
      const closed = listener.closed();
      listener.webSocket.send(said);
      expect(await closed).toBe(code);
    }
    expect((await ask(port, '/')).status).toBe(200);
  });

  test('takes no nonsense', async () => {
    const { port } = await serve();
    const listener = await Listener.open(port);
    const closed = listener.closed();
    const raw: unknown = Reflect.get(listener.webSocket, '_socket');
    Reflect.get(raw as object, 'write').call(raw, Buffer.alloc(64, 0xff));
    expect(await closed).toBeGreaterThan(1000);
    expect((await ask(port, '/')).status).toBe(200);
  });

  test('opens so many times, and again when one is gone', async () => {
    const { port } = await serve();
    const listeners = await Promise.all(Array.from({ length: MAX_BROWSERS }, () => Listener.open(port)));
    await expect(Listener.open(port)).rejects.toThrow('refused: 503');
    listeners[0]?.webSocket.terminate();
    const again = async (): Promise<Listener> => Listener.open(port).catch(again);
    const late = await again();
    for (const { webSocket } of [late, ...listeners]) webSocket.terminate();
  });

  test('says goodbye when the dashboard closes', async () => {
    const dashboard = await serve();
    const listener = await Listener.open(dashboard.port);
    const closed = listener.closed();
    open.delete(dashboard);
    await dashboard.close();
    expect(await closed).toBe(1001);
  });

  test('asked for as a page says what it is', async () => {
    const { port } = await serve();
    expect((await ask(port, '/feed')).status).toBe(426);
  });

  test('lets no client that is refused keep the connection', async () => {
    const dashboard = await serve();
    const socket = connect({ port: dashboard.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write('GET /feed HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.resume();
    await once(socket, 'end');
    // It waits for every connection.
    await dashboard.close();
    socket.destroy();
  });

  test('survives those who hang up while they are refused', async () => {
    const { port } = await serve();
    for (let i = 0; i < 50; i += 1) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        'GET /feed HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
      );
      socket.resetAndDestroy();
    }
    expect((await ask(port, '/')).status).toBe(200);
  });
});
