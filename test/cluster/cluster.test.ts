import { describe, expect, test, vi } from 'vitest';
import { MemoryConnectionEnd } from '../../src/cluster/transport/memory-connection.js';
import {
  ClusterAlreadyStartedError,
  ClusterNotStartedError,
  InvalidArgumentError,
  ListenError,
} from '../../src/errors.js';
import { SimulatedCluster, type SimulatedNode, viewOf } from '../helpers/simulated-cluster.js';

async function startThree(runtime: SimulatedCluster): Promise<[SimulatedNode, SimulatedNode, SimulatedNode]> {
  const a = await runtime.start('nodeA', 4369);
  const b = await runtime.start('nodeB', 4370, [a]);
  const c = await runtime.start('nodeC', 4371, [a]);
  runtime.run(3000);
  return [a, b, c];
}

describe('a cluster forms', () => {
  test('when C knows only A, and B and C link with each other too', async () => {
    const [a, b, c] = await startThree(new SimulatedCluster());
    expect(viewOf(a)).toBe('nodeB connected, nodeC connected');
    expect(viewOf(b)).toBe('nodeA connected, nodeC connected');
    expect(viewOf(c)).toBe('nodeA connected, nodeB connected');
    for (const node of [a, b, c]) expect(node.events.filter((event) => event.startsWith('down'))).toEqual([]);
    for (const node of [a, b, c]) expect(node.errors).toEqual([]);
  });

  test('when the seed starts long after those that look for it', async () => {
    const runtime = new SimulatedCluster();
    const b = await runtime.start('nodeB', 4370, ['nodeA@127.0.0.1:4369']);
    runtime.run(29_000);
    expect(b.errors).toEqual([]);
    runtime.run(571_000);
    expect(viewOf(b)).toBe('');
    expect(b.errors).toMatchObject([{ name: 'NodeUnreachableError', nodeId: 'nodeA@127.0.0.1:4369' }]);
    await runtime.start('nodeA', 4369);
    runtime.run(31_000);
    expect(viewOf(b)).toBe('nodeA connected');
  });

  test('with a few member lists for each node, not with one for each link', async () => {
    const runtime = new SimulatedCluster();
    const first = await runtime.start('first', 5000);
    const others: SimulatedNode[] = [];
    for (let at = 1; at < 30; at += 1) others.push(await runtime.start(`n${at}`, 5000 + at, [first]));
    runtime.run(3000);
    const sent = vi.spyOn(MemoryConnectionEnd.prototype, 'send');
    const last = await runtime.start('last', 6000, [others[7] ?? first]);
    runtime.run(500);
    const lists = sent.mock.calls.filter(([text]) => text.includes('"type":"members"')).length;
    sent.mockRestore();
    expect(last.cluster.getConnectedNodeCount()).toBe(30);
    // The one that was found announces it to the 29 others, and sends it its list. With its first to fourth, its eighth and
    // its sixteenth link, the new one sends its own, and gets back what is missing in it.
    expect(lists).toBe(29 + 1 + 2 * 6);
  });

  test("when nodes are each other's seeds and dial at the same moment, with one link and no flap", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const runtime = new SimulatedCluster(seed);
      const a = await runtime.start('nodeA', 4369, ['nodeB@127.0.0.1:4370']);
      const b = await runtime.start('nodeB', 4370, ['nodeA@127.0.0.1:4369']);
      runtime.run(20_000);
      expect([a.events, b.events]).toEqual([['up nodeB'], ['up nodeA']]);
      expect([...a.errors, ...b.errors]).toEqual([]);
    }
  });

  test('when a seed is written with another name of its host, or is the node itself', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369, ['nodeA@127.0.0.1:4369', 'nodeA@localhost:4369']);
    const b = await runtime.start('nodeB', 4370, ['nodeA@localhost:4369']);
    const c = await runtime.start('nodeC', 4371, ['nodeA@localhost:4369', 'nodeB@localhost:4370']);
    runtime.run(100_000);
    expect(a.changes.map(({ type }) => type).filter((type) => type !== 'learned')).toEqual(['up', 'up']);
    expect(viewOf(b)).toBe('nodeA connected, nodeC connected');
    for (const node of [a, b, c]) expect(node.errors).toEqual([]);
    await runtime.stop(a);
    await a.cluster.start({ nodeName: 'nodeA', port: 4369 });
    runtime.run(10_000);
    expect(viewOf(a)).toBe('nodeB connected, nodeC connected');
  });

  test('of thirty nodes that know one, and each survivor sees exactly ten go down when ten are killed', async () => {
    const runtime = new SimulatedCluster();
    const first = await runtime.start('node0', 5000);
    const nodes = [first];
    for (let i = 1; i < 30; i++) nodes.push(await runtime.start(`node${i}`, 5000 + i, [first]));
    runtime.run(10_000);
    for (const node of nodes) expect(node.cluster.getConnectedNodeCount()).toBe(29);
    for (const node of nodes) expect(node.events.length).toBe(29);
    expect(runtime.network.openEnds).toBe(30 * 29);

    const killed = nodes.filter((_, i) => i % 3 === 1);
    const survivors = nodes.filter((node) => !killed.includes(node));
    for (const node of survivors) node.events.length = 0;
    for (const node of killed) runtime.network.kill(node.address);
    runtime.run(30_000);
    const expected = killed.map((node) => `down ${node.id.split('@')[0]} connection_closed`).sort();
    for (const node of survivors) {
      expect([...node.events].sort()).toEqual(expected);
      expect(node.cluster.getConnectedNodeCount()).toBe(19);
      expect(node.cluster.getNodes().length).toBe(29);
      expect(node.errors).toEqual([]);
    }
    runtime.run(60_000);
    for (const node of survivors) expect(node.cluster.getNodes().length).toBe(19);
  });
});

