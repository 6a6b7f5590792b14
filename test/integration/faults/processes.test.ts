import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.js';
import { FAKE_SERVERS, FakeServer } from '../../helpers/fake-servers.js';
import { FaultLab } from '../../helpers/fault-lab.js';
import { eventsAbout, FaultNode } from '../../helpers/forked-node.js';

/** With the settings below, all views agree again within this time, ms, with a wide margin for a busy machine. */
const BOUND_MS = 20_000;
const QUICK = { heartbeatIntervalMs: 200, reconnectBaseDelayMs: 100, reconnectMaxDelayMs: 500 };

type Three = readonly [FaultNode, FaultNode, FaultNode];

let lab: FaultLab;

beforeEach(() => {
  lab = new FaultLab(QUICK);
});
afterEach(() => lab.end());

async function three(): Promise<Three> {
  const nodes = (await lab.cluster('a', 'b', 'c')) as Three;
  await Promise.all(nodes.map((node) => node.ask('cast', 10)));
  return nodes;
}

describe('a node', () => {
  test('that is killed is gone at once, and is back when it is started again under its id', async () => {
    const [a, b, c] = await three();
    await c.kill();
    await lab.agree([a, b], BOUND_MS);
    for (const node of [a, b]) expect(eventsAbout(node, c)).toEqual(['up', 'down connection_closed']);
    const again = await lab.start('c', ['a']);
    await again.ask('cast', 3);
    await lab.agree([a, b, again], BOUND_MS);
    expect(await lab.stop([a, b, again])).toEqual([]);
  });

  test('that crashes and restarts its processes is shown with what they did since', async () => {
    const [a, b, c] = await three();
    await c.ask('crash', 'one');
    await eventually(BOUND_MS, async () =>
      (await c.ask('view')).handled['one'] === 0 ? undefined : 'not restarted yet',
    );
    await c.ask('cast', 2);
    await c.ask('stopWorker', 'two');
    await lab.agree([a, b, c], BOUND_MS);
    expect(await lab.stop([a, b, c])).toEqual([]);
  });

  test('that is asked to end leaves: the others know at once, and it leaves nothing behind', async () => {
    const [a, b, c] = await three();
    await c.ask('probe', false);
    c.signal('SIGTERM');
    expect(await c.ended).toBe(0);
    await lab.lost([a, b], c, BOUND_MS);
    for (const node of [a, b]) {
      expect(eventsAbout(node, c)).toEqual(['up', 'down graceful_shutdown']);
      expect((await node.ask('view')).nodes[c.id]).toBeUndefined();
    }
    const again = await lab.start('c', ['a']);
    await lab.agree([a, b, again], BOUND_MS);
    expect(await lab.stop([a, b, again])).toEqual([]);
  });

  test('that is stopped for a second is nothing to speak of, with the settings as they come', async () => {
    lab = new FaultLab();
    const [a, b, c] = await three();
    c.signal('SIGSTOP');
    await sleep(1000);
    c.signal('SIGCONT');
    await lab.agree([a, b, c], BOUND_MS);
    for (const node of [a, b]) expect(eventsAbout(node, c)).toEqual(['up']);
    expect(eventsAbout(c, a)).toEqual(['up']);
    expect(await lab.stop([a, b, c])).toEqual([]);
  });

  test('that hangs is missed, and is back when it goes on', async () => {
    const [a, b, c] = await three();
    c.signal('SIGSTOP');
    await lab.lost([a, b], c, BOUND_MS);
    c.signal('SIGCONT');
    await lab.agree([a, b, c], BOUND_MS);
    for (const node of [a, b]) expect(eventsAbout(node, c)[1]).toBe('down heartbeat_timeout');
    // What it did not hear while it hung, it does not hold against the others.
    expect(eventsAbout(c, a)).not.toContain('down heartbeat_timeout');
    expect(await lab.stop([a, b, c])).toEqual([]);
  });

  test('whose event loop is blocked for a while is late, and not down', async () => {
    lab = new FaultLab();
    const [a, b, c] = await three();
    const blocked = c.ask('block', 2500);
    await eventually(BOUND_MS, async () => {
      const { asked } = await a.ask('view');
      return asked[c.id]?.status === 'timeout' ? undefined : 'it is not late';
    });
    await blocked;
    await lab.agree([a, b, c], BOUND_MS);
    for (const node of [a, b]) expect(eventsAbout(node, c)).toEqual(['up']);
    expect([eventsAbout(c, a), eventsAbout(c, b)]).toEqual([['up'], ['up']]);
    expect(await lab.stop([a, b, c])).toEqual([]);
  });

  test('whose event loop is blocked for longer than it may be silent goes down once, and comes back once', async () => {
    const [a, b, c] = await three();
    const blocked = c.ask('block', 3000);
    await lab.lost([a, b], c, BOUND_MS);
    await blocked;
    await lab.agree([a, b, c], BOUND_MS);
    for (const node of [a, b]) expect(eventsAbout(node, c)).toEqual(['up', 'down heartbeat_timeout', 'up']);
    expect(eventsAbout(c, a)).not.toContain('down heartbeat_timeout');
    expect(await lab.stop([a, b, c])).toEqual([]);
  });

  test('whose clock is set an hour forth and back stays where it is', async () => {
    lab = new FaultLab();
    const [a, b, c] = await three();
    for (const aheadMs of [3_600_000, -3_600_000, 0]) {
      await c.ask('setClock', aheadMs);
      await c.ask('cast', 1);
      await lab.agree([a, b, c], BOUND_MS);
    }
    await a.ask('setClock', -3_600_000);
    await c.ask('cast', 1);
    await lab.agree([a, b, c], BOUND_MS);
    for (const [node, other] of [
      [a, c],
      [b, c],
      [c, a],
    ] as const)
      expect(eventsAbout(node, other)).toEqual(['up']);
    expect(await lab.stop([a, b, c])).toEqual([]);
  });

  test('that starts again with its clock an hour behind is taken for what it is: the one that is there', async () => {
    const [a, b, c] = await three();
    await c.kill();
    const killed = await lab.start('c', ['a'], { aheadMs: -3_600_000 });
    await lab.agree([a, b, killed], BOUND_MS);
    await killed.ask('probe', false);
    killed.signal('SIGTERM');
    await killed.ended;
    const left = await lab.start('c', ['b'], { aheadMs: -7_200_000 });
    await left.ask('cast', 2);
    await lab.agree([a, b, left], BOUND_MS);
    expect(await lab.stop([a, b, left])).toEqual([]);
  });

  test('finds a seed that comes up after it', async () => {
    const b = await lab.start('b', ['a']);
    const c = await lab.start('c', ['a']);
    const a = await lab.start('a');
    await lab.agree([a, b, c], BOUND_MS);
    expect(await lab.stop([a, b, c])).toEqual([]);
  });
});

