import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { PROTOCOL_VERSION } from '../../../src/cluster/frames.js';
import type { ClusterObserverSnapshot } from '../../../src/runtime/runtime-options.js';
import { eventually } from '../../helpers/eventually.js';
import { freePort, type RealProcess, startCli, startExample } from '../../helpers/node-process.js';

const running = new Set<RealProcess>();

function remember(process: RealProcess): RealProcess {
  running.add(process);
  return process;
}

const noex = (...args: readonly string[]): RealProcess => remember(startCli(args));

afterEach(async () => {
  for (const process of running) {
    process.signal('SIGKILL');
    await process.ended;
  }
  running.clear();
});

/** Three nodes of the example; their ids, and their processes. */
async function startThree(): Promise<{ readonly ids: readonly string[]; readonly nodes: readonly RealProcess[] }> {
  const ports = [await freePort(), await freePort(), await freePort()];
  const ids = ports.map((port, at) => `node${'ABC'[at]}@127.0.0.1:${port}`);
  const nodes = ports.map((port, at) => {
    const seed = at === 0 ? [] : ['-s', ids[0] ?? ''];
    return startExample(['-n', `node${'ABC'[at]}`, '-p', String(port), ...seed, '--interval', '250']);
  });
  for (const node of nodes) await node.printed((output) => output.includes('Connected nodes: 3'));
  return { ids, nodes };
}

/** Waits until one more line of JSON has come of which `isSo` holds. */
function shows(process: RealProcess, isSo: (snapshot: ClusterObserverSnapshot) => boolean): Promise<void> {
  const isSoOf = (line: string): boolean => isSo(JSON.parse(line));
  return process.printed((output) => output.split('\n').slice(1, -1).some(isSoOf), process.output().length);
}

const statuses = ({ nodes }: ClusterObserverSnapshot): string => nodes.map(({ status }) => status).join(', ');

describe('looking on at three real nodes', () => {
  let three: Awaited<ReturnType<typeof startThree>>;

  beforeAll(async () => {
    three = await startThree();
  });

  afterAll(async () => {
    for (const node of three.nodes) {
      node.signal('SIGKILL');
      await node.ended;
    }
  });

  test('an overview as text is what is written where there is no terminal', async () => {
    const { ids } = three;
    for (const args of [[], ['--once']]) {
      const cli = noex('observe', ids[1] ?? '', ...args);
      expect(await cli.ended).toBe(0);
      expect(cli.output()).toMatch(/^Cluster Overview \(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\):$/m);
      expect(cli.output()).toContain(
        [
          '  Total nodes: 3',
          '  Connected nodes: 3',
          '  Total processes: 12',
          '  Total servers: 9',
          '  Total supervisors: 3',
          '  Total messages: 90',
          '  Total restarts: 0',
          '',
          'Per-node breakdown:',
          `  ${ids[0]}:`,
          '    Status: connected',
          '    Processes: 4',
          '    Messages: 30',
          '    Restarts: 0',
          '    Memory: ',
        ].join('\n'),
      );
      expect(cli.output()).not.toContain('(local)');
    }
  });

  test('JSON is one line, which a program can read', async () => {
    const { ids } = three;
    const cli = noex('observe', '--json', ids[2] ?? '');
    expect(await cli.ended).toBe(0);
    const snapshot: ClusterObserverSnapshot = JSON.parse(cli.output());
    expect(snapshot.nodes.map(({ nodeId, status }) => [nodeId, status])).toEqual(ids.map((id) => [id, 'connected']));
    expect(snapshot.nodes[0]?.snapshot?.servers.map(({ name }) => name)).toEqual(['worker-1', 'worker-2', 'worker-3']);
    expect(snapshot.nodes[0]?.snapshot?.tree).toHaveLength(1);
  });

  test.each([
    ['no node answers', ['nodeA@127.0.0.1:1'], 'cannot reach nodeA@127.0.0.1:1: ECONNREFUSED'],
    ['the address is none', ['localhost'], "'localhost' is not a node id (name@host:port)"],
    ['there is no address', [], 'observe needs the address of a node'],
    ['there is no such option', ['--color'], "Unknown option '--color'"],
  ])('when %s, one line says so, and the exit code is 1', async (_, args, problem) => {
    const cli = noex('observe', ...args);
    expect(await cli.ended).toBe(1);
    expect(cli.output()).toContain(problem);
    expect(cli.output().trimEnd().split('\n')).toHaveLength(1);
  });

  test('another server at the address, or a wrong secret, is reported likewise', async () => {
    const { ids } = three;
    const stranger = noex('observe', (ids[0] ?? '').replace('nodeA', 'nodeX'));
    expect(await stranger.ended).toBe(1);
    expect(stranger.output()).toMatch(/^noex: no link with nodeX.* \(wrong_node\): .*\n$/);
    const secretive = remember(startCli(['observe', ids[0] ?? ''], { NOEX_CLUSTER_SECRET: 'sesame' }));
    expect(await secretive.ended).toBe(1);
    expect(secretive.output()).toMatch(/^noex: no link with nodeA.* \(auth_required\): .*\n$/);
    expect(secretive.output()).not.toContain('sesame');
  });

  test('so is a node of another version', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', (socket) => {
      const message = `the other side speaks protocol ${PROTOCOL_VERSION}, this one ${PROTOCOL_VERSION + 1}`;
      socket.send(JSON.stringify({ type: 'refused', reason: 'unsupported_version', message }));
      socket.close(4008, 'unsupported_version');
    });
    const { port } = server.address() as AddressInfo;
    const cli = noex('observe', `nodeA@127.0.0.1:${port}`);
    expect(await cli.ended).toBe(1);
    expect(cli.output()).toMatch(/^noex: no link with nodeA.* \(unsupported_version\): .* speaks protocol \d.*\n$/);
    server.close();
  });
});

