import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { ClusterConfig } from '../../../src/cluster/cluster-config.js';
import { seededRandom } from '../../helpers/seeded-random.js';
import { SimulatedCluster, type SimulatedNode } from '../../helpers/simulated-cluster.js';

const TIMEOUT_MS = 60_000;
const PORT = 4369;
const SEED = `dns:nodes.test:${PORT}`;

const hosts = (size: number): readonly string[] => Array.from({ length: size }, (_, at) => `10.0.0.${at + 1}`);

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function startAt(runtime: SimulatedCluster, host: string, config: Partial<ClusterConfig> = {}): Promise<SimulatedNode> {
  const name = `node${host.slice(host.lastIndexOf('.') + 1)}`;
  return runtime.start(name, PORT, [], { host, clusterSecret: 'correct horse', seeds: [SEED], ...config });
}

function expectOneCluster(runtime: SimulatedCluster, nodes: readonly SimulatedNode[]): void {
  for (const { cluster } of nodes) expect(cluster.getConnectedNodeCount()).toBe(nodes.length - 1);
  expect(nodes.flatMap(({ errors }) => errors)).toEqual([]);
  expect(nodes.flatMap(({ events }) => events).filter((event) => event.startsWith('down'))).toEqual([]);
  for (let ms = 0; ms < 50 && runtime.network.openEnds !== nodes.length * (nodes.length - 1); ms += 1) runtime.run(1);
  expect(runtime.network.openEnds).toBe(nodes.length * (nodes.length - 1));
}

describe('nodes behind one name', () => {
  test.prop([fc.integer(), fc.array(fc.nat(2000), { minLength: 10, maxLength: 10 })], { numRuns: 25 })(
    'that start at the same moment or one by one are one cluster of ten, whatever order the addresses come in',
    async (seed, delays) => {
      const random = seededRandom(seed);
      const runtime = new SimulatedCluster(seed, { resolve: () => shuffled(hosts(10), random) });
      const nodes: SimulatedNode[] = [];
      for (const [at, host] of hosts(10).entries()) {
        nodes.push(await startAt(runtime, host));
        runtime.run((seed % 2 === 0 && delays[at]) || 0);
      }
      runtime.run(10_000);
      expectOneCluster(runtime, nodes);
    },
    TIMEOUT_MS,
  );

  test.prop([fc.integer()], { numRuns: 20 })(
    'of which each answer has one are one cluster after a while, also where two pieces had formed',
    async (seed) => {
      const random = seededRandom(seed);
      const runtime = new SimulatedCluster(seed, { resolve: () => shuffled(hosts(4), random).slice(0, 1) });
      const [a, b, c, d] = hosts(4);
      const nodes: SimulatedNode[] = [];
      for (const [host, seeds] of [
        [a, [SEED]],
        [b, [`node1@${a}:${PORT}`, SEED]],
        [c, [SEED]],
        [d, [`node3@${c}:${PORT}`, SEED]],
      ] as const) {
        nodes.push(await startAt(runtime, host ?? '', { seeds }));
      }
      runtime.run(300_000);
      expectOneCluster(runtime, nodes);
    },
    TIMEOUT_MS,
  );

  test('come in as they are added to it, and are not dialled any more when they are taken out', async () => {
    let present = hosts(1);
    const runtime = new SimulatedCluster(1, { resolve: () => present });
    const first = await startAt(runtime, '10.0.0.1');
    const other = await startAt(runtime, '10.0.0.2', { seeds: [] });
    runtime.run(100_000);
    expect(first.cluster.getConnectedNodeCount()).toBe(0);
    expect(first.errors).toEqual([]);
    present = hosts(2);
    runtime.run(31_000);
    expectOneCluster(runtime, [first, other]);
  });

  test('where none is yet are reported once, and linked when they come', async () => {
    let present: readonly string[] = [];
    const runtime = new SimulatedCluster(1, { resolve: () => present });
    const a = await startAt(runtime, '10.0.0.1');
    runtime.run(600_000);
    expect(a.errors).toMatchObject([{ name: 'NodeUnreachableError', nodeId: SEED }]);
    expect(a.errors[0]?.message).toContain('it has no addresses');
    present = hosts(2);
    const b = await startAt(runtime, '10.0.0.2');
    runtime.run(31_000);
    expect(a.cluster.getConnectedNodeCount()).toBe(1);
    expect(b.errors).toEqual([]);
  });
});

