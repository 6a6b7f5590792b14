import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type AttachedObserver,
  attach,
  createRuntime,
  EngineUnreachableError,
  type GenServerBehavior,
  InvalidClusterConfigError,
  NodeUnreachableError,
  type Runtime,
} from '../../../src/index.js';
import { nats } from '../../../src/nats.js';
import { NatsServer } from '../../helpers/nats-server.js';

const QUICK = { heartbeatIntervalMs: 200, heartbeatMissThreshold: 3 } as const;

const counter: GenServerBehavior<number, 'add' | 'fail', 'add', number> = {
  init: () => 0,
  handleCall(message, sum) {
    if (message === 'fail') throw new Error('out of stock');
    return [sum + 1, sum + 1];
  },
  handleCast: (_message, sum) => sum + 1,
};

let server: NatsServer;
let clusters = 0;
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await NatsServer.start();
});

afterEach(() => Promise.all(ended.splice(0).map((end) => end())));

afterAll(() => server.stop());

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 10 });
const engineOf = (cluster: string) => nats({ servers: server.url, cluster });

async function startNodes(...names: readonly string[]): Promise<readonly [Runtime, Runtime, ...Runtime[]]> {
  clusters += 1;
  const engine = engineOf(`test${clusters}`);
  const runtimes = names.map(() => createRuntime({ reporter: false }));
  ended.push(
    ...runtimes.map(
      ({ shutdown }) =>
        () =>
          shutdown(),
    ),
  );
  for (const [at, { Cluster }] of runtimes.entries())
    await Cluster.start({ nodeName: names[at] ?? '', engine, ...QUICK });
  await eventually(() => {
    for (const { Cluster } of runtimes) expect(Cluster.getConnectedNodeCount()).toBe(names.length - 1);
  });
  return runtimes as unknown as readonly [Runtime, Runtime, ...Runtime[]];
}

describe('a cluster on NATS', () => {
  test('calls, casts to and monitors processes of other nodes', async () => {
    const [a, b] = await startNodes('a', 'b');
    const ref = await a.GenServer.start(counter);
    expect(await b.GenServer.call(ref, 'add')).toBe(1);
    b.GenServer.cast(ref, 'add');
    await eventually(() => expect(b.GenServer.nodeOf(ref)).toBe(`a@test${clusters}`));
    expect(await b.GenServer.call(ref, 'add')).toBe(3);
    await expect(b.GenServer.call(ref, 'fail')).rejects.toThrow('out of stock');
  });

  test('has one owner for a global name, and finds it from every node', async () => {
    const [a, b, c] = (await startNodes('a', 'b', 'c')) as readonly [Runtime, Runtime, Runtime];
    const start = ({ GenServer }: Runtime) => GenServer.start(counter, { name: 'billing', registration: 'global' });
    const outcomes = await Promise.allSettled([start(a), start(b), start(c)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [owner] = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    for (const { GlobalRegistry } of [a, b, c])
      await eventually(() =>
        expect(GlobalRegistry.whereis('billing')).toMatchObject({ id: owner?.id, life: owner?.life }),
      );
  });

  test('is one snapshot for a member and for an observer outside', async () => {
    const [a, b] = await startNodes('a', 'b');
    await b.GenServer.start(counter, { name: 'of-b' });
    const outside: AttachedObserver = await attach({ engine: engineOf(`test${clusters}`) });
    ended.push(() => outside.detach());
    const { nodes } = await outside.getClusterSnapshot();
    expect(nodes.map(({ nodeId, status }) => [nodeId, status])).toEqual([
      [`a@test${clusters}`, 'connected'],
      [`b@test${clusters}`, 'connected'],
    ]);
    const names = (await a.ClusterObserver.getClusterSnapshot()).nodes.flatMap(({ snapshot }) =>
      (snapshot?.servers ?? []).map(({ name }) => name),
    );
    expect(names).toContain('of-b');
  });

  test('notices a node whose connection is gone', async () => {
    const [a, b] = await startNodes('a', 'b');
    const downs: string[] = [];
    a.Cluster.onNodeDown((id, reason) => downs.push(`${id} ${reason}`));
    await b.shutdown();
    await eventually(() => expect(downs).toEqual([`b@test${clusters} graceful_shutdown`]));
  });
});

describe('the options of a cluster on NATS', () => {
  test('are refused where they belong to the mesh', async () => {
    const { Cluster } = createRuntime();
    const start = Cluster.start({ nodeName: 'a', port: 4369, engine: engineOf('shop') });
    await expect(start).rejects.toThrow(InvalidClusterConfigError);
    await expect(start).rejects.toThrow('port is an option of the mesh');
  });

  test('must lead to a server', async () => {
    const { Cluster } = createRuntime();
    const engine = nats({ servers: 'nats://127.0.0.1:1', cluster: 'shop', connectTimeoutMs: 500 });
    await expect(Cluster.start({ nodeName: 'a', engine })).rejects.toThrow(EngineUnreachableError);
    expect(Cluster.getStatus()).toBe('stopped');
  });

  test('of an observer must lead to a node', async () => {
    const nowhere = attach({ engine: engineOf('nowhere') }, { timeout: 300 });
    await expect(nowhere).rejects.toThrow(NodeUnreachableError);
  });

  test('are named in the error when one is wrong', () => {
    expect(() => nats({ servers: [], cluster: 'shop' })).toThrow('servers must be an address');
    expect(() => nats({ servers: server.url, cluster: 'my shop' })).toThrow('cluster must be a letter');
    expect(() => nats({ servers: server.url, cluster: 'shop', token: 't', user: 'u' })).toThrow(
      'token must be left out',
    );
    expect(() => nats({ servers: server.url, cluster: 'shop', pass: 'u' } as never)).toThrow("'pass'");
  });
});