describe('two nodes with one id', () => {
  test('are both reported; the second stays outside, and comes in when the first is gone', async () => {
    const [a, b, c] = await three();
    const twin = await lab.start('c', ['a'], { listen: '127.0.1.99' });
    for (const node of [c, twin]) {
      await eventually(BOUND_MS, async () => {
        const errors = await node.ask('errors');
        return errors.some((error) => error.startsWith('NOEX_NODE_ID_CONFLICT')) ? undefined : 'it was not reported';
      });
    }
    await lab.agree([a, b, c], BOUND_MS);
    for (const node of [a, b]) expect(eventsAbout(node, c)).toEqual(['up']);
    await c.kill();
    await twin.ask('cast', 5);
    await lab.agree([a, b, twin], BOUND_MS);
    expect(await lab.stop([a, b, twin])).toEqual([]);
  });
});

describe('a port taken over', () => {
  test('by servers that are no nodes does no harm, and the node comes back when they are gone', async () => {
    const [a, b, c] = await three();
    const { listen: host, port } = await lab.network.place('c');
    await c.kill();
    for (const create of FAKE_SERVERS) {
      const stranger = await FakeServer.listen(create(), host, port);
      await eventually(BOUND_MS, async () => (stranger.visits >= 2 ? undefined : 'there was no connection'));
      await stranger.close();
    }
    await lab.agree([a, b], BOUND_MS);
    const again = await lab.start('c', ['a']);
    await lab.agree([a, b, again], BOUND_MS);
    // Reported once for each of them, however often they were tried.
    for (const node of [a, b]) expect((await node.ask('errors')).length).toBeLessThanOrEqual(FAKE_SERVERS.length);
    expect(await lab.stop([a, b, again])).toEqual([]);
  });

  test('by a node of another name is that node, and the one before it is gone', async () => {
    const [a, b, c] = await three();
    const { host, listen, port } = await lab.network.place('c');
    await c.kill();
    const d = await FaultNode.start(
      'd',
      { ...QUICK, nodeName: 'd', host, listen, port, seeds: [a.id] },
      { dialFrom: listen },
    );
    await lab.agree([a, b, d], BOUND_MS);
    expect((await a.ask('view')).nodes[c.id]).toBe('disconnected');
    expect(await lab.stop([a, b, d])).toEqual([]);
  });
});
