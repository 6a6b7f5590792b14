import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { systemClock } from '../../../src/clock.js';
import { createCluster } from '../../../src/cluster/cluster.js';
import type { ClusterApi } from '../../../src/cluster/cluster-api.js';
import type { ClusterConfig } from '../../../src/cluster/cluster-config.js';
import { encode } from '../../../src/cluster/codec.js';
import { MAX_FRAME_BYTES, type PeerFrame, PROTOCOL_VERSION } from '../../../src/cluster/frames.js';
import { createNonce } from '../../../src/cluster/mesh/handshake.js';
import { mesh } from '../../../src/cluster/mesh/start-mesh.js';
import { NodeId } from '../../../src/cluster/node-id.js';
import type { Rpc } from '../../../src/cluster/rpc.js';
import { createWsTransport } from '../../../src/cluster/transport/ws-transport.js';
import { ListenError } from '../../../src/errors.js';
import { attach } from '../../../src/runtime/attach.js';
import { createRuntime } from '../../../src/runtime/runtime.js';
import { RawPeer } from '../../helpers/raw-peer.js';

interface RunningNode {
  readonly id: NodeId;
  readonly cluster: ClusterApi;
  readonly rpc: Rpc;
  readonly errors: Error[];
  readonly events: string[];
}

const started: ClusterApi[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((cluster) => cluster.stop()));
});

async function startNode(
  nodeName: string,
  seeds: readonly string[] = [],
  config: Partial<ClusterConfig> = {},
): Promise<RunningNode> {
  const errors: Error[] = [];
  const events: string[] = [];
  const { cluster, rpc } = createCluster({
    clock: systemClock,
    startNode: mesh({ transport: createWsTransport() }),
    processCount: () => 4,
    onError: (error) => errors.push(error),
  });
  cluster.onNodeUp(({ id }) => events.push(`up ${NodeId.parts(id).name}`));
  cluster.onNodeDown((id, reason) => events.push(`down ${NodeId.parts(id).name} ${reason}`));
  started.push(cluster);
  await cluster.start({ nodeName, port: 0, seeds, reconnectBaseDelayMs: 50, ...config });
  return { id: cluster.getLocalNodeId(), cluster, rpc, errors, events };
}

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 5 });
}

