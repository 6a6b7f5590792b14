import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../../src/clock.js';
import { AUTHORIZE_MS, type Authorize } from '../../../src/dashboard/server/authorization.js';
import type { DashboardOptions } from '../../../src/dashboard/server/dashboard-options.js';
import { type Dashboard, serveDashboard } from '../../../src/dashboard/server/start-dashboard.js';
import { schedulerOf } from '../../../streams/index.js';
import { ToldSource } from '../../helpers/cluster-source.js';
import { ask, Listener } from '../../helpers/dashboard-client.js';

const assets = join(import.meta.dirname, 'fixture', 'web');
const SCRIPT = '/main-abcd1234.js';
const TOKEN = 'a-token-of-enough-letters';
const UPGRADE =
  'GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

const open = new Set<Dashboard>();
const clock = new SimulatedClock();
const errors: Error[] = [];

async function serve(options: DashboardOptions & { readonly authorize: Authorize }): Promise<Dashboard> {
  const dashboard = await serveDashboard(
    { port: 0, source: new ToldSource(), assets, onError: (error) => errors.push(error), ...options },
    { scheduler: schedulerOf(clock) },
  );
  open.add(dashboard);
  return dashboard;
}

afterEach(async () => {
  for (const dashboard of open) await dashboard.close();
  open.clear();
  errors.length = 0;
});

const isSignedIn: Authorize = ({ headers }) => /\bsession=alice\b/.test(headers.cookie ?? '');
const signedIn = { Cookie: 'session=alice' };

/** What the page, a file, the address of the WebSocket and the WebSocket itself answer. */
async function answers(port: number, headers: Record<string, string> = {}): Promise<readonly (number | string)[]> {
  const statuses: (number | string)[] = [];
  for (const path of ['/', SCRIPT, '/feed']) statuses.push((await ask(port, path, { headers })).status);
  const feed = await Listener.open(port, '/feed', headers).catch((error: Error) => error);
  if (feed instanceof Error) return [...statuses, feed.message];
  const { type } = await feed.got('welcome');
  feed.webSocket.terminate();
  return [...statuses, type];
}

describe('authorize', () => {
  test('is asked for the page, its files and the WebSocket alike', async () => {
    const { port } = await serve({ authorize: isSignedIn });
    expect(await answers(port)).toEqual([403, 403, 403, 'refused: 403']);
    expect(await answers(port, { Cookie: 'session=mallory' })).toEqual([403, 403, 403, 'refused: 403']);
    expect(await answers(port, signedIn)).toEqual([200, 200, 426, 'welcome']);
    expect(errors).toEqual([]);
  });

  test('may take its time', async () => {
    const { port } = await serve({
      authorize: async (request) => {
        await new Promise(setImmediate);
        return (await isSignedIn(request)) ? ['view', 'trace'] : [];
      },
    });
    expect(await answers(port)).toEqual([403, 403, 403, 'refused: 403']);
    expect(await answers(port, signedIn)).toEqual([200, 200, 426, 'welcome']);
  });

  test('refuses all when it throws, and says so to onError alone', async () => {
    const { port } = await serve({
      authorize: () => {
        throw new Error('no session store');
      },
    });
    expect(await answers(port, signedIn)).toEqual([500, 500, 500, 'refused: 500']);
    expect((await ask(port, '/')).body).not.toContain('session store');
    expect(errors).toHaveLength(5);
    for (const { message } of errors) expect(message).toContain('authorize threw: no session store');
  });

  test('comes after the token, where there is one, and both are needed', async () => {
    const { port, url } = await serve({ authorize: isSignedIn, token: TOKEN });
    expect(url).toContain(TOKEN);
    const bearer = { Authorization: `Bearer ${TOKEN}` };
    expect(await answers(port, signedIn)).toEqual([401, 401, 401, 'refused: 401']);
    expect(await answers(port, bearer)).toEqual([403, 403, 403, 'refused: 403']);
    expect(await answers(port, { ...signedIn, ...bearer })).toEqual([200, 200, 426, 'welcome']);
  });

  test('takes the place of the token beyond loopback, and lets in through proxies', async () => {
    const { port, url } = await serve({ authorize: isSignedIn, host: '0.0.0.0' });
    expect(url).not.toContain('token');
    expect(await answers(port, { ...signedIn, 'X-Forwarded-For': '203.0.113.9' })).toEqual([200, 200, 426, 'welcome']);
    expect(await answers(port, { 'X-Forwarded-For': '203.0.113.9' })).toEqual([403, 403, 403, 'refused: 403']);
  });

  test('is not asked of pages from elsewhere, whose requests bear the cookies of their victim', async () => {
    let asked = 0;
    const { port } = await serve({
      authorize: () => {
        asked += 1;
        return true;
      },
    });
    const elsewhere = { ...signedIn, Origin: 'https://evil.example' };
    await expect(Listener.open(port, '/feed', elsewhere)).rejects.toThrow('refused: 403');
    expect((await ask(port, '/', { headers: { Host: 'evil.example' } })).status).toBe(403);
    expect((await ask(port, '/', { method: 'POST' })).status).toBe(405);
    expect(asked).toBe(0);
  });
});

