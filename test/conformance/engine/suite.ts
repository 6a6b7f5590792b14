import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MembershipChange } from '../../../src/cluster/membership.js';
import { NodeId } from '../../../src/cluster/node-id.js';
import {
  LinkOverloadedError,
  NodeIdConflictError,
  NodeNotConnectedError,
  NodeNotFoundError,
  NodeTimeoutError,
  RemoteError,
} from '../../../src/errors.js';
import { ChannelRecorder, prefixViolations, type Session } from './channel-recorder.js';
import { type EngineHarness, nameOf, type TestNode, TestNodes } from './harness.js';

/** What every engine does: written against the seam alone. */
export function describeEngine(name: string, createHarness: () => EngineHarness): void {
  describe(`the engine ${name}`, () => {
    let harness: EngineHarness;
    let nodes: TestNodes;

    beforeEach(() => {
      harness = createHarness();
      nodes = new TestNodes(harness);
    });

    afterEach(() => nodes.stopAll());

    async function startTwo(): Promise<readonly [TestNode, TestNode]> {
      const [a, b] = await nodes.startAll('nodeA', 'nodeB');
      return [a as TestNode, b as TestNode];
    }

    const connected = ({ cluster }: TestNode): readonly string[] => cluster.getConnectedNodes().map(nameOf);

    describe('membership', () => {
      test('connects nodes that know one of them, all with all', async () => {
        const [a, b, c] = await nodes.startAll('nodeA', 'nodeB', 'nodeC');
        expect([a, b, c].map((node) => connected(node as TestNode))).toEqual([
          ['nodeB', 'nodeC'],
          ['nodeA', 'nodeC'],
          ['nodeA', 'nodeB'],
        ]);
      });

      test('has what the others announce about themselves', async () => {
        const [a, b] = await startTwo();
        await harness.eventually(() =>
          expect(a.cluster.getNode(b.id)).toMatchObject({ id: b.id, status: 'connected', processCount: 4 }),
        );
        expect(a.cluster.getLocalNodeInfo()).toMatchObject({ id: a.id, processCount: 4 });
      });

      test('has the roles and the metadata with which each node was started', async () => {
        const described = { roles: ['worker', 'web'], metadata: { zone: 'a', cores: 8, isSpot: false } };
        const a = await nodes.start('nodeA', [], described);
        const b = await nodes.start('nodeB', [a]);
        await harness.eventually(() => expect([connected(a), connected(b)]).toEqual([['nodeB'], ['nodeA']]));
        const plain = { roles: [], metadata: {} };
        const seen = [a.cluster.getLocalNodeInfo(), b.cluster.getNode(a.id), ...b.cluster.getNodes()];
        for (const info of seen) expect(info).toMatchObject(described);
        for (const info of [b.cluster.getLocalNodeInfo(), a.cluster.getNode(b.id)]) expect(info).toMatchObject(plain);
        for (const info of [...seen, ...a.cluster.getNodes()]) {
          expect([info, info?.roles, info?.metadata].map(Object.isFrozen)).toEqual([true, true, true]);
        }
      });

      test('reports a polite leave as one, and forgets the node', async () => {
        const [a, b] = await startTwo();
        await nodes.stop(b);
        await harness.eventually(() => expect(a.events).toEqual(['up nodeB', 'down nodeB graceful_shutdown']));
        expect(a.cluster.getNodeIds()).toEqual([]);
        expect(a.errors).toEqual([]);
      });

      test('alternates up and down of a node, with a larger incarnation for each start', async () => {
        const [a, b] = await startTwo();
        await nodes.stop(b);
        await nodes.startSame('after', b, [a]);
        const upAndDown = (): readonly MembershipChange[] =>
          a.changes.filter(({ type }) => type === 'up' || type === 'down');
        await harness.eventually(() => expect(upAndDown().map(({ type }) => type)).toEqual(['up', 'down', 'up']));
        const seen = upAndDown();
        const incarnation = (change: MembershipChange | undefined): number => change?.incarnation ?? 0;
        expect(incarnation(seen[2])).toBeGreaterThan(incarnation(seen[0]));
        expect(a.membership.members()).toMatchObject([{ id: b.id, incarnation: incarnation(seen[2]) }]);
      });

      test('keeps the node that holds an id, and reports another one that claims it', async () => {
        const [a, b] = await startTwo();
        const rival = await nodes.startSame('beside', b, [a]);
        const conflict = (node: TestNode): Error | undefined =>
          node.errors.find((error) => error instanceof NodeIdConflictError);
        await harness.eventually(() => expect([conflict(rival), conflict(b)]).not.toContain(undefined));
        expect(a.changes.filter(({ type }) => type !== 'learned')).toMatchObject([{ type: 'up', id: b.id }]);
        expect(rival.cluster.getConnectedNodeCount()).toBe(0);
      });

      test('lets a node in that waits for an id, when the holder of the id has left', async () => {
        const [a, b] = await startTwo();
        const rival = await nodes.startSame('beside', b, [a], { reconnectMaxDelayMs: 100 });
        await harness.eventually(() => expect(rival.errors).not.toEqual([]));
        await nodes.stop(b);
        const expected = ['up nodeB', 'down nodeB graceful_shutdown', 'up nodeB'];
        await harness.eventually(() => expect(a.events).toEqual(expected));
        await harness.eventually(() => expect(connected(rival)).toEqual(['nodeA']));
      });

      test('comes back after all connections were lost', async () => {
        const [a, b] = await startTwo();
        harness.breakConnections();
        await harness.eventually(() => expect(a.changes.length).toBeGreaterThan(1));
        await harness.eventually(() => expect([connected(a), connected(b)]).toEqual([['nodeB'], ['nodeA']]));
      });
    });

    describe('a request', () => {
      test('is answered with the value of the handler, which knows who asked', async () => {
        const [a, b] = await startTwo();
        b.rpc.handle('greet', (body, from) => ({ body, from }));
        const body = { at: new Date(0), tags: new Set(['x']), big: 2n };
        expect(await harness.settled(a.rpc.request(b.id, 'greet', body, 5000))).toEqual({ body, from: a.id });
      });

      test('rejects with what the handler threw, or with there being none', async () => {
        const [a, b] = await startTwo();
        b.rpc.handle('fail', () => Promise.reject(new Error('out of stock')));
        const failed = harness.settled(a.rpc.request(b.id, 'fail', null, 5000));
        await expect(failed).rejects.toThrow(RemoteError);
        await expect(failed).rejects.toThrow('out of stock');
        const missing = harness.settled(a.rpc.request(b.id, 'missing', null, 5000));
        await expect(missing).rejects.toMatchObject({ remoteCode: 'NOEX_NO_HANDLER' });
      });

      test('rejects for an unknown node, and when no answer comes in time', async () => {
        const [a, b] = await startTwo();
        const unknown = harness.settled(a.rpc.request(NodeId.parse('other@127.0.0.1:1'), 'greet', null, 5000));
        await expect(unknown).rejects.toThrow(NodeNotFoundError);
        b.rpc.handle('hang', () => new Promise(() => undefined));
        await expect(harness.settled(a.rpc.request(b.id, 'hang', null, 200))).rejects.toThrow(NodeTimeoutError);
      });

      test('rejects when the connection is lost before the answer', async () => {
        const [a, b] = await startTwo();
        let isAsked = false;
        b.rpc.handle('hang', () => {
          isAsked = true;
          return new Promise(() => undefined);
        });
        const answer = a.rpc.request(b.id, 'hang', null, 60_000);
        answer.catch(() => undefined);
        await harness.eventually(() => expect(isAsked).toBe(true));
        harness.breakConnections();
        await expect(harness.settled(answer)).rejects.toThrow(NodeNotConnectedError);
      });
    });

    describe('notifications', () => {
      test('arrive in order', async () => {
        const [a, b] = await startTwo();
        const received: unknown[] = [];
        b.rpc.onNotify('count', (body) => received.push(body));
        const sent = Array.from({ length: 200 }, (_, at) => at);
        for (const at of sent) expect(a.rpc.notify(b.id, 'count', at)).toEqual([b.id]);
        await harness.eventually(() => expect(received).toEqual(sent));
      });

      test('that are published reach every member and every observer', async () => {
        const [a, b] = await startTwo();
        const watching = await nodes.start('watching', [a], { role: 'observer' });
        await harness.eventually(() => expect(connected(watching)).toEqual(['nodeA', 'nodeB']));
        const received: string[] = [];
        for (const node of [b, watching]) {
          node.rpc.onNotify('price', (body, from) => received.push(`${nameOf(node)} ${body} ${nameOf({ id: from })}`));
        }
        // The other side of a connection may not use it yet.
        await harness.eventually(() => expect(a.rpc.hasRoom(watching.id)).toBe(true));
        a.rpc.publish('price', 12);
        await harness.eventually(() => expect(received.sort()).toEqual(['nodeB 12 nodeA', 'watching 12 nodeA']));
      });

      test('leave out a node that has not read what it was sent', async () => {
        const [a, b] = await startTwo();
        const received: unknown[] = [];
        b.rpc.onNotify('load', (body) => received.push(body));
        const body = 'x'.repeat(100_000);
        let sent = 0;
        while (a.rpc.notify(b.id, 'load', body).length > 0 && sent < 1000) sent += 1;
        expect(sent).toBeLessThan(1000);
        expect(a.rpc.hasRoom(b.id)).toBe(false);
        await harness.eventually(() => expect(a.rpc.hasRoom(b.id)).toBe(true));
        await harness.eventually(() => expect(received).toHaveLength(sent));
      });
    });

    describe('an observer', () => {
      test('sees the members, and is none', async () => {
        const [a, b] = await startTwo();
        const watching = await nodes.start('watching', [a], { role: 'observer' });
        await harness.eventually(() => expect(connected(watching)).toEqual(['nodeA', 'nodeB']));
        expect([a.cluster.getNodeIds(), b.cluster.getNodeIds()]).toEqual([[b.id], [a.id]]);
        expect(watching.channels.peers()).toEqual([]);
        expect(a.channels.peers()).toMatchObject([{ id: b.id }]);
      });

      test('may call public methods alone', async () => {
        const [a] = await startTwo();
        a.rpc.handle('read', () => 'figures', 'public');
        a.rpc.handle('write', () => 'done');
        const watching = await nodes.start('watching', [a], { role: 'observer' });
        await harness.eventually(() => expect(watching.cluster.isNodeConnected(a.id)).toBe(true));
        expect(await harness.settled(watching.rpc.request(a.id, 'read', null, 5000))).toBe('figures');
        await expect(harness.settled(watching.rpc.request(a.id, 'write', null, 5000))).rejects.toThrow();
        expect(watching.events).toContain('up nodeA');
        await harness.eventually(() => expect(watching.events).toContainEqual(expect.stringMatching(/^down nodeA/)));
        expect(a.errors).toMatchObject([{ code: 'NOEX_HANDSHAKE', reason: 'not_permitted' }]);
      });

      test('is gone for what answers its requests when it stops', async () => {
        const [a] = await startTwo();
        const gone: NodeId[] = [];
        a.membership.onPeerGone((id) => gone.push(id));
        const watching = await nodes.start('watching', [a], { role: 'observer' });
        await harness.eventually(() => expect(a.rpc.hasRoom(watching.id)).toBe(true));
        await nodes.stop(watching);
        await harness.eventually(() => expect(gone).toEqual([watching.id]));
        expect(a.errors).toEqual([]);
      });
    });

    describe('channels', () => {
      test('are up on both sides for connected members, and down once for one that leaves', async () => {
        const [a, b] = await startTwo();
        await harness.eventually(() =>
          expect([a.channels.peers(), b.channels.peers()]).toMatchObject([[{ id: b.id }], [{ id: a.id }]]),
        );
        await nodes.stop(b);
        await harness.eventually(() => expect(a.channelEvents).toEqual(['up nodeB', 'down nodeB']));
        expect(a.channels.peers()).toEqual([]);
        expect(() => a.channels.send(b.id, [1])).toThrow(NodeNotConnectedError);
      });

      test('name the life of the runtime at the other end', async () => {
        const a = await nodes.start('nodeA', [], { life: 'life-of-a' });
        const b = await nodes.start('nodeB', [a], { life: 'life-of-b' });
        await harness.eventually(() => expect(a.channels.peers()).toMatchObject([{ id: b.id, life: 'life-of-b' }]));
        await harness.eventually(() => expect(b.channels.peers()).toMatchObject([{ id: a.id, life: 'life-of-a' }]));
      });

      test('carry what is sent and what is broadcast in one order', async () => {
        const [a, b] = await startTwo();
        const sent = Array.from({ length: 300 }, (_, at) => at);
        for (const at of sent) {
          if (at % 3 === 0) a.channels.broadcast([at]);
          else a.channels.send(b.id, [at]);
        }
        await harness.eventually(() => expect(b.channelEvents).toEqual(['up nodeA', ...sent]));
      });

      test('take items as soon as they are up, and those arrive first', async () => {
        const a = await nodes.start('nodeA');
        const b = await nodes.start('nodeB', [a]);
        for (const node of [a, b]) {
          node.channels.onUp(({ id }) => {
            node.channels.send(id, [`from ${nameOf(node)}`]);
            node.channels.broadcast([`to all of ${nameOf(node)}`]);
          });
        }
        await harness.eventually(() => expect(a.channelEvents).toEqual(['up nodeB', 'from nodeB', 'to all of nodeB']));
        await harness.eventually(() => expect(b.channelEvents).toEqual(['up nodeA', 'from nodeA', 'to all of nodeA']));
        expect([...a.errors, ...b.errors]).toEqual([]);
      });

      test('deliver what was sent before a polite leave', async () => {
        const [a, b] = await startTwo();
        await harness.eventually(() => expect(a.channels.peers()).toHaveLength(1));
        const sent = Array.from({ length: 100 }, (_, at) => at);
        for (const at of sent) a.channels.send(b.id, [at]);
        await nodes.stop(a);
        await harness.eventually(() => expect(b.channelEvents).toEqual(['up nodeA', ...sent, 'down nodeA']));
      });

      test('keep their promises on both sides when connections break again and again', async () => {
        const [a, b, c] = (await nodes.startAll('nodeA', 'nodeB', 'nodeC')) as [TestNode, TestNode, TestNode];
        let lastNumber = 0;
        const recorders = [a, b, c].map(({ id, membership, channels }) => {
          const self = { id, incarnation: membership.local()?.incarnation ?? 0 };
          return new ChannelRecorder(self, channels, () => ++lastNumber);
        });
        const allUp = (): void => {
          for (const recorder of recorders) expect(recorder.peers()).toHaveLength(2);
        };
        for (let round = 1; round <= 10; round += 1) {
          harness.breakConnections();
          await harness.eventually(() => {
            for (const recorder of recorders) {
              recorder.broadcast();
              for (const id of recorder.peers()) recorder.send(id);
            }
            for (const recorder of recorders) expect(recorder.sessions.length).toBeGreaterThanOrEqual(2 + 2 * round);
            allUp();
          });
        }
        const open = (from: ChannelRecorder, to: ChannelRecorder): Session | undefined => from.open(to.self.id);
        await harness.eventually(() => {
          allUp();
          for (const from of recorders) {
            for (const to of recorders) if (from !== to) expect(open(to, from)?.received).toEqual(open(from, to)?.sent);
          }
        });
        expect(recorders.flatMap(({ violations }) => violations)).toEqual([]);
        expect(prefixViolations(recorders)).toEqual([]);
      });

      test('lose only the end of what was sent when they break, and are another one afterwards', async () => {
        const [a, b] = await startTwo();
        for (let at = 0; at < 100; at += 1) a.channels.send(b.id, [at]);
        harness.breakConnections();
        await harness.eventually(() => expect(a.channelEvents).toEqual(['up nodeB', 'down nodeB', 'up nodeB']));
        await harness.eventually(() => expect(b.channels.peers()).toHaveLength(1));
        a.channels.send(b.id, ['after']);
        await harness.eventually(() => expect(b.channelEvents.at(-1)).toBe('after'));
        const received = b.channelEvents.slice(1, b.channelEvents.indexOf('down nodeA'));
        expect(received).toEqual(Array.from({ length: received.length }, (_, at) => at));
        expect(b.channelEvents.slice(1 + received.length)).toEqual(['down nodeA', 'up nodeA', 'after']);
      });

      test('refuse what a peer does not read, and lose nothing of what they took', async () => {
        const [a, b] = await startTwo();
        const item = 'x'.repeat(500_000);
        let sent = 0;
        const flood = (): void => {
          for (; sent < 1000; sent += 1) a.channels.send(b.id, [sent, item]);
        };
        expect(flood).toThrow(LinkOverloadedError);
        const count = sent;
        await harness.eventually(() => a.channels.send(b.id, ['last']));
        await harness.eventually(() => expect(b.channelEvents.at(-1)).toBe('last'));
        const numbers = b.channelEvents.filter((event) => typeof event === 'number');
        expect(numbers).toEqual(Array.from({ length: count }, (_, at) => at));
      });
    });
  });
}
