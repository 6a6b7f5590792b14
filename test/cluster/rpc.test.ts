import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/clock.js';
import { decode } from '../../src/cluster/codec.js';
import { MAX_FRAME_BYTES, type RpcFrame } from '../../src/cluster/frames.js';
import { NodeId } from '../../src/cluster/node-id.js';
import { type Requester, RpcEndpoint } from '../../src/cluster/rpc.js';
import {
  ClusterNotStartedError,
  InvalidArgumentError,
  NodeNotConnectedError,
  NodeNotFoundError,
  NodeTimeoutError,
  RemoteError,
} from '../../src/errors.js';

const idB = NodeId.parse('nodeB@127.0.0.1:4370');
const idC = NodeId.parse('nodeC@127.0.0.1:4371');
const peerB: Requester = { id: idB, incarnation: 1, role: 'member' };

let clock: SimulatedClock;
let errors: Error[];
let sent: { to: NodeId; frame: RpcFrame }[];
let linked: Map<NodeId, number>;
let isRunning: boolean;
let backlog: number;
let rpc: RpcEndpoint;

beforeEach(() => {
  clock = new SimulatedClock();
  errors = [];
  sent = [];
  linked = new Map([[idB, 1]]);
  isRunning = true;
  backlog = 0;
  const node = {
    supports: () => true,
    member: (id: NodeId) => (id === idB || id === idC ? {} : undefined),
    publishEncoded: (text: string) => void node.sendEncoded(idB, text),
    sendEncoded(to: NodeId | Requester, text: string) {
      const [id, incarnation] = typeof to === 'string' ? [to] : [to.id, to.incarnation];
      if (!linked.has(id) || (incarnation !== undefined && linked.get(id) !== incarnation)) return false;
      sent.push({ to: id, frame: decode(text, { maxBytes: MAX_FRAME_BYTES }) as RpcFrame });
      return true;
    },
    backlog: (id: NodeId) => (id === idB ? backlog : 0),
    hasRoom: (id: NodeId) => id !== idB || backlog < 1024 * 1024,
  };
  rpc = new RpcEndpoint({
    clock,
    onError: (error) => errors.push(error),
    node: () => (isRunning ? node : undefined),
  });
});

/** Asks nodeB, and waits until the question is on its way. */
async function ask(body: unknown = {}): Promise<{ id: number; answer: Promise<unknown> }> {
  const answer = rpc.request(idB, 'count', body, 5000);
  answer.catch(() => undefined);
  await Promise.resolve();
  const frame = sent.at(-1)?.frame;
  if (frame?.type !== 'request') throw new Error('nothing was asked');
  return { id: frame.id, answer };
}