describe('a node that', () => {
  test('is killed stays in the view as disconnected until it is forgotten', async () => {
    const runtime = new SimulatedCluster();
    const [a, , c] = await startThree(runtime);
    runtime.network.kill(c.address);
    runtime.run(10);
    expect(viewOf(a)).toBe('nodeB connected, nodeC disconnected');
    expect(a.events.at(-1)).toBe('down nodeC connection_closed');
    runtime.run(59_000);
    expect(viewOf(a)).toBe('nodeB connected, nodeC disconnected');
    runtime.run(3000);
    expect(viewOf(a)).toBe('nodeB connected');
    expect(a.changes.at(-1)).toMatchObject({ type: 'forgotten', id: c.id });
  });

  test('leaves politely is gone from the view at once, and is not dialled again', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    await runtime.stop(c);
    for (const node of [a, b]) {
      expect(node.events.filter((event) => event.includes('nodeC'))).toEqual([
        'up nodeC',
        'down nodeC graceful_shutdown',
      ]);
      expect(viewOf(node)).not.toContain('nodeC');
    }
    runtime.run(120_000);
    for (const node of [a, b]) expect(viewOf(node)).not.toContain('nodeC');
  });

  test('leaves although it is a seed is dialled until it comes back', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    await runtime.stop(a);
    expect(viewOf(b)).toBe('nodeC connected');
    runtime.run(100_000);
    await a.cluster.start({ nodeName: 'nodeA', port: 4369 });
    runtime.run(31_000);
    expect(viewOf(a)).toBe('nodeB connected, nodeC connected');
    expect(viewOf(c)).toBe('nodeA connected, nodeB connected');
  });

  test('hangs is down after five silent heartbeats, and connected again within seconds after it wakes', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    for (const node of [a, b, c]) node.events.length = 0;
    runtime.network.freeze(c.address);
    runtime.run(4000);
    expect(viewOf(a)).toBe('nodeB connected, nodeC connected');
    runtime.run(3000);
    expect(a.events).toEqual(['down nodeC heartbeat_timeout']);
    expect(viewOf(a)).toBe('nodeB connected, nodeC disconnected');
    runtime.run(20_000);
    runtime.network.thaw(c.address);
    runtime.run(5000);
    for (const node of [a, b, c]) expect(node.cluster.getConnectedNodeCount()).toBe(2);
    expect(a.events).toEqual(['down nodeC heartbeat_timeout', 'up nodeC']);
    expect(c.events.sort()).toEqual([
      'down nodeA connection_closed',
      'down nodeB connection_closed',
      'up nodeA',
      'up nodeB',
    ]);
    for (const node of [a, b, c]) expect(node.errors).toEqual([]);
  });

  test('hangs for less than that declares no node dead when it wakes', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    for (const node of [a, b, c]) node.events.length = 0;
    runtime.network.freeze(c.address);
    runtime.run(4500);
    runtime.network.thaw(c.address);
    runtime.run(10_000);
    for (const node of [a, b, c]) expect(node.events).toEqual([]);
  });

  test('speaks rarely is not taken for dead: it answers when it is asked', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369);
    const b = await runtime.start('nodeB', 4370, [a], { heartbeatIntervalMs: 60_000 });
    runtime.run(200_000);
    expect([a.events, b.events]).toEqual([['up nodeB'], ['up nodeA']]);
  });

  test('comes back under its id is a new incarnation', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    runtime.network.kill(c.address);
    runtime.run(5000);
    await runtime.start('nodeC', 4371, [a]);
    runtime.run(5000);
    for (const node of [a, b]) {
      expect(node.events.filter((event) => event.includes('nodeC'))).toEqual([
        'up nodeC',
        'down nodeC connection_closed',
        'up nodeC',
      ]);
      const lives = node.changes.filter((change) => change.type === 'up' && change.id === c.id);
      expect(lives[1]?.incarnation).toBeGreaterThan(lives[0]?.incarnation ?? Number.NaN);
    }
  });

  test('comes back before the others noticed that it died takes the place of its old incarnation', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    runtime.network.unplug(c.address);
    runtime.run(100);
    expect(viewOf(a)).toBe('nodeB connected, nodeC connected');
    await runtime.start('nodeC', 4371, [a]);
    runtime.run(3000); // less than it takes to miss five heartbeats
    for (const node of [a, b]) {
      expect(node.events.filter((event) => event.includes('nodeC'))).toEqual([
        'up nodeC',
        'down nodeC connection_closed',
        'up nodeC',
      ]);
      expect(node.errors).toEqual([]);
    }
  });

  test('comes back and dies again before it is let in was never up', async () => {
    const runtime = new SimulatedCluster();
    const [a, , c] = await startThree(runtime);
    runtime.network.unplug(c.address);
    const again = await runtime.start('nodeC', 4371, [a]);
    runtime.run(500); // it proved who it is, and A still asks whether the old one lives
    runtime.network.kill(again.address);
    runtime.run(30_000);
    expect(a.events.filter((event) => event.includes('nodeC'))).toEqual(['up nodeC', 'down nodeC heartbeat_timeout']);
  });

  test('claims the id of a living node is refused, and both report it', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369);
    const b = await runtime.start('nodeB', 4370, [a]);
    runtime.run(1000);
    // Two machines with the same configuration: the address in the id is not the address bound.
    const twin = await runtime.start('nodeB', 4370, [a], { host: '127.0.0.1', listen: '127.0.0.2' });
    runtime.run(60_000);
    expect(b.errors.map((error) => error.name)).toEqual(['NodeIdConflictError']);
    expect(twin.errors.map((error) => error.name)).toEqual(['NodeIdConflictError']);
    expect(a.errors).toEqual([]);
    expect(a.events).toEqual(['up nodeB']);
    expect(viewOf(twin)).toBe('');
    await runtime.stop(b);
    runtime.run(31_000);
    expect(viewOf(twin)).toBe('nodeA connected');
  });

  test('claims an id that another one claims at the same moment reports it, and so does the other one', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const runtime = new SimulatedCluster(seed);
      const b = await runtime.start('nodeB', 4370);
      runtime.run(1);
      const c = await runtime.start('nodeC', 4371, [b]);
      const twin = await runtime.start('nodeB', 4370, [c], { host: '127.0.0.1', listen: '127.0.0.2' });
      runtime.run(60_000);
      expect(b.errors.map((error) => error.name)).toEqual(['NodeIdConflictError']);
      expect(twin.errors.map((error) => error.name)).toEqual(['NodeIdConflictError']);
      expect(c.errors).toEqual([]);
      expect(c.events).toEqual(['up nodeB']);
    }
  });

  test('is cut off and reachable again comes back without anybody else noticing', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    runtime.network.partition([a.address, b.address], [c.address]);
    runtime.run(20_000);
    expect(viewOf(a)).toBe('nodeB connected, nodeC disconnected');
    expect(viewOf(c)).toBe('nodeA disconnected, nodeB disconnected');
    runtime.network.heal();
    runtime.run(35_000);
    for (const node of [a, b, c]) expect(node.cluster.getConnectedNodeCount()).toBe(2);
    expect(a.events.filter((event) => event.includes('nodeB'))).toEqual(['up nodeB']);
    for (const node of [a, b, c]) expect(node.errors).toEqual([]);
  });

  test('loses a link that only it noticed to be broken is back without the other one noticing at all', async () => {
    const runtime = new SimulatedCluster();
    const b = await runtime.start('nodeB', 4370);
    const a = await runtime.start('nodeA', 4369, [b]);
    runtime.run(1000);
    for (const [notices, other] of [
      [a, b], // whose dialling is preferred: the other one takes the new link for the old one
      [b, a], // whose dialling is not: the other one asks over the old link first
    ] as const) {
      a.events.length = 0;
      b.events.length = 0;
      runtime.network.sever(notices.address, other.address);
      runtime.run(4000);
      const name = notices === a ? 'nodeB' : 'nodeA';
      expect(notices.events).toEqual([`down ${name} connection_closed`, `up ${name}`]);
      expect(other.events).toEqual([]);
      runtime.run(10_000);
      expect(runtime.network.openEnds).toBe(2);
      expect([...a.errors, ...b.errors]).toEqual([]);
    }
  });

  test('was forgotten by both sides of a long partition is found again through the seeds', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    runtime.network.partition([a.address, b.address], [c.address]);
    runtime.run(300_000);
    expect(viewOf(a)).toBe('nodeB connected');
    expect(viewOf(c)).toBe('');
    runtime.network.heal();
    runtime.run(40_000);
    for (const node of [a, b, c]) expect(node.cluster.getConnectedNodeCount()).toBe(2);
  });
});

