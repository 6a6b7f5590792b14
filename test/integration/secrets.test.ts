import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { NodeId } from '../../src/cluster/node-id.js';
import type { TlsSettings } from '../../src/cluster/transport/transport.js';
import type { DashboardOptions } from '../../src/dashboard/server/dashboard-options.js';
import { serveDashboard, startDashboard } from '../../src/dashboard/server/start-dashboard.js';
import { type AttachOptions, attach } from '../../src/runtime/attach.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import type { Runtime } from '../../src/runtime/runtime-options.js';
import { issue, type Keys } from '../helpers/certificates.js';
import { ToldSource } from '../helpers/cluster-source.js';
import { ask } from '../helpers/dashboard-client.js';
import { startCli } from '../helpers/node-process.js';

/** In every secret, token and passphrase of these tests. */
const CANARY = 'canary-5f3a9c';
const SECRET = `the secret ${CANARY}`;
const TOKEN = `token-${CANARY}-of-enough-letters`;

let authority: Keys;
let stranger: Keys;
let tls: TlsSettings;
let files: string;
const keys: string[] = [];

beforeAll(async () => {
  authority = await issue('authority');
  stranger = await issue('stranger');
  const own = await issue('node', authority);
  tls = { ...own, ca: authority.cert };
  keys.push(...[authority, stranger, own].map(({ key }) => bodyOf(key)));
  files = await mkdtemp(join(tmpdir(), 'noex-secrets-'));
  const write = (name: string, text: string): Promise<void> => writeFile(join(files, name), text);
  await write('ca.pem', authority.cert);
  await write('cert.pem', own.cert);
  await write('key.pem', own.key);
  await write('broken.pem', own.key.replace(/\n[^\n]+\n/, `\n${CANARY}\n`));
  await write('text.pem', `no PEM, but ${CANARY}`);
});

afterAll(() => rm(files, { recursive: true }));

const started: { readonly runtime: Runtime; readonly errors: unknown[] }[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map(({ runtime }) => runtime.shutdown()));
});

/** A line in the middle of a key: what it is made of. */
function bodyOf(pem: string): string {
  const line = pem.split('\n')[1]?.slice(0, 40);
  if (line === undefined || line.length < 40) throw new Error('that is no key');
  return line;
}

/** That nothing of it shows a secret: message, stack, fields and causes. */
function expectNothingOf(...outputs: readonly unknown[]): void {
  const seen = outputs.map((each) => `${inspect(each, { depth: 10, maxStringLength: null })} ${each}`).join('\n');
  for (const text of [CANARY, Buffer.from(CANARY).toString('hex'), ...keys]) expect(seen).not.toContain(text);
}

async function startNode(nodeName: string, seeds: readonly NodeId[], settings?: TlsSettings, secret = SECRET) {
  const errors: unknown[] = [];
  const runtime = createRuntime({ onError: (error) => errors.push(error) });
  started.push({ runtime, errors });
  await runtime.Cluster.start({
    nodeName,
    port: 0,
    seeds,
    clusterSecret: secret,
    observerSecret: `observers ${SECRET}`,
    reconnectBaseDelayMs: 50,
    reconnectMaxDelayMs: 100,
    ...(settings !== undefined && { tls: settings }),
  });
  return { ...runtime, errors, id: runtime.Cluster.getLocalNodeId() };
}

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 5 });

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it was let in');
    },
    (error: unknown) => error,
  );
}

