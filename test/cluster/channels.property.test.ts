import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { SimulatedCluster, type SimulatedNode } from '../helpers/simulated-cluster.js';

const TIMEOUT_MS = 120_000;
/** After this long without a fault both sides agree, ms: five silent heartbeats, and the longest delay of a dial. */
const QUIET_MS = 60_000;

/** The items of one channel, on one side and in one direction. */
type Items = number[];

/** One node's side of its channel with another. */
class Side {
  readonly #node: SimulatedNode;
  readonly #other: SimulatedNode;
  /** `up` and `down` as they came. */
  readonly changes: string[] = [];
  readonly sent: Items[] = [];
  readonly received: Items[] = [];
  #next = 0;

  constructor(node: SimulatedNode, other: SimulatedNode) {
    this.#node = node;
    this.#other = other;
    const { channels } = node;
    const open = (): void => {
      this.changes.push('up');
      this.sent.push([]);
      this.received.push([]);
    };
    if (channels.peers().some(({ id }) => id === other.id)) open();
    channels.onUp(({ id }) => id === other.id && open());
    channels.onDown(({ id }) => id === other.id && this.changes.push('down'));
    channels.onItems((peer, items) => {
      if (peer.id !== other.id) return;
      // An item of a channel that is not up would break the contract.
      this.changes.push(...(this.isUp ? [] : ['item without a channel']));
      this.received.at(-1)?.push(...items.map(Number));
    });
  }

  get isUp(): boolean {
    return this.#node.channels.peers().some(({ id }) => id === this.#other.id);
  }

  /** Sends the next number, by `send` or by `broadcast`. */
  send(): void {
    if (!this.isUp) return;
    this.#next += 1;
    this.sent.at(-1)?.push(this.#next);
    if (this.#next % 3 === 0) this.#node.channels.broadcast([this.#next]);
    else this.#node.channels.send(this.#other.id, [this.#next]);
  }

  /** Up and down alternate, and begin with up. */
  checkAlternation(): void {
    expect(this.changes).toEqual(this.changes.map((_, at) => (at % 2 === 0 ? 'up' : 'down')));
  }

  /** What arrived over each channel is the beginning of what the other side sent over one channel, a later one each time. */
  checkReceived({ sent }: Side): void {
    let from = 0;
    for (const items of this.received.filter(({ length }) => length > 0)) {
      const at = sent.findIndex((channel, index) => index >= from && channel.includes(items[0] ?? 0));
      expect(at).toBeGreaterThanOrEqual(from);
      expect(items).toEqual(sent[at]?.slice(0, items.length));
      from = at + 1;
    }
  }
}

const fault = fc.record({
  kind: fc.constantFrom('sever' as const, 'cut' as const, 'freeze' as const, 'none' as const),
  isFirst: fc.boolean(),
  forMs: fc.integer({ min: 0, max: 8000 }),
  thenMs: fc.integer({ min: 0, max: 3000 }),
});

describe('the channel between two members', () => {
  test.prop([fc.integer(), fc.array(fault, { minLength: 1, maxLength: 6 })], { numRuns: 200 })(
    'alternates, carries a beginning of what was sent, in order, and is whole again after any faults',
    async (seed, faults) => {
      const cluster = new SimulatedCluster(seed);
      const a = await cluster.start('nodeA', 4369, ['nodeB@127.0.0.1:4370']);
      const b = await cluster.start('nodeB', 4370, [a]);
      const sides = [new Side(a, b), new Side(b, a)] as const;
      const talk = (ms: number): void => {
        for (let at = 0; at < ms; at += 1) {
          for (const side of sides) side.send();
          cluster.run(1);
        }
      };
      talk(40);
      for (const { kind, isFirst, forMs, thenMs } of faults) {
        const [one, other] = isFirst ? [a, b] : [b, a];
        if (kind === 'sever') cluster.network.sever(one.address, other.address);
        if (kind === 'cut') cluster.network.cut(one.address, other.address);
        if (kind === 'freeze') cluster.network.freeze(one.address);
        talk(20);
        cluster.run(forMs);
        cluster.network.heal();
        cluster.network.thaw(one.address);
        talk(20);
        cluster.run(thenMs);
      }
      cluster.run(QUIET_MS);
      talk(10);
      cluster.run(1000);
      for (const side of sides) side.checkAlternation();
      sides[0].checkReceived(sides[1]);
      sides[1].checkReceived(sides[0]);
      expect(sides.map(({ isUp }) => isUp)).toEqual([true, true]);
      expect(sides[0].received.at(-1)).toEqual(sides[1].sent.at(-1));
      expect(sides[1].received.at(-1)).toEqual(sides[0].sent.at(-1));
      expect([...a.errors, ...b.errors]).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
