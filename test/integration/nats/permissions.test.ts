import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Broker } from '../../../src/cluster/nats/broker.js';
import { natsBroker } from '../../../src/cluster/nats/nats-broker.js';
import { attach, createRuntime, type GenServerBehavior, type Runtime } from '../../../src/index.js';
import { nats } from '../../../src/nats.js';
import { NatsServer } from '../../helpers/nats-server.js';

/** As docs/distribution/nats.md lists them. */
function nodePermissions(name: string) {
  return {
    publish: [
      `noex.shop.to.*.node.${name}`,
      `noex.shop.obs.*.node.${name}`,
      `noex.shop.all.${name}`,
      `noex.shop.beat.${name}`,
      `noex.shop.id.${name}.>`,
    ],
    subscribe: [
      `noex.shop.to.${name}.>`,
      'noex.shop.all.*',
      'noex.shop.beat.*',
      'noex.shop.look.*',
      `noex.shop.id.${name}.>`,
    ],
  };
}

const OBSERVER = {
  publish: ['noex.shop.to.*.observer.*', 'noex.shop.look.*'],
  subscribe: ['noex.shop.obs.*.>', 'noex.shop.all.*', 'noex.shop.beat.*'],
};

const user = (name: string, permissions: object) => ({ user: name, password: `of ${name}`, permissions });
const USERS = [user('a', nodePermissions('a')), user('b', nodePermissions('b')), user('watcher', OBSERVER)];

const echo: GenServerBehavior<null, string, never, string> = {
  init: () => null,
  handleCall: (message, state) => [message, state],
};

let server: NatsServer;
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await NatsServer.start(`authorization: { users: ${JSON.stringify(USERS)} }`);
});

afterEach(() => Promise.all(ended.splice(0).map((end) => end())));

afterAll(() => server.stop());

const optionsOf = (name: string) => ({ servers: server.url, cluster: 'shop', user: name, password: `of ${name}` });
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 10 });

async function twoNodes() {
  const errors: unknown[] = [];
  const nodes = ['a', 'b'].map(() => createRuntime({ reporter: false, onError: (error) => errors.push(error) }));
  const [a, b] = nodes as unknown as readonly [Runtime, Runtime];
  ended.push(
    ...nodes.map(
      ({ shutdown }) =>
        () =>
          shutdown(),
    ),
  );
  await a.Cluster.start({ nodeName: 'a', engine: nats(optionsOf('a')), heartbeatIntervalMs: 200 });
  await b.Cluster.start({ nodeName: 'b', engine: nats(optionsOf('b')), heartbeatIntervalMs: 200 });
  await eventually(() => expect([a, b].map(({ Cluster }) => Cluster.getConnectedNodeCount())).toEqual([1, 1]));
  return { a, b, errors };
}

/** A client of the server that does as it likes. */
async function client(name: string): Promise<{ broker: Broker; errors: readonly Error[] }> {
  const errors: Error[] = [];
  const events = { onConnection: () => undefined, onError: (error: Error) => void errors.push(error) };
  const broker = await natsBroker(optionsOf(name))('hostile', events);
  ended.push(() => broker.close());
  return { broker, errors };
}

describe('with the documented permissions', () => {
  test('nodes and observers can do all that they need', async () => {
    const { a, b, errors } = await twoNodes();
    const ref = await a.GenServer.start(echo, { name: 'echo', registration: 'global' });
    expect(await b.GenServer.call(ref, 'hello')).toBe('hello');
    const outside = await attach({ engine: nats(optionsOf('watcher')) });
    ended.push(() => outside.detach());
    const { nodes } = await outside.getClusterSnapshot();
    expect(nodes.map(({ nodeId, status }) => [nodeId, status])).toEqual([
      ['a@shop', 'connected'],
      ['b@shop', 'connected'],
    ]);
    await b.shutdown();
    await eventually(() => expect(a.Cluster.getConnectedNodeCount()).toBe(0));
    expect(errors).toEqual([]);
  });

  test.each([
    ['noex.shop.all.a', 'a hello or leave as node a'],
    ['noex.shop.to.b.node.a', 'a message as node a'],
    ['noex.shop.beat.a', 'a heartbeat as node a'],
    ['noex.shop.id.a.holder', 'a claim of the name of node a'],
  ])('an observer cannot publish %s: %s', async (subject) => {
    const { a, b } = await twoNodes();
    const { broker, errors } = await client('watcher');
    broker.publish(subject, Buffer.from('{"type":"leave","incarnation":1}'));
    await broker.flush();
    await eventually(() => expect(errors).toMatchObject([{ message: expect.stringContaining(subject) }]));
    expect([a, b].map(({ Cluster }) => Cluster.getConnectedNodeCount())).toEqual([1, 1]);
  });

  test('an observer cannot read what is sent to a node, and a node not what is sent to another one', async () => {
    for (const name of ['watcher', 'b']) {
      const { broker, errors } = await client(name);
      broker.subscribe('noex.shop.to.a.>', () => undefined);
      await broker.flush();
      await eventually(() => expect(errors[0]?.message).toContain('noex.shop.to.a.>'));
    }
  });

  test('a node cannot send as another node', async () => {
    const { broker, errors } = await client('b');
    broker.publish('noex.shop.all.a', Buffer.from('{"type":"leave","incarnation":1}'));
    await broker.flush();
    await eventually(() => expect(errors[0]?.message).toContain('noex.shop.all.a'));
  });
});