describe('refusals', () => {
  test('report a wrong secret once on both sides', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369, [], { clusterSecret: 'correct horse' });
    const b = await runtime.start('nodeB', 4370, [a], { clusterSecret: 'battery staple' });
    runtime.run(120_000);
    for (const node of [a, b]) {
      expect(node.errors).toMatchObject([{ name: 'HandshakeError', reason: 'auth_failed' }]);
      expect(viewOf(node)).toBe('');
    }
  });

  test('say which side has no secret', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369, [], { clusterSecret: 'correct horse' });
    const b = await runtime.start('nodeB', 4370, [a]);
    runtime.run(1000);
    expect(b.errors).toMatchObject([{ reason: 'auth_required' }]);
    expect(b.errors[0]?.message).toContain('nodeA@127.0.0.1:4369 has a clusterSecret');
    expect(viewOf(b)).toBe('');
  });

  test('name who answers where another node was expected', async () => {
    const runtime = new SimulatedCluster();
    await runtime.start('nodeA', 4369);
    const b = await runtime.start('nodeB', 4370, ['nodeX@127.0.0.1:4369']);
    runtime.run(120_000);
    expect(b.errors).toMatchObject([{ name: 'HandshakeError', reason: 'wrong_node' }]);
    expect(b.errors[0]?.message).toContain('nodeA@127.0.0.1:4369 answers where');
  });
});

