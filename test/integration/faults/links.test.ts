import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../helpers/eventually.js';
import { FaultLab } from '../../helpers/fault-lab.js';
import { eventsAbout, type FaultNode } from '../../helpers/forked-node.js';
import type { Fault } from '../../helpers/tcp-proxy.js';

/** With the settings below, all views agree again within this time, ms, with a wide margin for a busy machine. */
const BOUND_MS = 20_000;
const QUICK = { heartbeatIntervalMs: 200, reconnectBaseDelayMs: 100, reconnectMaxDelayMs: 500 };

type Three = readonly [FaultNode, FaultNode, FaultNode];

let lab: FaultLab;

afterEach(() => lab.end());

async function three(config: ConstructorParameters<typeof FaultLab>[0] = QUICK): Promise<Three> {
  lab = new FaultLab(config);
  const nodes = (await lab.cluster('a', 'b', 'c')) as Three;
  await Promise.all(nodes.map((node) => node.ask('cast', 10)));
  return nodes;
}

/** All is well again, and has been: nothing was reported twice, and nothing is left. */
async function isWell(nodes: readonly FaultNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.ask('cast', 3)));
  await lab.agree(nodes, BOUND_MS);
  expect(await lab.stop(nodes)).toEqual([]);
}

describe('the network', () => {
  test('loses a node without a word: it is missed on both sides, and is back when it can be reached again', async () => {
    const [a, b, c] = await three();
    lab.network.setBoth('a', 'c', { kind: 'swallow' });
    lab.network.setBoth('b', 'c', { kind: 'swallow' });
    await lab.lost([a, b], c, BOUND_MS);
    await lab.lost([c], a, BOUND_MS);
    await lab.lost([c], b, BOUND_MS);
    for (const node of [a, b]) expect(eventsAbout(node, c)[1]).toBe('down heartbeat_timeout');
    await lab.agree([a, b], BOUND_MS);
    lab.network.mend();
    await isWell([a, b, c]);
  });

  test('falls apart into a and the others, and comes together again', async () => {
    const [a, b, c] = await three();
    lab.network.setBoth('a', 'b', { kind: 'hold' });
    lab.network.setBoth('a', 'c', { kind: 'hold' });
    await lab.lost([b, c], a, BOUND_MS);
    await lab.lost([a], b, BOUND_MS);
    await lab.lost([a], c, BOUND_MS);
    await Promise.all([a, b, c].map((node) => node.ask('cast', 5)));
    await lab.agree([b, c], BOUND_MS);
    await lab.agree([a], BOUND_MS);
    lab.network.mend();
    await isWell([a, b, c]);
  });

  test('works one way only: both sides lose each other, and the third loses none', async () => {
    const [a, b, c] = await three();
    lab.network.set('a', 'b', { kind: 'hold' });
    await lab.lost([b], a, BOUND_MS);
    await lab.lost([a], b, BOUND_MS);
    expect((await c.ask('view')).nodes).toEqual({ [a.id]: 'connected', [b.id]: 'connected' });
    lab.network.mend();
    await isWell([a, b, c]);
  });

  test('resets all connections: they are made again', async () => {
    const [a, b, c] = await three();
    for (const name of ['a', 'b', 'c']) lab.network.reset(name);
    await eventually(BOUND_MS, async () => {
      const all = [
        eventsAbout(a, b),
        eventsAbout(b, a),
        eventsAbout(a, c),
        eventsAbout(c, a),
        eventsAbout(b, c),
        eventsAbout(c, b),
      ];
      return all.every((events) => events.length >= 2) ? undefined : 'a node has not lost the other';
    });
    await isWell([a, b, c]);
  });

  test('delays all that is sent: no node is taken for lost', async () => {
    const [a, b, c] = await three({});
    lab.network.setBoth('a', 'c', { kind: 'delay', ms: 300 });
    lab.network.setBoth('b', 'c', { kind: 'delay', ms: 300 });
    await c.ask('cast', 5);
    await lab.agree([a, b, c], BOUND_MS);
    for (const node of [a, b]) expect(eventsAbout(node, c)).toEqual(['up']);
    lab.network.mend();
    await isWell([a, b, c]);
  });

  test('is slow, and a report takes far longer than an answer may: it arrives, and no node is lost', async () => {
    const [a, b, c] = await three();
    await Promise.all([a, b, c].map((node) => node.ask('probe', false)));
    const slow = { kind: 'slow', bytesPerSecond: 50_000 } as const;
    lab.network.setBoth('a', 'c', slow);
    lab.network.setBoth('b', 'c', slow);
    await c.ask('startWorkers', 4000);
    await lab.shown([a, b], c, 2 * BOUND_MS);
    for (const node of [a, b]) expect(eventsAbout(node, c)).toEqual(['up']);
    lab.network.mend();
    await isWell([a, b, c]);
  });
});

describe('what is sent', () => {
  const CORRUPTIONS: readonly Fault['kind'][] = ['cut', 'drop', 'duplicate', 'reorder'];

  test('may be cut, left out, repeated or exchanged: the views agree when that is over', async () => {
    const [a, b, c] = await three();
    for (const kind of CORRUPTIONS) {
      lab.network.setBoth('a', 'c', { kind } as Fault);
      for (let times = 0; times < 5; times += 1) {
        await Promise.all([a, c].map((node) => node.ask('cast', 1)));
        await a.ask('view');
      }
      lab.network.mend();
      await lab.agree([a, b, c], BOUND_MS);
    }
    await isWell([a, b, c]);
  });

  test.each(['drop', 'duplicate', 'reorder'] as const)(
    'under a secret cannot be changed unnoticed (%s): the link ends, and says why',
    async (kind) => {
      const [a, b, c] = await three({ ...QUICK, clusterSecret: 'correct horse battery staple' });
      await eventually(BOUND_MS, async () => {
        lab.network.set('c', 'a', { kind });
        await c.ask('cast', 1);
        await b.ask('view');
        lab.network.mend();
        return eventsAbout(a, c).includes('down connection_refused') ? undefined : 'it was not noticed';
      });
      expect((await a.ask('errors')).join()).toContain('forged');
      await isWell([a, b, c]);
    },
  );

  test('may be lost, so that the next one does not fit: the full state is requested again, and that is counted', async () => {
    const [a, b, c] = await three({ heartbeatIntervalMs: 60_000 });
    await Promise.all([a, b, c].map((node) => node.ask('probe', false)));
    // Many, or all would be sent at each change.
    await c.ask('startWorkers', 20);
    await lab.agree([a, b, c], BOUND_MS);
    await lab.shown([a, b], c, BOUND_MS);
    const gaps = async () => (await a.ask('health')).nodes.find(({ nodeId }) => nodeId === c.id)?.gaps;
    const before = (await gaps()) ?? 0;
    lab.network.set('c', 'a', { kind: 'drop' });
    await c.ask('castTo', 'one');
    await lab.shown([b], c, BOUND_MS);
    lab.network.mend();
    await eventually(BOUND_MS, async () => {
      await c.ask('castTo', 'one');
      return ((await gaps()) ?? 0) > before ? undefined : 'no gap was counted';
    });
    await isWell([a, b, c]);
  });
});