/** What this process holds open in the way of sockets. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
}

describe('nodes over WebSockets', () => {
  test('find each other through one seed, and leave politely', async () => {
    const a = await startNode('nodeA');
    const b = await startNode('nodeB', [a.id]);
    const c = await startNode('nodeC', [a.id], { host: 'localhost' });
    for (const { cluster } of [a, b, c]) await eventually(() => expect(cluster.getConnectedNodeCount()).toBe(2));
    await c.cluster.stop();
    for (const node of [a, b]) {
      await eventually(() => expect(node.events).toContain('down nodeC graceful_shutdown'));
      expect(node.cluster.getNode(c.id)).toBeUndefined();
      expect(node.errors).toEqual([]);
    }
  });

  test('ask each other, with a secret and over IPv6', async () => {
    const config = { clusterSecret: 'correct horse', host: '::1' };
    const a = await startNode('nodeA', [], config);
    const b = await startNode('nodeB', [a.id], config);
    b.rpc.handle('echo', (body) => body);
    await eventually(() => expect(a.cluster.isNodeConnected(b.id)).toBe(true));
    const body = { large: 'x'.repeat(1_000_000), at: new Date(7), nothing: undefined };
    expect(await a.rpc.request(b.id, 'echo', body, 5000)).toStrictEqual(body);
  });

  test.each([[{}], [{ clusterSecret: 'correct horse' }]])(
    'say as much at once as a frame takes (%j)',
    async (config) => {
      const a = await startNode('nodeA', [], config);
      const b = await startNode('nodeB', [a.id], config);
      b.rpc.handle('length', (body) => String(body).length);
      await eventually(() => expect(a.cluster.isNodeConnected(b.id)).toBe(true));
      const head = encode({ type: 'request', id: 1, method: 'length', body: '' }).length;
      const body = 'x'.repeat(MAX_FRAME_BYTES - head);
      expect(await a.rpc.request(b.id, 'length', body, 5000)).toBe(body.length);
      expect(a.events).toEqual(['up nodeB']);
    },
  );

  test('say so when the port is taken, or the address is not theirs', async () => {
    const a = await startNode('nodeA');
    const { port } = NodeId.parts(a.id);
    await expect(startNode('nodeB', [], { port })).rejects.toThrow(ListenError);
    await expect(startNode('nodeB', [], { port })).rejects.toThrow(`port ${port} is taken`);
    await expect(startNode('nodeB', [], { host: '192.0.2.1', insecure: true })).rejects.toThrow('no such address');
  });

  test('stop without leaving anything open, though a client is connected that sends nothing', async () => {
    await eventually(() => expect(openSockets()).toBe(0));
    const a = await startNode('nodeA');
    const b = await startNode('nodeB', [a.id, 'nodeX@127.0.0.1:1']);
    await eventually(() => expect(b.cluster.getConnectedNodeCount()).toBe(1));
    const { host, port } = NodeId.parts(a.id);
    const stranger = connect(port, host);
    stranger.on('error', () => undefined);
    await once(stranger, 'connect');
    const silent = await RawPeer.connect(a.id);
    await Promise.all([a.cluster.stop(), b.cluster.stop()]);
    expect(await silent.closed).toBe('4000 leaving');
    const again = await startNode('nodeA', [], { port });
    await again.cluster.stop();
    stranger.destroy();
    await eventually(() => expect(openSockets()).toBe(0));
  });
});

describe('a stranger', () => {
  const nonce = createNonce();
  const hello = {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    nodeId: 'nodeX@h:1',
    incarnation: 1,
    nonce,
    role: 'member',
    secured: true,
  };

  test.each([
    ['what is not JSON', 'hello?', '4011 not_json'],
    ['more than a handshake needs', `"${'x'.repeat(9000)}"`, '4009 frame_too_large'],
    ['binary data', Buffer.from('{}'), '4010 binary_frame'],
    ['another version', JSON.stringify({ ...hello, protocol: 3 }), '4008 unsupported_version'],
    ['a type unknown', '{"type":"shutdown"}', '4013 unknown_type'],
    ['a known frame too early', '{"type":"leave"}', '4014 out_of_turn'],
    ['half a hello', '{"type":"hello","protocol":2}', '4012 malformed'],
    ['that it has no secret', JSON.stringify({ ...hello, secured: false }), '4006 auth_required'],
    ['a frame over the limit', 'x'.repeat(MAX_FRAME_BYTES + 100), '1009 '],
  ])('that sends %s is refused with the reason, and no other peer is affected', async (_, message, expected) => {
    const a = await startNode('nodeA', [], { clusterSecret: 'correct horse' });
    const b = await startNode('nodeB', [a.id], { clusterSecret: 'correct horse' });
    await eventually(() => expect(a.cluster.isNodeConnected(b.id)).toBe(true));
    const stranger = await RawPeer.connect(a.id);
    stranger.socket.send(message);
    expect(await stranger.closed).toBe(expected);
    expect(stranger.received.every(({ type }) => type === 'refused')).toBe(true);
    expect(a.errors.length).toBe(1);
    expect(a.events).toEqual(['up nodeB']);
    expect(b.errors).toEqual([]);
    b.rpc.handle('ping', () => 'pong');
    expect(await a.rpc.request(b.id, 'ping', null, 5000)).toBe('pong');
  });

  test('without the secret gets the challenge, and nothing else but a refusal', async () => {
    const a = await startNode('nodeA', [], { clusterSecret: 'correct horse' });
    const joining = RawPeer.join(a.id, NodeId.parse('nodeX@127.0.0.1:1'), 'battery staple');
    await expect(joining).rejects.toThrow();
    const stranger = await RawPeer.connect(a.id);
    stranger.socket.send(JSON.stringify(hello));
    stranger.send({ type: 'proof', mac: nonce });
    expect(await stranger.closed).toBe('4005 auth_failed');
    expect(stranger.received.map(({ type }) => type)).toEqual(['challenge', 'refused']);
    expect(a.cluster.getNodes()).toEqual([]);
  });

  test('is reported once for each reason, however often all that are at one address come again', async () => {
    const a = await startNode('nodeA', [], { clusterSecret: 'correct horse' });
    for (let round = 0; round < 3; round++) {
      for (const message of ['hello?', JSON.stringify({ ...hello, secured: false })]) {
        const stranger = await RawPeer.connect(a.id);
        stranger.socket.send(message);
        await stranger.closed;
      }
    }
    expect(a.errors).toMatchObject([{ reason: 'not_json' }, { reason: 'auth_required' }]);
  });

  test('is no web page: a connection with an origin is refused', async () => {
    const a = await startNode('nodeA');
    const { host, port } = NodeId.parts(a.id);
    const page = new WebSocket(`ws://${host}:${port}`, { origin: 'https://example.com' });
    const [error] = (await once(page, 'error')) as [Error];
    expect(error.message).toContain('403');
  });
});

describe('an observer', () => {
  const observerId = NodeId.parse('observer@127.0.0.1:1');

  test('may ask what is public, hears who the members are, and is none', async () => {
    const a = await startNode('nodeA');
    const b = await startNode('nodeB', [a.id]);
    await eventually(() => expect(a.cluster.isNodeConnected(b.id)).toBe(true));
    a.rpc.handle('look', () => 'as you like', 'public');
    const observer = await RawPeer.join(a.id, observerId, undefined, 'observer');
    observer.send({ type: 'request', id: 1, method: 'look', body: null });
    await eventually(() => expect(observer.received).toContainEqual({ type: 'reply', id: 1, body: 'as you like' }));
    expect(observer.received).toContainEqual({ type: 'members', members: [expect.objectContaining({ id: b.id })] });
    expect([a.events, b.events]).toEqual([['up nodeB'], ['up nodeA']]);
    expect(a.cluster.getNodeIds()).toEqual([b.id]);
    observer.socket.close();
  });

  test.each<[string, PeerFrame]>([
    ['ask for anything else', { type: 'request', id: 1, method: 'change', body: null }],
    ['spread news', { type: 'notify', topic: 'news', body: 'nodeB is dead' }],
    ['answer', { type: 'reply', id: 1, body: null }],
    ['announce members', { type: 'members', members: [{ id: NodeId.parse('nodeX@127.0.0.1:2'), incarnation: 1 }] }],
    ['report conflicts', { type: 'id_conflict' }],
    ['send items of a channel', { type: 'items', items: [1] }],
  ])('may not %s: its link is closed', async (_, frame) => {
    const a = await startNode('nodeA');
    let isChanged = false;
    a.rpc.handle('change', () => {
      isChanged = true;
    });
    a.rpc.onNotify('news', () => {
      isChanged = true;
    });
    const observer = await RawPeer.join(a.id, observerId, undefined, 'observer');
    observer.send(frame);
    expect(await observer.closed).toBe('4015 not_permitted');
    expect(isChanged).toBe(false);
    expect(a.cluster.getNodes()).toEqual([]);
    expect(a.errors).toMatchObject([{ code: 'NOEX_HANDSHAKE', reason: 'not_permitted' }]);
  });

  test('may ask for much at once, but not again and again: its link is closed', async () => {
    const a = await startNode('nodeA');
    let asked = 0;
    a.rpc.handle('look', () => (asked += 1), 'public');
    const observer = await RawPeer.join(a.id, observerId, undefined, 'observer');
    const ask = (times: number): void => {
      for (let id = 0; id < times; id += 1) observer.send({ type: 'request', id, method: 'look', body: null });
    };
    ask(150);
    await eventually(() => expect(asked).toBe(150));
    ask(1000);
    expect(await observer.closed).toBe('4017 too_many_requests');
    expect(asked).toBeLessThan(600);
    expect(a.errors).toMatchObject([{ code: 'NOEX_HANDSHAKE', reason: 'too_many_requests' }]);
  });

  test('says little at once: a frame that is larger than its questions is refused', async () => {
    const a = await startNode('nodeA');
    a.rpc.handle('look', () => 'as you like', 'public');
    const observer = await RawPeer.join(a.id, observerId, undefined, 'observer');
    observer.send({ type: 'request', id: 1, method: 'look', body: 'x'.repeat(60_000) });
    await eventually(() => expect(observer.received).toContainEqual({ type: 'reply', id: 1, body: 'as you like' }));
    observer.send({ type: 'request', id: 2, method: 'look', body: 'x'.repeat(70_000) });
    expect(await observer.closed).toBe('4009 frame_too_large');
    const member = await RawPeer.join(a.id, NodeId.parse('rogue@127.0.0.1:1'));
    member.send({ type: 'request', id: 1, method: 'look', body: 'x'.repeat(70_000) });
    await eventually(() => expect(member.received).toContainEqual({ type: 'reply', id: 1, body: 'as you like' }));
    member.socket.close();
  });

  test('cannot take the id of another, as long as that is there', async () => {
    const a = await startNode('nodeA', [], { heartbeatIntervalMs: 200 });
    a.rpc.handle('look', () => 'as you like', 'public');
    const first = await RawPeer.join(a.id, observerId, undefined, 'observer');
    first.answersProbes = true;
    await expect(RawPeer.join(a.id, observerId, undefined, 'observer')).rejects.toThrow();
    first.send({ type: 'request', id: 1, method: 'look', body: null });
    await eventually(() => expect(first.received).toContainEqual({ type: 'reply', id: 1, body: 'as you like' }));
    first.answersProbes = false;
    const second = await RawPeer.join(a.id, observerId, undefined, 'observer');
    expect(await first.closed).toMatch('1006');
    second.socket.close();
  });

  test('cannot take the id of a member', async () => {
    const a = await startNode('nodeA');
    const b = await startNode('nodeB', [a.id]);
    await eventually(() => expect(a.cluster.isNodeConnected(b.id)).toBe(true));
    await eventually(() => expect(b.cluster.isNodeConnected(a.id)).toBe(true));
    await expect(RawPeer.join(a.id, b.id, undefined, 'observer')).rejects.toThrow();
    await expect(RawPeer.join(a.id, a.id, undefined, 'observer')).rejects.toThrow();
    expect(a.events).toEqual(['up nodeB']);
    // It is no node that could be in the way of this one.
    expect(a.errors).toEqual([]);
    expect(await b.rpc.request(a.id, 'nothing', null, 5000).catch((error) => error.code)).toBe('NOEX_REMOTE');
  });
});

describe('a secret of its own for observers', () => {
  const secrets = { clusterSecret: 'for nodes', observerSecret: ['for onlookers', 'the one before'] };

  test('lets observers in, and so does that of the nodes', async () => {
    const errors: unknown[] = [];
    const { Cluster, shutdown } = createRuntime({ onError: (error) => errors.push(error) });
    await Cluster.start({ nodeName: 'nodeA', port: 0, ...secrets });
    const id = Cluster.getLocalNodeId();
    for (const shown of [
      { observerSecret: 'for onlookers' },
      { observerSecret: ['the one before', 'for onlookers'] },
      { clusterSecret: 'for onlookers' },
      { clusterSecret: 'for nodes' },
    ]) {
      const attached = await attach(id, shown);
      const { aggregated } = await attached.getClusterSnapshot();
      expect(aggregated.connectedNodeCount).toBe(1);
      await attached.detach();
    }
    await shutdown();
    expect(errors).toEqual([]);
  });

  test('lets no node in', async () => {
    const a = await startNode('nodeA', [], secrets);
    const refused = RawPeer.join(a.id, NodeId.parse('nodeX@127.0.0.1:1'), 'for onlookers');
    await expect(refused).rejects.toThrow('4005 auth_failed');
    const b = await startNode('nodeB', [a.id], { clusterSecret: 'for onlookers' });
    await eventually(() => expect(b.errors).toMatchObject([{ code: 'NOEX_HANDSHAKE', reason: 'auth_failed' }]));
    expect(a.cluster.getNodes()).toEqual([]);
    expect(a.errors).toMatchObject([{ code: 'NOEX_HANDSHAKE', reason: 'auth_failed' }]);
  });

  test('is no way in once it is not accepted any more, nor is any other', async () => {
    const a = await startNode('nodeA', [], { ...secrets, observerSecret: 'a new one' });
    await expect(attach(a.id, { observerSecret: 'for onlookers' })).rejects.toMatchObject({ reason: 'auth_failed' });
    await expect(attach(a.id)).rejects.toMatchObject({ reason: 'auth_required' });
    const both = { clusterSecret: 'for nodes', observerSecret: 'a new one' };
    await expect(attach(a.id, both)).rejects.toMatchObject({
      code: 'NOEX_INVALID_CLUSTER_CONFIG',
      field: 'observerSecret',
    });
  });
});

describe('observers of one node', () => {
  test('are a hundred at most: the next one is refused, and may come when another has gone', async () => {
    const a = await startNode('nodeA');
    const id = (at: number): NodeId => NodeId.parse(`observer-${at}@127.0.0.1:1`);
    const observers: RawPeer[] = [];
    for (let at = 0; at < 100; at += 1) observers.push(await RawPeer.join(a.id, id(at), undefined, 'observer'));
    const refused = attach(a.id);
    await expect(refused).rejects.toMatchObject({ code: 'NOEX_HANDSHAKE', reason: 'too_many_observers' });
    await expect(refused).rejects.toThrow('detach one');
    await expect(RawPeer.join(a.id, id(100), undefined, 'observer')).rejects.toThrow('4018 too_many_observers');
    observers[7]?.socket.close();
    await observers[7]?.closed;
    await attach(a.id).then((attached) => attached.detach());
    for (const { socket } of observers) socket.terminate();
  });
});

describe('a stranger who is refused', () => {
  const upgrade = [
    'GET / HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Origin: https://example.com',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ].join('\r\n');

  test('may hang up in the middle, or not at all: nothing breaks, and nothing stays open', async () => {
    await eventually(() => expect(openSockets()).toBe(0));
    const a = await startNode('nodeA');
    const { host, port } = NodeId.parts(a.id);
    const rude = connect(port, host);
    await once(rude, 'connect');
    rude.write(`${upgrade}\r\n\r\n`);
    rude.resetAndDestroy();
    const clinging = connect({ port, host, allowHalfOpen: true });
    clinging.on('error', () => undefined);
    clinging.write(`${upgrade}\r\n\r\n`);
    const [answer] = (await once(clinging, 'data')) as [Buffer];
    expect(answer.toString()).toContain('403');
    await eventually(() => expect(openSockets()).toBe(2)); // the listener, and this side of the connection
    clinging.destroy();
  });

  test('cannot make a node keep a message that never ends', async () => {
    const a = await startNode('nodeA');
    const stranger = await RawPeer.connect(a.id);
    for (let part = 0; part < 4; part++) stranger.socket.send('x'.repeat(100_000), { fin: false });
    expect(await stranger.closed).toBe('4009 frame_too_large');
    expect(a.errors).toMatchObject([{ name: 'ProtocolError', reason: 'frame_too_large' }]);
  });

  test('does not answer for a seed either', async () => {
    const impostor = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(impostor, 'listening');
    impostor.on('connection', (socket) => {
      for (let part = 0; part < 4; part++) socket.send('x'.repeat(100_000), { fin: false });
    });
    const { port } = impostor.address() as { port: number };
    const a = await startNode('nodeA', [`nodeX@127.0.0.1:${port}`]);
    await eventually(() => expect(a.errors).toMatchObject([{ name: 'ProtocolError', reason: 'frame_too_large' }]));
    await a.cluster.stop();
    await new Promise((resolve) => impostor.close(resolve));
  });

  test('cannot make a node give up a seed by claiming to be that node', async () => {
    const impostor = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(impostor, 'listening');
    let visits = 0;
    impostor.on('connection', (socket) => {
      visits += 1;
      socket.send(encode({ type: 'refused', reason: 'self', message: 'you reached yourself' }));
      socket.close(4002, 'self');
    });
    const { port } = impostor.address() as { port: number };
    const a = await startNode('nodeA', [`nodeB@127.0.0.1:${port}`], { clusterSecret: 'secret' });
    await eventually(() => expect(visits).toBeGreaterThan(1));
    await new Promise((resolve) => impostor.close(resolve));
    const b = await startNode('nodeB', [], { clusterSecret: 'secret', port });
    await eventually(() => expect(a.cluster.isNodeConnected(b.id)).toBe(true));
    expect(a.errors).toEqual([]);
  });
});

describe('a member', () => {
  const rogueId = NodeId.parse('rogue@127.0.0.1:1');

  test('is not believed what anybody on the way could say in its place: why its connection was closed', async () => {
    const a = await startNode('nodeA', [], { clusterSecret: 'secret' });
    const peer = await RawPeer.join(a.id, rogueId, 'secret');
    peer.socket.close(4003, 'id_conflict');
    await eventually(() => expect(a.events).toEqual(['up rogue', 'down rogue connection_closed']));
    expect(a.errors).toEqual([]);
  });

  test('that cannot answer a probe, because it is sending something long, keeps its id', async () => {
    const a = await startNode('nodeA', [], { heartbeatIntervalMs: 1000 });
    const first = await RawPeer.join(a.id, rogueId);
    first.beginMessage(100_000);
    const sending = setInterval(() => first.continueMessage('x'), 20);
    try {
      await expect(RawPeer.join(a.id, rogueId)).rejects.toThrow(/id_conflict|duplicate_link/);
      expect(a.events).toEqual(['up rogue']);
    } finally {
      clearInterval(sending);
    }
    const second = await RawPeer.join(a.id, rogueId);
    expect(await first.closed).toMatch('1006');
    second.socket.close();
  });

  test.each([
    ['what is not JSON', '}', '4011 not_json', 'not_json'],
    ['a frame of the handshake', '{"type":"proof"}', '4014 out_of_turn', 'out_of_turn'],
    ['a bad heartbeat', '{"type":"heartbeat","processCount":-1,"uptimeMs":0}', '4012 malformed', 'malformed'],
    [
      'what superjson must not revive',
      '{"type":"notify","topic":"t","body":{"json":"/a/","meta":{"values":["regexp"],"v":1}}}',
      '4012 malformed',
      'malformed',
    ],
    ['binary data', Buffer.from('{}'), '4010 binary_frame', 'binary_frame'],
    ['too much', 'x'.repeat(MAX_FRAME_BYTES + 100), '1009 ', 'frame_too_large'],
  ])(
    'that says %s loses its link, with a reason on both sides, and no other link is affected',
    async (_, message, expected, reason) => {
      const a = await startNode('nodeA');
      const b = await startNode('nodeB', [a.id]);
      await eventually(() => expect(a.cluster.isNodeConnected(b.id)).toBe(true));
      const rogue = await RawPeer.join(a.id, rogueId);
      await eventually(() => expect(a.events).toContain('up rogue'));
      rogue.socket.send(message);
      expect(await rogue.closed).toBe(expected);
      await eventually(() => expect(a.events).toEqual(['up nodeB', 'up rogue', 'down rogue connection_refused']));
      expect(a.errors).toMatchObject([{ name: 'ProtocolError', reason }]);
      expect(a.cluster.isNodeConnected(b.id)).toBe(true);
    },
  );

  test('gets what is said in one tick as one message, in order', async () => {
    const a = await startNode('nodeA', [], { heartbeatIntervalMs: 60_000 });
    const peer = await RawPeer.join(a.id, rogueId);
    await eventually(() => expect(peer.received.at(-1)?.type).toBe('members'));
    const before = peer.messages;
    for (let n = 0; n < 100; n += 1) a.rpc.notify(rogueId, 'count', n);
    const reported = () => peer.received.flatMap((frame) => (frame.type === 'notify' ? [frame.body] : []));
    await eventually(() => expect(reported()).toHaveLength(100));
    expect(reported()).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(peer.messages - before).toBe(1);
  });

  test('may say several things in one message, and is stopped at the first that breaks the protocol', async () => {
    const a = await startNode('nodeA');
    const heard: unknown[] = [];
    a.rpc.onNotify('count', (n) => heard.push(n));
    const rogue = await RawPeer.join(a.id, rogueId);
    const say = (n: number): string => `{"type":"notify","topic":"count","body":{"json":${n}}}`;
    rogue.socket.send([say(1), say(2), '{', say(3)].join('\n'));
    expect(await rogue.closed).toBe('4011 not_json');
    expect(heard).toEqual([1, 2]);
  });

  test('that does not read gets no queue of news, and the newest when it reads again', async () => {
    const a = await startNode('nodeA');
    const slow = await RawPeer.join(a.id, rogueId);
    await eventually(() => expect(a.events).toEqual(['up rogue']));
    slow.socket.pause();
    const news = 'x'.repeat(1024 * 1024);
    await eventually(() => expect(a.rpc.notify(rogueId, 'news', news)).toEqual([]));
    slow.socket.resume();
    await eventually(() => expect(a.rpc.notify(rogueId, 'news', 'newest')).toEqual([rogueId]));
    await eventually(() => expect(slow.received.at(-1)).toMatchObject({ type: 'notify', body: 'newest' }));
    slow.socket.terminate();
  });

  test('that asks and does not read gets no queue of answers, and no other peer waits for it', async () => {
    const a = await startNode('nodeA');
    const b = await startNode('nodeB', [a.id]);
    await eventually(() => expect(a.events).toEqual(['up nodeB']));
    const rogue = await RawPeer.join(a.id, rogueId);
    await eventually(() => expect(a.events).toEqual(['up nodeB', 'up rogue']));
    rogue.socket.pause();
    const asked = 400_000;
    for (let message = 0; message < 10; message += 1) {
      rogue.socket.send(new Array(asked / 10).fill(encode({ type: 'probe' })).join('\n'));
    }
    rogue.send({ type: 'request', id: 1, method: 'done', body: null });
    let isDone = false;
    a.rpc.handle('done', () => {
      isDone = true;
    });
    a.rpc.handle('echo', (body) => body);
    let answered = 0;
    while (!isDone) {
      expect(await b.rpc.request(a.id, 'echo', answered, 5000)).toBe(answered);
      answered += 1;
    }
    expect(answered).toBeGreaterThan(5);
    rogue.socket.resume();
    await eventually(() => expect(rogue.received.some(({ type }) => type === 'reply')).toBe(true));
    const acks = rogue.received.filter(({ type }) => type === 'probe_ack').length;
    expect(acks).toBeGreaterThan(0);
    expect(acks).toBeLessThan(asked);
    expect(a.events).toHaveLength(2);
    rogue.socket.terminate();
  });

  test('that dies is down at once', async () => {
    const a = await startNode('nodeA');
    const rogue = await RawPeer.join(a.id, rogueId);
    await eventually(() => expect(a.events).toEqual(['up rogue']));
    rogue.socket.terminate();
    await eventually(() => expect(a.events).toEqual(['up rogue', 'down rogue connection_closed']));
    expect(a.cluster.getNode(rogueId)?.status).toBe('disconnected');
    expect(a.errors).toEqual([]);
  });
});

describe('the wire', () => {
  test.each([
    ['proof', 'the node that is dialled'],
    ['welcome', 'the node that dials'],
  ])('refuses what an attacker in the middle adds to the message with the %s', async (type) => {
    const clusterSecret = 'correct horse battery staple';
    const a = await startNode('nodeA', [], { clusterSecret });
    const target = NodeId.parts(a.id);
    const added = encode({ type: 'notify', topic: 'news', body: 'not from a node' });
    const relay = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(relay, 'listening');
    const ends: string[] = [];
    relay.on('connection', (near) => {
      const far = new WebSocket(`ws://${target.host}:${target.port}`);
      far.on('close', (code, reason) => near.close(code, reason.toString()));
      near.on('close', (code, reason) => {
        ends.push(`${code} ${reason}`);
        far.close(code, reason.toString());
      });
      const pass = (from: WebSocket, to: WebSocket) =>
        from.on('message', (data) => {
          const text = data.toString();
          const changed = text.includes(`"type":"${type}"`) ? `${text}\n${added}` : text;
          if (to.readyState === WebSocket.CONNECTING) to.once('open', () => to.send(changed));
          else to.send(changed);
        });
      pass(near, far);
      pass(far, near);
    });
    const { port } = relay.address() as { port: number };
    const b = await startNode('nodeB', [`nodeA@127.0.0.1:${port}`], { clusterSecret });
    const heard: unknown[] = [];
    for (const node of [a, b]) node.rpc.onNotify('news', (body) => heard.push(body));
    await eventually(() => expect(ends[0]).toBe('4016 forged'));
    expect(heard).toEqual([]);
    for (const client of relay.clients) client.terminate();
    relay.close();
  });

  test('never carries the secret', async () => {
    const clusterSecret = 'correct horse battery staple';
    const a = await startNode('nodeA', [], { clusterSecret });
    const target = NodeId.parts(a.id);
    const said: string[] = [];
    // A relay in the middle that reads along.
    const relay = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(relay, 'listening');
    relay.on('connection', (near) => {
      const far = new WebSocket(`ws://${target.host}:${target.port}`);
      const pass = (from: WebSocket, to: WebSocket) =>
        from.on('message', (data) => {
          const text = data.toString();
          said.push(text);
          if (to.readyState === WebSocket.CONNECTING) to.once('open', () => to.send(text));
          else to.send(text);
        });
      pass(near, far);
      pass(far, near);
    });
    const { port } = relay.address() as { port: number };
    const b = await startNode('nodeB', [`nodeA@127.0.0.1:${port}`], { clusterSecret });
    await eventually(() => expect(b.cluster.isNodeConnected(a.id)).toBe(true));
    await eventually(() => expect(said.some((text) => text.includes('"members"'))).toBe(true));
    expect(said.some((text) => text.includes('"mac"'))).toBe(true);
    for (const form of ['utf8', 'base64', 'hex'] as const) {
      expect(said.join('\n')).not.toContain(Buffer.from(clusterSecret).toString(form).replace(/=+$/, ''));
    }
    await b.cluster.stop();
    for (const client of relay.clients) client.terminate();
    await new Promise((resolve) => relay.close(resolve));
  });
});