describe('an observer', () => {
  test('that asks what is not known here gets an error, and keeps its link', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369);
    const observer = runtime.create('observer');
    await observer.cluster.start({ nodeName: 'observer', seeds: [a.id] });
    runtime.run(100);
    const asked = observer.rpc.request(a.id, 'later', null, 1000);
    asked.catch(() => undefined);
    runtime.run(10);
    await expect(asked).rejects.toMatchObject({ name: 'RemoteError', remoteCode: 'NOEX_NO_HANDLER' });
    runtime.run(5000);
    expect(observer.events).toEqual(['up nodeA']);
    expect([...a.errors, ...observer.errors]).toEqual([]);
  });

  test('that breaks the rules again and again waits longer each time', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369);
    a.rpc.handle('change', () => undefined);
    const observer = runtime.create('observer');
    const delays = { reconnectBaseDelayMs: 10, reconnectMaxDelayMs: 10 };
    await observer.cluster.start({ nodeName: 'observer', seeds: [a.id], ...delays });
    const timesOut: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      let ms = 0;
      for (; !observer.cluster.isNodeConnected(a.id); ms += 1) runtime.run(1);
      timesOut.push(ms);
      const refused = observer.rpc.request(a.id, 'change', null, 1000);
      runtime.run(5);
      await expect(refused).rejects.toThrow();
    }
    const [, first = 0, second = 0, third = 0, fourth = 0] = timesOut;
    expect(first).toBeLessThan(50);
    expect(second).toBeGreaterThan(100);
    expect(third).toBeGreaterThan(200);
    expect(fourth).toBeGreaterThan(400);
    expect(a.errors).toMatchObject([{ reason: 'not_permitted' }]);
  });

  test('of two addresses of one node has one link with it, and sees it go down never', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369);
    const observer = runtime.create('observer');
    await observer.cluster.start({ nodeName: 'observer', seeds: [a.id, 'nodeA@localhost:4369'] });
    runtime.run(20_000);
    expect(observer.events).toEqual(['up nodeA']);
    expect(runtime.network.openEnds).toBe(2);
    expect([...a.errors, ...observer.errors]).toEqual([]);
  });
});