describe('an authorize that does not answer', () => {
  /** Resolves when it has been asked so many times. */
  function hanging() {
    const waiting: (() => void)[] = [];
    let asked = 0;
    const authorize: Authorize = () => {
      asked += 1;
      for (const check of waiting) check();
      return new Promise(() => undefined);
    };
    const wasAsked = (times: number): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (asked >= times) resolve();
        };
        waiting.push(check);
        check();
      });
    return { authorize, wasAsked };
  }

  test('holds neither requests nor sockets for longer than 5 s', async () => {
    const { authorize, wasAsked } = hanging();
    const { port } = await serve({ authorize });
    const answered = ask(port, '/');
    const refused = Listener.open(port).catch((error: Error) => error.message);
    await wasAsked(2);
    clock.advance(AUTHORIZE_MS);
    expect((await answered).status).toBe(503);
    expect(await refused).toBe('refused: 503');
    expect(errors.map(({ message }) => message)).toEqual(
      Array.from({ length: 2 }, () => expect.stringContaining('authorize did not answer within 5000 ms')),
    );
  });

  test('keeps no dashboard from closing', async () => {
    const { authorize, wasAsked } = hanging();
    const dashboard = await serve({ authorize });
    const refused = Listener.open(dashboard.port).catch((error: Error) => error.message);
    await wasAsked(1);
    open.delete(dashboard);
    await dashboard.close();
    expect(await refused).toBe('refused: 503');
  });

  test('survives clients that hang up meanwhile', async () => {
    const { authorize, wasAsked } = hanging();
    const { port } = await serve({ authorize });
    for (let i = 1; i <= 20; i += 1) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(UPGRADE);
      await wasAsked(i);
      socket.resetAndDestroy();
    }
    clock.advance(AUTHORIZE_MS);
    await expect.poll(() => errors.length).toBe(20);
    expect((await ask(port, '/nothing')).status).toBe(404);
  });
});

test('what a client says before it is authorized counts once it is', async () => {
  const answers: ((isAllowed: boolean) => void)[] = [];
  const authorize: Authorize = () => new Promise((resolve) => answers.push(resolve));
  const { port } = await serve({ authorize });
  const socket = connect(port, '127.0.0.1');
  socket.write(UPGRADE);
  await expect.poll(() => answers.length).toBe(1);
  // A text frame, masked: 'x'.
  socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78]));
  answers[0]?.(true);
  let received = Buffer.alloc(0);
  const POLICY_VIOLATION = Buffer.from([0x03, 0xf0]);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (received.includes(POLICY_VIOLATION)) break;
  }
  expect(received.toString()).toMatch(/^HTTP\/1.1 101 /);
});