describe('a request', () => {
  test('is not answered while its sender has not read earlier answers: no queue of answers grows behind a slow reader', () => {
    let asked = 0;
    rpc.handle('count', () => {
      asked += 1;
      return asked;
    });
    backlog = 32 * 1024 * 1024;
    rpc.receive(peerB, { type: 'request', id: 1, method: 'count', body: null });
    expect([asked, sent]).toEqual([0, []]);
    backlog -= 1;
    rpc.receive(peerB, { type: 'request', id: 2, method: 'count', body: null });
    expect(sent).toMatchObject([{ to: idB, frame: { type: 'reply', id: 2, body: 1 } }]);
  });

  test('gets the reply', async () => {
    const { id, answer } = await ask({ of: new Map([['a', 1n]]) });
    expect(sent).toEqual([
      { to: idB, frame: { type: 'request', id, method: 'count', body: { of: new Map([['a', 1n]]) } } },
    ]);
    rpc.receive(peerB, { type: 'reply', id, body: 7 });
    await expect(answer).resolves.toBe(7);
    expect(clock.pendingTimers).toBe(0);
  });

  test('gets the error of the other side', async () => {
    const { id, answer } = await ask();
    rpc.receive(peerB, { type: 'failure', id, message: 'no such thing', code: 'NOEX_X' });
    await expect(answer).rejects.toThrow(RemoteError);
    await expect(answer).rejects.toMatchObject({ message: 'no such thing', remoteCode: 'NOEX_X', nodeId: idB });
  });

  test('times out, and a reply after that is dropped', async () => {
    const { id, answer } = await ask();
    clock.advance(4999);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(1);
    await expect(answer).rejects.toThrow(NodeTimeoutError);
    rpc.receive(peerB, { type: 'reply', id, body: 7 });
    rpc.receive(peerB, { type: 'failure', id: 999, message: 'what?' });
    expect(errors).toEqual([]);
  });

  test('takes no reply from another node', async () => {
    const { id, answer } = await ask();
    rpc.receive({ ...peerB, id: idC }, { type: 'reply', id, body: 'mine' });
    rpc.receive(peerB, { type: 'reply', id, body: 'hers' });
    await expect(answer).resolves.toBe('hers');
  });

  test('fails when the link is lost, and others are not concerned', async () => {
    const { answer } = await ask();
    rpc.linkEnded(idC);
    rpc.linkEnded(idB);
    await expect(answer).rejects.toThrow(NodeNotConnectedError);
    expect(clock.pendingTimers).toBe(0);
  });

  test('fails when the cluster stops', async () => {
    const { answer } = await ask();
    rpc.stop();
    await expect(answer).rejects.toThrow(ClusterNotStartedError);
    isRunning = false;
    await expect(rpc.request(idB, 'count', {}, 10)).rejects.toThrow(ClusterNotStartedError);
  });

  test('is refused where it cannot be asked', async () => {
    await expect(rpc.request(NodeId.parse('nodeX@h:1'), 'count', {}, 10)).rejects.toThrow(NodeNotFoundError);
    await expect(rpc.request(idC, 'count', {}, 10)).rejects.toThrow(NodeNotConnectedError);
    await expect(rpc.request(idB, 'count', /x/, 10)).rejects.toThrow(InvalidArgumentError);
    await expect(rpc.request(idB, '', {}, 10)).rejects.toThrow(InvalidArgumentError);
    for (const timeout of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(rpc.request(idB, 'count', {}, timeout)).rejects.toThrow('timeoutMs');
    }
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a handler', () => {
  const question = { type: 'request', id: 3, method: 'count', body: { n: 1 } } as const;

  test('answers with what it returns, at once or later', async () => {
    rpc.handle('count', (body, from) => ({ body, from }));
    rpc.receive(peerB, question);
    expect(sent.at(-1)).toEqual({ to: idB, frame: { type: 'reply', id: 3, body: { body: { n: 1 }, from: idB } } });
    rpc.handle('later', async () => 'done');
    rpc.receive(peerB, { ...question, method: 'later' });
    await Promise.resolve();
    expect(sent.at(-1)?.frame).toEqual({ type: 'reply', id: 3, body: 'done' });
  });

  test.each([
    [
      'throws',
      () => {
        throw Object.assign(new Error('broken'), { code: 'E_BROKEN' });
      },
    ],
    ['rejects', () => Promise.reject(Object.assign(new Error('broken'), { code: 'E_BROKEN' }))],
  ])('that %s answers with message and code, and without the stack', async (_, handler) => {
    rpc.handle('count', handler);
    rpc.receive(peerB, question);
    await Promise.resolve();
    expect(sent.at(-1)?.frame).toEqual({ type: 'failure', id: 3, message: 'broken', code: 'E_BROKEN' });
  });

  test('that returns what cannot travel answers with that', () => {
    rpc.handle('count', () => /x/);
    rpc.receive(peerB, question);
    expect(sent.at(-1)?.frame).toMatchObject({ type: 'failure', id: 3, code: 'NOEX_INVALID_ARGUMENT' });
  });

  test('that is not there is an answer, too', () => {
    rpc.receive(peerB, question);
    expect(sent.at(-1)?.frame).toMatchObject({ type: 'failure', id: 3, code: 'NOEX_NO_HANDLER' });
    rpc.receive(peerB, { ...question, method: 'toString' });
    expect(sent.at(-1)?.frame).toMatchObject({ type: 'failure', code: 'NOEX_NO_HANDLER' });
  });

  test('answers only the incarnation that sent the request', async () => {
    let finish: (value: string) => void = () => undefined;
    rpc.handle(
      'count',
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    rpc.receive(peerB, question);
    linked.set(idB, 2);
    finish('too late');
    await Promise.resolve();
    expect(sent).toEqual([]);
  });

  test('is the only one of its method until it is withdrawn', () => {
    const withdraw = rpc.handle('count', () => 1);
    expect(() => rpc.handle('count', () => 2)).toThrow(InvalidArgumentError);
    withdraw();
    rpc.handle('count', () => 3);
    withdraw(); // no longer concerns it
    rpc.receive(peerB, question);
    expect(sent.at(-1)?.frame).toMatchObject({ type: 'reply', body: 3 });
  });
});

describe('news', () => {
  test('go to all that have a link', () => {
    linked.set(idC, 1);
    expect(rpc.notify([idB, idC], 'weather', { sun: true })).toEqual([idB, idC]);
    expect(sent.map(({ to }) => to)).toEqual([idB, idC]);
    linked.delete(idC);
    expect(rpc.notify(idC, 'weather', {})).toEqual([]);
    isRunning = false;
    expect(rpc.notify(idB, 'weather', {})).toEqual([]);
  });

  test('do not queue up for a node that does not take them, while questions and answers do', async () => {
    linked.set(idC, 1);
    backlog = 1024 * 1024;
    expect(rpc.notify([idB, idC], 'weather', { sun: true })).toEqual([idC]);
    expect(sent.map(({ to }) => to)).toEqual([idC]);
    await ask();
    expect(sent.at(-1)).toMatchObject({ to: idB, frame: { type: 'request' } });
    backlog -= 1;
    expect(rpc.notify(idB, 'weather', { sun: true })).toEqual([idB]);
  });

  test('reach every handler of their topic, though one throws and another one rejects', async () => {
    const got: unknown[] = [];
    rpc.onNotify('weather', () => {
      throw new Error('umbrella');
    });
    rpc.onNotify('weather', () => Promise.reject(new Error('raincoat')));
    const unsubscribe = rpc.onNotify('weather', (body, from) => got.push([body, from]));
    rpc.onNotify('sports', (body) => got.push(body));
    rpc.receive(peerB, { type: 'notify', topic: 'weather', body: 1 });
    unsubscribe();
    rpc.receive(peerB, { type: 'notify', topic: 'weather', body: 2 });
    rpc.receive(peerB, { type: 'notify', topic: 'unheard', body: 3 });
    await Promise.resolve();
    expect(got).toEqual([[1, idB]]);
    expect(errors.map(({ message }) => message).sort()).toEqual(['raincoat', 'raincoat', 'umbrella', 'umbrella']);
  });
});