describe('start and stop', () => {
  test('leave no timer, no connection and no listener behind', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    const waiting = a.rpc.request(b.id, 'never_answered', {}, 5000);
    for (const node of [a, b, c]) await runtime.stop(node);
    await expect(waiting).rejects.toThrow();
    runtime.run(0);
    expect(runtime.clock.pendingTimers).toBe(0);
    await a.cluster.start({ nodeName: 'nodeA', port: 4369 });
    expect(a.cluster.getStatus()).toBe('running');
  });

  test('leave no timer of a peer that was delayed, and has gone', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369, [], { clusterSecret: 'correct horse' });
    const rogue = await runtime.start('nodeB', 4370, [a], {
      clusterSecret: 'battery staple',
      reconnectMaxDelayMs: 1000,
    });
    runtime.run(20_000);
    while (runtime.network.openEnds === 0) runtime.run(1);
    runtime.network.kill(rogue.address);
    runtime.run(10);
    expect(runtime.network.openEnds).toBe(0);
    await a.cluster.stop();
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  test('empty the view, which only internal listeners learn', async () => {
    const runtime = new SimulatedCluster();
    const [a, b, c] = await startThree(runtime);
    runtime.network.kill(c.address);
    runtime.run(100);
    a.changes.length = 0;
    a.events.length = 0;
    await runtime.stop(a);
    expect(a.changes.map(({ type, id }) => [type, id])).toEqual([
      ['left', c.id],
      ['down', b.id],
      ['left', b.id],
    ]);
    expect(a.events).toEqual([]);
  });

  test('go through their states, and reach every handler', async () => {
    const runtime = new SimulatedCluster();
    const { cluster, errors } = runtime.create();
    const seen: string[] = [];
    cluster.onStatusChange(() => {
      throw new Error('not my day');
    });
    const unsubscribe = cluster.onStatusChange((status) => seen.push(status));
    await cluster.start({ nodeName: 'nodeA' });
    await cluster.stop();
    expect(seen).toEqual(['starting', 'running', 'stopping', 'stopped']);
    expect(errors.map(({ message }) => message)).toEqual(Array(4).fill('not my day'));
    unsubscribe();
    await cluster.start({ nodeName: 'nodeA' });
    expect(seen.length).toBe(4);
  });

  test('refuse what makes no sense', async () => {
    const runtime = new SimulatedCluster();
    const { cluster, rpc } = runtime.create();
    await cluster.stop();
    expect(() => cluster.getNodes()).toThrow(ClusterNotStartedError);
    expect(() => cluster.getLocalNodeId()).toThrow(ClusterNotStartedError);
    await expect(rpc.request('nodeB@127.0.0.1:1' as never, 'x', {}, 1)).rejects.toThrow(ClusterNotStartedError);
    const starting = cluster.start({ nodeName: 'nodeA' });
    await expect(cluster.start({ nodeName: 'nodeA' })).rejects.toThrow(ClusterAlreadyStartedError);
    await starting;
    await expect(cluster.start({ nodeName: 'nodeA' })).rejects.toThrow(ClusterAlreadyStartedError);
    const other = runtime.create();
    await expect(other.cluster.start({ nodeName: 'nodeB' })).rejects.toThrow(ListenError);
    expect(other.cluster.getStatus()).toBe('stopped');
  });

  test('may overlap: a stop during the start waits for it, and two stops are one', async () => {
    const runtime = new SimulatedCluster();
    const { cluster } = runtime.create();
    const starting = cluster.start({ nodeName: 'nodeA' });
    const stops = [cluster.stop(), cluster.stop()];
    await Promise.all([starting, ...stops]);
    expect(cluster.getStatus()).toBe('stopped');
  });

  test('give each run a larger incarnation, though the clock stands still or is set back', async () => {
    const runtime = new SimulatedCluster();
    const a = await runtime.start('nodeA', 4369);
    const b = await runtime.start('nodeB', 4370, [a]);
    runtime.run(100);
    for (let i = 0; i < 3; i++) {
      await runtime.stop(b);
      runtime.clock.stepWallClock(-100_000);
      await b.cluster.start({ nodeName: 'nodeB', port: 4370, seeds: [a.id] });
      runtime.run(1000);
    }
    const lives = a.changes.filter(({ type }) => type === 'up').map(({ incarnation }) => incarnation);
    expect(lives.length).toBe(4);
    expect(lives).toEqual([...new Set(lives)].sort((x, y) => x - y));
  });
});