describe('a refused attach leaks no secret', () => {
  test.each<[string, AttachOptions]>([
    ['another secret', { clusterSecret: `another ${CANARY}` }],
    ['another secret of observers', { observerSecret: `another ${CANARY}` }],
    ['both', { clusterSecret: SECRET, observerSecret: `observers ${SECRET}` }],
    ['an empty one among them', { clusterSecret: [CANARY, ''] }],
    ['too many', { observerSecret: Array(9).fill(CANARY) }],
    ['none', {}],
  ])('because of %s', async (_, options) => {
    const { id, errors } = await startNode('nodeA', []);
    expectNothingOf(await rejectionOf(attach(id, options)), errors);
  });

  test('because of its certificate, or that of the node', async () => {
    const { id, errors } = await startNode('nodeA', [], { ...tls, requestPeerCert: true });
    const foreign = await issue('node', stranger);
    keys.push(bodyOf(foreign.key));
    const attempts: AttachOptions[] = [
      { clusterSecret: SECRET },
      { clusterSecret: SECRET, tls: { ca: authority.cert } },
      { clusterSecret: SECRET, tls: { ca: stranger.cert } },
      { clusterSecret: SECRET, tls: { ...foreign, ca: authority.cert } },
    ];
    for (const options of attempts) expectNothingOf(await rejectionOf(attach(id, options)));
    expectNothingOf(errors);
  });

  test('because of a key that cannot be used', async () => {
    const { cert, key } = tls as Keys;
    const broken = key.replace(/\n[^\n]+\n/, `\n${CANARY}\n`);
    for (const wrong of [{ key: broken }, { key: CANARY }, { cert: CANARY }, { ca: CANARY }, { passphrase: CANARY }]) {
      const settings = { cert, key, ca: authority.cert, ...wrong };
      expectNothingOf(await rejectionOf(attach('nodeA@127.0.0.1:1', { clusterSecret: SECRET, tls: settings })));
    }
    const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: CANARY } as const;
    const locked = createPrivateKey(key).export(cipher).toString();
    keys.push(bodyOf(locked));
    const settings = { cert, key: locked, ca: authority.cert };
    expectNothingOf(await rejectionOf(attach('nodeA@127.0.0.1:1', { clusterSecret: SECRET, tls: settings })));
    const other = { cert, key: stranger.key, ca: authority.cert };
    expectNothingOf(await rejectionOf(attach('nodeA@127.0.0.1:1', { clusterSecret: SECRET, tls: other })));
  });
});

describe('nodes that cannot link leak no secret', () => {
  test.each<[string, () => Promise<readonly [TlsSettings | undefined, TlsSettings | undefined]>]>([
    ['of another authority', async () => [{ ...(await issue('node', stranger)), ca: stranger.cert }, tls]],
    [
      'with a certificate that is not accepted',
      async () => [
        { ...tls, requestPeerCert: true },
        { ...(await issue('node', stranger)), ca: authority.cert },
      ],
    ],
    ['with TLS, dialled without', async () => [tls, undefined]],
    ['without TLS, dialled with', async () => [undefined, tls]],
    ['with another secret', async () => [tls, tls]],
  ])('%s', async (what, settingsOf) => {
    const [there, here] = await settingsOf();
    for (const each of [there, here]) if (typeof each?.key === 'string') keys.push(bodyOf(each.key));
    const a = await startNode('nodeA', [], there);
    const b = await startNode('nodeB', [a.id], here, what === 'with another secret' ? `another ${CANARY}` : SECRET);
    const attached = attach(a.id, { clusterSecret: SECRET, ...(here !== undefined && { tls: here }) });
    // Where only the secret is wrong, the right one lets it in.
    expectNothingOf(await attached.then(({ detach }) => detach()).catch((error: unknown) => error));
    if (!what.startsWith('with a certificate') && !what.endsWith('without')) {
      await eventually(() => expect([...a.errors, ...b.errors].length).toBeGreaterThan(0));
    }
    expect([a.Cluster.getConnectedNodes(), b.Cluster.getConnectedNodes()]).toEqual([[], []]);
    expectNothingOf(a.errors, b.errors);
  });
});

