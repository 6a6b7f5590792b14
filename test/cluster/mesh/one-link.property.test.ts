import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { NodeId } from '../../../src/cluster/node-id.js';
import { NodeNotConnectedError } from '../../../src/errors.js';
import { SimulatedCluster, type SimulatedNode } from '../../helpers/simulated-cluster.js';

const TIMEOUT_MS = 60_000;
const TOPIC = 'numbers';

/** Numbers that one node sends to another, and those that arrive. */
class Stream {
  readonly #from: SimulatedNode;
  readonly #to: NodeId;
  /** What was reported as sent, by channel: a new one begins with each change of the link that the sender detects. */
  readonly sent: number[][] = [[]];
  readonly received: number[] = [];
  #next = 0;

  constructor(from: SimulatedNode, to: SimulatedNode) {
    this.#from = from;
    this.#to = to.id;
    from.membership.onChange(({ type, id }) => {
      if (id === to.id && (type === 'down' || type === 'relinked')) this.sent.push([]);
    });
    to.rpc.onNotify(TOPIC, (body, sender) => {
      if (sender === from.id) this.received.push(Number(body));
    });
  }

  send(): void {
    this.#next += 1;
    if (this.#from.rpc.notify(this.#to, TOPIC, this.#next).length > 0) this.sent.at(-1)?.push(this.#next);
  }

  /** Of each channel a beginning arrived, in order, and of the last one everything. */
  check(): void {
    const arrived = this.sent.map((channel) => channel.filter((number) => this.received.includes(number)));
    expect(this.received).toEqual(arrived.flat());
    for (const [at, channel] of this.sent.entries()) expect(arrived[at]).toEqual(channel.slice(0, arrived[at]?.length));
    expect(arrived.at(-1)).toEqual(this.sent.at(-1));
  }
}

function talk(runtime: SimulatedCluster, streams: readonly Stream[], ms: number): void {
  for (let at = 0; at < ms; at += 1) {
    for (const stream of streams) stream.send();
    runtime.run(1);
  }
}

describe('two nodes that dial each other', () => {
  test('at the same moment lose nothing and reorder nothing, in any of 300 histories', async () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const runtime = new SimulatedCluster(seed);
      const a = await runtime.start('nodeA', 4369, ['nodeB@127.0.0.1:4370']);
      const b = await runtime.start('nodeB', 4370, [a]);
      const streams = [new Stream(a, b), new Stream(b, a)];
      talk(runtime, streams, 60);
      runtime.run(1000);
      for (const stream of streams) {
        stream.check();
        expect(stream.sent.length).toBe(1);
        expect(stream.received.length).toBeGreaterThan(30);
      }
      expect([a.events, b.events]).toEqual([['up nodeB'], ['up nodeA']]);
      expect([...a.errors, ...b.errors]).toEqual([]);
    }
  });

  const wait = fc.integer({ min: 0, max: 3000 });
  const mishap = fc.record({
    kind: fc.constantFrom('sever' as const, 'cut' as const, 'freeze' as const, 'calm' as const),
    isFirst: fc.boolean(),
    forMs: wait,
    thenMs: wait,
  });

  test.prop([fc.integer(), fc.array(mishap, { minLength: 1, maxLength: 5 })], { numRuns: 60 })(
    'and lose their link again and again get a beginning of what was sent over each link, in order, and all of the last',
    async (seed, mishaps) => {
      const runtime = new SimulatedCluster(seed);
      const a = await runtime.start('nodeA', 4369, ['nodeB@127.0.0.1:4370']);
      const b = await runtime.start('nodeB', 4370, [a]);
      const streams = [new Stream(a, b), new Stream(b, a)];
      talk(runtime, streams, 20);
      for (const { kind, isFirst, forMs, thenMs } of mishaps) {
        const [one, other] = isFirst ? [a, b] : [b, a];
        if (kind === 'sever') runtime.network.sever(one.address, other.address);
        if (kind === 'cut') runtime.network.cut(one.address, other.address);
        if (kind === 'freeze') runtime.network.freeze(one.address);
        talk(runtime, streams, forMs / 10);
        runtime.run(forMs);
        runtime.network.heal();
        runtime.network.thaw(one.address);
        talk(runtime, streams, 10);
        runtime.run(thenMs);
      }
      runtime.run(60_000);
      talk(runtime, streams, 10);
      runtime.run(1000);
      for (const stream of streams) stream.check();
      expect([...a.errors, ...b.errors]).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('a link that only one side noticed to be broken', () => {
  test.each(['nodeA', 'nodeB'])(
    'ends for both when %s dials again: requests fail, and the end is signalled',
    async (first) => {
      for (let seed = 1; seed <= 20; seed += 1) {
        const runtime = new SimulatedCluster(seed);
        const a = await runtime.start('nodeA', 4369);
        const b = await runtime.start('nodeB', 4370, [a]);
        runtime.run(1000);
        const [notices, other] = first === 'nodeA' ? [a, b] : [b, a];
        runtime.network.sever(notices.address, other.address);
        const stream = new Stream(other, notices);
        for (let count = 0; count < 100; count += 1) stream.send();
        let failure: unknown;
        other.rpc.request(notices.id, 'never_answered', null, 30_000).catch((error) => {
          failure = error;
        });
        await Promise.resolve();
        runtime.run(4000);
        await new Promise(setImmediate);
        expect(failure).toBeInstanceOf(NodeNotConnectedError);
        expect(stream.sent.map(({ length }) => length)).toEqual([100, 0]);
        expect(stream.received).toEqual([]);
        expect(other.events).toEqual([`up ${notices === a ? 'nodeA' : 'nodeB'}`]);
        stream.send();
        runtime.run(100);
        stream.check();
        expect(stream.received).toEqual([101]);
      }
    },
  );
});