describe('what a node knows', () => {
  test('is reported to functions, and to nothing else', () => {
    const { cluster } = new SimulatedCluster().create();
    const handler: () => void = JSON.parse('"log"');
    for (const listen of [cluster.onNodeUp, cluster.onNodeDown, cluster.onStatusChange]) {
      expect(() => listen(handler)).toThrow(InvalidArgumentError);
    }
  });

  test('of the others comes with their heartbeats', async () => {
    const runtime = new SimulatedCluster();
    const [a, b] = await startThree(runtime);
    runtime.run(10_000);
    const info = a.cluster.getNode(b.id);
    expect(info).toMatchObject({ host: '127.0.0.1', port: 4370, status: 'connected', processCount: 4 });
    expect(runtime.clock.now() - (info?.lastHeartbeatAt ?? 0)).toBeLessThan(1100);
    expect(info?.uptimeMs).toBeGreaterThan(11_000);
  });

  test('of itself is always there', async () => {
    const runtime = new SimulatedCluster();
    const [a] = await startThree(runtime);
    expect(a.cluster.getLocalNodeInfo()).toMatchObject({ id: a.id, status: 'connected', processCount: 4 });
    expect(a.cluster.getNode(a.id)).toEqual(a.cluster.getLocalNodeInfo());
    expect(a.cluster.isNodeConnected(a.id)).toBe(true);
    expect(a.cluster.getNodeIds()).not.toContain(a.id);
    expect(a.cluster.getUptimeMs()).toBe(3000);
  });

  test('reaches each handler in order, even if one of them throws and another one acts on it', async () => {
    const runtime = new SimulatedCluster();
    const a = runtime.create();
    const order: string[] = [];
    a.cluster.onNodeDown(() => {
      throw new Error('handler');
    });
    a.cluster.onNodeUp(({ id }) => order.push(`up ${id}`));
    a.cluster.onNodeDown((id) => order.push(`down ${id}`));
    await a.cluster.start({ nodeName: 'nodeA', port: 4369 });
    const b = await runtime.start('nodeB', 4370, ['nodeA@127.0.0.1:4369']);
    runtime.run(1000);
    runtime.network.kill(b.address);
    runtime.run(1000);
    expect(order).toEqual([`up ${b.id}`, `down ${b.id}`]);
    expect(a.errors.map(({ message }) => message)).toEqual(['handler']);
  });
});
