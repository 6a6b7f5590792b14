import { afterEach, describe, expect, test } from 'vitest';
import { ask, Listener } from '../../helpers/dashboard-client.js';
import { freePort, type RealProcess, startMounted } from '../../helpers/node-process.js';

let server: RealProcess | undefined;

afterEach(async () => {
  server?.signal('SIGKILL');
  await server?.ended;
  server = undefined;
});

describe.each(['http.ts', 'express.ts', 'fastify.ts'] as const)('the dashboard in the server of %s', (program) => {
  test('shows its page, its files and the cluster below its path, and ends with the server', async () => {
    const port = await freePort();
    server = startMounted(program, port);
    await server.printed((output) => output.includes(`http://127.0.0.1:${port}/ops/`));

    expect((await ask(port, '/')).body).toBe('The shop is open.\n');

    const page = await ask(port, '/ops/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect((await ask(port, '/ops')).body).toBe(page.body);
    const files = [...page.body.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file);
    expect(files.length).toBeGreaterThanOrEqual(3);
    for (const file of files) expect((await ask(port, `/ops/${file}`)).status).toBe(200);

    const browser = await Listener.open(port, '/ops/feed', { Origin: `http://127.0.0.1:${port}` });
    const view = await browser.got('view', ({ processes }) => processes.length === 1);
    expect(view.nodes).toMatchObject([{ status: 'connected', servers: 3, supervisors: 1 }]);
    expect(view.nodes[0]?.nodeId).toMatch(/^shop@127\.0\.0\.1:\d+$/);

    await expect(Listener.open(port, '/ops/feed', { Origin: 'http://evil.example' })).rejects.toThrow('refused: 403');
    expect((await ask(port, '/ops/', { headers: { Host: 'evil.example' } })).status).toBe(403);
    expect((await ask(port, '/ops/', { method: 'POST' })).status).toBeGreaterThanOrEqual(404);

    const closed = browser.closed();
    server.signal('SIGTERM');
    expect(await closed).toBe(1001);
    expect(await server.ended).toBe(0);
  });
});
