import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { ask, Listener } from '../../helpers/dashboard-client.js';
import { freePort, type RealProcess, startMounted } from '../../helpers/node-process.js';

let server: RealProcess | undefined;

afterEach(async () => {
  server?.signal('SIGKILL');
  await server?.ended;
  server = undefined;
});

/** Sends the form of the login. Resolves with the status and the cookie. */
function signIn(port: number, password: string): Promise<readonly [status: number | undefined, cookie: string]> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/login', method: 'POST', headers }, (response) => {
      response.resume();
      const [pair = ''] = response.headers['set-cookie']?.[0]?.split(';') ?? [];
      resolve([response.statusCode, pair]);
    });
    asked.on('error', reject);
    asked.end(new URLSearchParams({ password }).toString());
  });
}

describe.each(['http.ts', 'express.ts', 'fastify.ts'] as const)('the dashboard in the server of %s', (program) => {
  /** Resolves with its port and the password of its login. */
  async function start(): Promise<{ readonly port: number; readonly password: string }> {
    const port = await freePort();
    const started = startMounted(program, port);
    server = started;
    await started.printed((output) => /with the password \S+\n/.test(output));
    const [, password = ''] = /with the password (\S+)/.exec(started.output()) ?? [];
    return { port, password };
  }

  /** The files that its page loads. */
  async function filesOf(port: number, headers: Record<string, string>): Promise<readonly string[]> {
    const { body } = await ask(port, '/ops/', { headers });
    return [...body.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file = '']) => file);
  }

  test('shows its page, its files and the cluster to those who have signed in, and ends with the server', async () => {
    const { port, password } = await start();
    const [status, cookie] = await signIn(port, password);
    expect(status).toBe(303);
    const headers = { Cookie: cookie };

    expect((await ask(port, '/')).body).toBe('The shop is open.\n');
    const page = await ask(port, '/ops/', { headers });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect((await ask(port, '/ops', { headers })).body).toBe(page.body);
    const files = await filesOf(port, headers);
    expect(files).toHaveLength(3);
    for (const file of files) expect((await ask(port, `/ops/${file}`, { headers })).status).toBe(200);

    const browser = await Listener.open(port, '/ops/feed', { ...headers, Origin: `http://127.0.0.1:${port}` });
    const view = await browser.got('view', ({ processes }) => processes.length === 1);
    expect(view.nodes).toMatchObject([{ status: 'connected', serverCount: 3, supervisorCount: 1 }]);
    expect(view.nodes[0]?.nodeId).toMatch(/^shop@127\.0\.0\.1:\d+$/);

    const elsewhere = { ...headers, Origin: 'http://evil.example' };
    await expect(Listener.open(port, '/ops/feed', elsewhere)).rejects.toThrow('refused: 403');
    expect((await ask(port, '/ops/', { headers: { ...headers, Host: 'evil.example' } })).status).toBe(403);
    expect((await ask(port, '/ops/', { method: 'POST', headers })).status).toBeGreaterThanOrEqual(404);

    const closed = browser.closed();
    server?.signal('SIGTERM');
    expect(await closed).toBe(1001);
    expect(await server?.ended).toBe(0);
  });

  test('shows nothing of it, by no way there is, to those who have not signed in', async () => {
    const { port, password } = await start();
    const [, cookie] = await signIn(port, password);
    const files = await filesOf(port, { Cookie: cookie });
    const [wrongStatus, noCookie] = await signIn(port, `${password}x`);
    expect([wrongStatus, noCookie]).toEqual([401, '']);

    for (const headers of [{}, { Cookie: `${cookie}x` }, { Cookie: 'shop=' }, { Authorization: 'Bearer x' }]) {
      for (const path of ['/ops', '/ops/', '/ops/feed', ...files.map((file) => `/ops/${file}`)]) {
        const { status, body } = await ask(port, path, { headers });
        expect([302, 403]).toContain(status);
        expect(body).not.toMatch(/<script|noex/);
      }
      for (const path of ['/ops/feed', '/ops/feed?x=1']) {
        await expect(Listener.open(port, path, { ...headers })).rejects.toThrow('refused: 403');
      }
    }
  });
});