describe('the command line leaks no secret', () => {
  async function outputOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const cli = startCli(args, env);
    expect(await cli.ended).toBe(1);
    expect(cli.output()).toMatch(/^noex: .*\n$/);
    return cli.output();
  }

  test.each(['observe', 'dashboard'])('when %s is given one that does not fit', async (command) => {
    const { id } = await startNode('nodeA', []);
    expectNothingOf(
      await outputOf([command, id, '--secret', `another ${CANARY}`]),
      await outputOf([command, id], { NOEX_CLUSTER_SECRET: `another ${CANARY}` }),
    );
  });

  test('when it is given something wrong beside it', async () => {
    const node = 'nodeA@127.0.0.1:1';
    const file = (name: string): string => join(files, name);
    const pair = ['--ca', file('ca.pem'), '--cert', file('cert.pem')];
    for (const args of [
      ['observe', node, `--secrte=${CANARY}`],
      ['observe', node, '--secret', CANARY, '--colour'],
      ['observe', '--secret', CANARY],
      ['observe', node, `--once=${CANARY}`],
      ['observe', node, '--secret', CANARY, '--every', CANARY, '--json'],
      ['dashboard', node, '-p', CANARY],
      ['dashboard', node, '--token', CANARY],
      ['dashboard', node, '--token', TOKEN, '--no-token'],
      ['dashboard', node, '--token', TOKEN, '--secret', CANARY],
      ['observe', node, '--secret', CANARY, '--ca', file('text.pem')],
      ['observe', node, ...pair, '--key', file('text.pem')],
      ['dashboard', node, ...pair, '--key', file('broken.pem')],
      ['observe', node, ...pair, '--key', `-----BEGIN PRIVATE KEY-----\n${CANARY}`],
      ['observe', node, ...pair, '--key', CANARY.repeat(1000)],
    ]) {
      expectNothingOf(await outputOf(args), await outputOf(args, { NOEX_CLUSTER_SECRET: SECRET }));
    }
  });

  test('when the dashboard cannot be served', async () => {
    const { id } = await startNode('nodeA', []);
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    expectNothingOf(
      await outputOf(['dashboard', id, '--secret', `observers ${SECRET}`, '--port', port, '--token', TOKEN]),
      await outputOf(['dashboard', id, '--secret', SECRET, '--token', `${TOKEN} with a space`]),
    );
    taken.close();
  });
});

describe('a dashboard leaks no token', () => {
  test('in the errors of its options, or of its port', async () => {
    const wrong: DashboardOptions[] = [
      { token: CANARY.slice(0, 13) },
      { token: `${TOKEN} ` },
      { token: TOKEN, port: -1 },
      { token: TOKEN, hosts: ['no host!'] },
      { token: TOKEN, host: '203.0.113.1' },
    ];
    for (const options of wrong) {
      expectNothingOf(await rejectionOf(startDashboard({ port: 0, source: new ToldSource(), ...options })));
    }
  });

  test('in its answers, whether it was the right one or not, and wherever it stood', async () => {
    const assets = join(import.meta.dirname, 'dashboard', 'fixture', 'web');
    const { port, close } = await serveDashboard({ port: 0, source: new ToldSource(), token: TOKEN, assets });
    const wrong = `${TOKEN}-not`;
    const answers = await Promise.all([
      ask(port, `/?token=${TOKEN}`),
      ask(port, `/?token=${wrong}`),
      ask(port, `/?token=${wrong}&token=${TOKEN}`),
      ask(port, `/feed?token=${wrong}`),
      ask(port, `/${wrong}`),
      ask(port, '/', { headers: { Authorization: `Bearer ${wrong}` } }),
      ask(port, '/', { headers: { Authorization: `Bearer ${TOKEN}` } }),
      ask(port, '/', { headers: { Authorization: `Basic ${Buffer.from(TOKEN).toString('base64')}` } }),
      ask(port, '/', { headers: { Cookie: `noex-0123456789ab=${wrong}; token=${TOKEN}` } }),
      ask(port, '/', { method: 'POST', headers: { Authorization: `Bearer ${TOKEN}` } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 401, 401, 404, 401, 200, 401, 401, 405]);
    const page = new WebSocket(`ws://127.0.0.1:${port}/feed?token=${wrong}`, { headers: { Cookie: `x=${TOKEN}` } });
    const refusal = await new Promise((resolve) => page.once('error', resolve));
    expectNothingOf(answers, refusal);
    await close();
  });
});