test('an observer sees a node leave and another die, and goes on through those that are left', async () => {
  const { ids, nodes } = await startThree();
  for (const node of nodes) remember(node);
  const cli = noex('observe', ids[1] ?? '', '--json', '--every', '200');
  await shows(cli, (snapshot) => statuses(snapshot) === 'connected, connected, connected');
  nodes[1]?.signal('SIGKILL');
  await shows(cli, (snapshot) => statuses(snapshot) === 'connected, disconnected, connected');
  nodes[2]?.signal('SIGTERM');
  await shows(cli, (snapshot) => statuses(snapshot) === 'connected, disconnected');
  cli.signal('SIGINT');
  expect(await cli.ended).toBe(0);
});

async function childrenOf(pid: number): Promise<readonly number[]> {
  // Without children, it ends with exit code 1.
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]).catch(() => ({ stdout: '' }));
  if (stdout === '') return [];
  return stdout.trim().split('\n').map(Number);
}

describe('the demo', () => {
  test('shows three real nodes under load, serves their dashboard, and leaves nothing behind', async () => {
    const demo = noex('demo', '--every', '250', '--port', '0');
    await demo.printed((output) => /Connected nodes: 3\n.*Total supervisors: 18/s.test(output));
    const [, seed = ''] = /^ {2}(nodeA@127\.0\.0\.1:\d+):$/m.exec(demo.output()) ?? [];
    const [, url = ''] = /^Dashboard: (http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(demo.output()) ?? [];
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    demo.signal('SIGINT');
    expect(await demo.ended).toBe(0);
    expect(demo.output()).toContain('Stopping nodeA, nodeB, nodeC ...');
    const late = noex('observe', seed);
    expect(await late.ended).toBe(1);
    expect(late.output()).toContain('ECONNREFUSED');
  });

  test('ends when one of its nodes does, and says so', async () => {
    const demo = noex('demo', '--every', '250', '--port', '0');
    await demo.printed((output) => output.includes('Connected nodes: 3'));
    const [, , node] = await childrenOf(demo.pid);
    if (node === undefined) throw new Error('it has no three nodes');
    process.kill(node, 'SIGKILL');
    expect(await demo.ended).toBe(1);
    expect(demo.output()).toContain('a node of the demo ended unexpectedly (SIGKILL)');
  });

  test('kills a node that hangs when it ends, and says so', async () => {
    const demo = noex('demo', '--every', '250', '--port', '0');
    await demo.printed((output) => output.includes('Connected nodes: 3'));
    const [, node] = await childrenOf(demo.pid);
    if (node === undefined) throw new Error('it has no three nodes');
    process.kill(node, 'SIGSTOP');
    demo.signal('SIGINT');
    expect(await demo.ended).toBe(0);
    expect(demo.output()).toContain('nodeB did not stop within 3 s and is killed.');
    expect(demo.output()).not.toContain('nodeA did not stop');
  });

  test('ends at once while it starts', async () => {
    const demo = noex('demo', '--every', '250', '--port', '0');
    await eventually(10_000, async () =>
      (await childrenOf(demo.pid)).length === 3 ? undefined : 'it has no three nodes',
    );
    demo.signal('SIGINT');
    expect(await demo.ended).toBe(0);
    expect(demo.output()).toBe('Stopping nodeA, nodeB, nodeC ...\n');
  });

  test('ends with the process that started it, even if that was killed', async () => {
    const demo = noex('demo', '--every', '250', '--port', '0');
    await demo.printed((output) => output.includes('Connected nodes: 3'));
    const [, seed = ''] = /^ {2}(nodeA@127\.0\.0\.1:\d+):$/m.exec(demo.output()) ?? [];
    demo.signal('SIGKILL');
    await demo.ended;
    for (;;) {
      const late = noex('observe', seed, '--once');
      if ((await late.ended) === 1) break;
    }
  });
});
