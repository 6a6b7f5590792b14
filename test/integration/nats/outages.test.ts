import { afterEach, expect, test, vi } from 'vitest';
import { createRuntime, type GenServerBehavior, type ProcessRef, type Runtime } from '../../../src/index.js';
import { nats } from '../../../src/nats.js';
import { NatsServer } from '../../helpers/nats-server.js';

interface Sum {
  readonly received: readonly number[];
}

/** Collects the numbers that it is sent. */
const collector: GenServerBehavior<Sum, 'received', number, readonly number[]> = {
  init: () => ({ received: [] }),
  handleCall: (_message, state) => [state.received, state],
  handleCast: (number, { received }) => ({ received: [...received, number] }),
};

const ended: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end();
});

const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 20_000, interval: 10 });

async function twoNodes(heartbeatIntervalMs: number, config = '') {
  const server = await NatsServer.start(config);
  ended.push(() => server.stop());
  const nodes = ['a', 'b'].map(() => createRuntime({ reporter: false, onError: () => undefined }));
  const [a, b] = nodes as unknown as readonly [Runtime, Runtime];
  ended.push(
    ...nodes.map(
      ({ shutdown }) =>
        () =>
          shutdown(),
    ),
  );
  const engine = nats({ servers: server.url, cluster: 'shop' });
  for (const [at, { Cluster }] of nodes.entries()) {
    const nodeName = at === 0 ? 'a' : 'b';
    await Cluster.start({ nodeName, engine, heartbeatIntervalMs, heartbeatMissThreshold: 3 });
  }
  await eventually(() => expect([a, b].map(({ Cluster }) => Cluster.getConnectedNodeCount())).toEqual([1, 1]));
  const events: string[] = [];
  b.Cluster.onNodeUp(({ id }) => events.push(`up ${id}`));
  b.Cluster.onNodeDown((id, reason) => events.push(`down ${id} ${reason}`));
  return { server, a, b, events };
}

/** Sends numbers to a process all the time. Returns a function that ends this, and returns how many were sent. */
function casting({ GenServer }: Runtime, ref: ProcessRef): () => number {
  let sent = 0;
  const timer = setInterval(() => {
    try {
      GenServer.cast(ref as never, sent as never);
      sent += 1;
    } catch {
      // There is no channel now.
    }
  }, 2);
  return () => {
    clearInterval(timer);
    return sent;
  };
}

const isIncreasing = (numbers: readonly number[]): boolean =>
  numbers.every((each, at) => each > (numbers[at - 1] ?? -1));

test('after a short outage of the server messages arrive again, and no node was reported as down', async () => {
  const { server, a, b, events } = await twoNodes(1000);
  const ref = await a.GenServer.start(collector);
  b.GenServer.cast(ref, 1);
  await eventually(async () => expect(await b.GenServer.call(ref, 'received')).toEqual([1]));
  await server.restart();
  await eventually(async () => expect(await b.GenServer.call(ref, 'received')).toEqual([1]));
  b.GenServer.cast(ref, 2);
  await eventually(async () => expect(await b.GenServer.call(ref, 'received')).toEqual([1, 2]));
  expect(events).toEqual([]);
});

test('a long outage ends the channels, and no node is reported as down', async () => {
  const { server, a, b, events } = await twoNodes(200);
  const ref = await a.GenServer.start(collector);
  const notices: unknown[] = [];
  await b.GenServer.start({
    init: (self, { monitor }) => {
      monitor(ref);
      return self;
    },
    handleCall: (_message: never, state) => [null, state],
    handleInfo: (message: unknown, state) => {
      notices.push(message);
      return state;
    },
  });
  const stopCasting = casting(b, ref);
  await eventually(async () => expect((await b.GenServer.call(ref, 'received')).length).toBeGreaterThan(20));
  await server.kill();
  await eventually(() => expect(notices).toMatchObject([{ reason: 'noconnection' }]));
  await expect(b.GenServer.call(ref, 'received')).rejects.toMatchObject({ code: 'NOEX_NODE_NOT_CONNECTED' });
  expect(b.Cluster.getConnectedNodeCount()).toBe(1);
  const before = (await a.GenServer.call(ref, 'received')).length;
  await server.restart();
  await eventually(async () => expect((await b.GenServer.call(ref, 'received')).length).toBeGreaterThan(before + 20));
  stopCasting();
  const received = await b.GenServer.call(ref, 'received');
  expect(isIncreasing(received)).toBe(true);
  expect(notices).toHaveLength(1);
  expect(events).toEqual([]);
});

test('messages larger than the server allows arrive in pieces', async () => {
  const { a, b } = await twoNodes(1000, 'max_payload: 32768');
  const ref = await a.GenServer.start({
    init: () => null,
    handleCall: (text: string, state) => [text.length, state],
  });
  expect(await b.GenServer.call(ref, 'ä'.repeat(400_000))).toBe(400_000);
});

test('a node that does not come back after an outage is down', async () => {
  const { server, a, b, events } = await twoNodes(200);
  await server.kill();
  const ending = a.shutdown();
  await server.restart();
  await ending;
  await eventually(() => expect(events).toEqual(['down a@shop heartbeat_timeout']));
  expect(b.Cluster.getConnectedNodeCount()).toBe(0);
});