describe('seeds', () => {
  test('that are an address need no name: the node says its own', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369);
    const b = await runtime.start('nodeB', 4370, ['127.0.0.1:4369', '127.0.0.1:4370']);
    runtime.run(100_000);
    expect([a.events, b.events]).toEqual([['up nodeB'], ['up nodeA']]);
    expect([...a.errors, ...b.errors]).toEqual([]);
  });

  test('with a name find that node among those of one host; the others are no mistake, but its absence is', async () => {
    const runtime = new SimulatedCluster(1, { resolve: () => hosts(4) });
    const [a, b] = hosts(4);
    const seeds = [`node2@nodes.test:${PORT}`];
    const others: SimulatedNode[] = [];
    for (const host of hosts(4).filter((each) => each !== a && each !== b)) {
      others.push(await startAt(runtime, host, { seeds: [] }));
    }
    const first = await startAt(runtime, a ?? '', { seeds });
    runtime.run(100_000);
    expect(first.errors.map(({ name }) => name).sort()).toEqual([
      'HandshakeError',
      'HandshakeError',
      'NodeUnreachableError',
    ]);
    expect(first.errors.find(({ name }) => name === 'HandshakeError')).toMatchObject({ reason: 'wrong_node' });
    const second = await startAt(runtime, b ?? '', { seeds: [] });
    runtime.run(31_000);
    expect(first.cluster.getNodeIds()).toEqual([second.id]);
    const third = await runtime.start('late', PORT, [], { host: '10.0.0.9', clusterSecret: 'correct horse', seeds });
    runtime.run(100_000);
    expect(third.cluster.isNodeConnected(second.id)).toBe(true);
    expect([...third.errors, ...second.errors, ...others.flatMap(({ errors }) => errors)]).toEqual([]);
  });

  test('that are an address do not let in a node without the secret', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369, [], { clusterSecret: 'battery staple' });
    const b = await runtime.start('nodeB', 4370, ['127.0.0.1:4369'], { clusterSecret: 'correct horse' });
    runtime.run(10_000);
    expect(b.cluster.getNodes()).toEqual([]);
    expect(a.cluster.getNodes()).toEqual([]);
    expect(b.errors).toMatchObject([{ reason: 'auth_failed' }]);
  });

  test('that are one address for many nodes, as of a load balancer, join two pieces in the end', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const runtime = new SimulatedCluster(seed, { resolve: () => ['10.9.9.9'] });
      const { transport } = runtime.network;
      runtime.network.transport = () => {
        const machine = transport.call(runtime.network);
        const { connect } = machine;
        machine.connect = (address, tls) => {
          const isBalancer = address.host === '10.9.9.9';
          const host = hosts(4)[Math.floor(runtime.random() * 4)] ?? '';
          return connect(isBalancer ? { ...address, host } : address, tls);
        };
        return machine;
      };
      const nodes: SimulatedNode[] = [];
      for (const host of hosts(4)) nodes.push(await startAt(runtime, host));
      runtime.run(600_000);
      expectOneCluster(runtime, nodes);
    }
  });

  test('come from a function, as they are at the moment; what it throws is reported, once', async () => {
    const runtime = new SimulatedCluster();
    let answer: () => readonly string[] = () => {
      throw new Error('the registry is down');
    };
    const run = async (ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += 500) {
        await new Promise(setImmediate);
        runtime.run(500);
      }
    };
    const a = await runtime.start('nodeA', 4369, [], { seeds: async () => answer() });
    const b = await runtime.start('nodeB', 4370);
    await run(60_000);
    expect(a.errors).toMatchObject([{ name: 'NodeUnreachableError', nodeId: 'seeds (function 1)' }]);
    expect(a.errors[0]?.message).toContain('the registry is down');
    answer = () => ['127.0.0.1:4370'];
    await run(60_000);
    expect(a.cluster.isNodeConnected(b.id)).toBe(true);
    await runtime.stop(a);
    await runtime.stop(b);
    runtime.run(2000);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});
