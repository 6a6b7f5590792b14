import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { NodeUnreachableError } from '../../../src/errors.js';
import { SimulatedCluster, type SimulatedNode } from '../../helpers/simulated-cluster.js';

const SIZE = 4;

/** A run simulates minutes of four nodes; on a busy machine a hundred of them take a while. */
const TIMEOUT_MS = 60_000;

type Mishap =
  | { readonly kind: 'kill' | 'unplug' | 'freeze' | 'thaw' | 'leave' | 'start'; readonly node: number }
  | { readonly kind: 'cut' | 'sever'; readonly node: number; readonly other: number }
  | { readonly kind: 'heal' }
  | { readonly kind: 'wait'; readonly ms: number };

const node = fc.integer({ min: 0, max: SIZE - 1 });
const mishap: fc.Arbitrary<Mishap> = fc.oneof(
  fc.record({ kind: fc.constantFrom('kill', 'unplug', 'freeze', 'thaw', 'leave', 'start'), node }),
  fc.record({ kind: fc.constantFrom('cut', 'sever'), node, other: node }),
  fc.record({ kind: fc.constant('heal' as const) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
);

/** Four nodes that are each other's seeds, and what happens to them. */
class World {
  readonly cluster: SimulatedCluster;
  readonly living = new Map<number, SimulatedNode>();
  /** Every node that ever ran, the dead included. */
  readonly all: SimulatedNode[] = [];
  readonly frozen = new Set<number>();

  constructor(seed: number) {
    this.cluster = new SimulatedCluster(seed);
  }

  async apply(mishap: Mishap): Promise<void> {
    const { network } = this.cluster;
    if (mishap.kind === 'heal') return network.heal();
    if (mishap.kind === 'wait') return this.cluster.run(mishap.ms);
    if (mishap.kind === 'start') return this.#start(mishap.node);
    const target = this.living.get(mishap.node);
    if (target === undefined) return;
    switch (mishap.kind) {
      case 'cut':
      case 'sever': {
        const other = this.living.get(mishap.other);
        if (other !== undefined) network[mishap.kind](target.address, other.address);
        break;
      }
      case 'freeze':
        this.frozen.add(mishap.node);
        network.freeze(target.address);
        break;
      case 'thaw':
        this.frozen.delete(mishap.node);
        network.thaw(target.address);
        break;
      case 'leave':
        if (this.frozen.has(mishap.node)) break; // it runs no code
        this.living.delete(mishap.node);
        await this.cluster.stop(target);
        break;
      default:
        this.living.delete(mishap.node);
        this.frozen.delete(mishap.node);
        network[mishap.kind](target.address);
    }
  }

  async #start(index: number): Promise<void> {
    if (this.living.has(index)) return;
    const seeds = Array.from({ length: SIZE }, (_, i) => `node${i}@127.0.0.1:${5000 + i}`);
    this.cluster.run(1); // a new incarnation begins later than the one before
    const started = await this.cluster.start(`node${index}`, 5000 + index, seeds);
    this.living.set(index, started);
    this.all.push(started);
  }

  /** Nothing bad happens any more, for long enough. */
  async settle(): Promise<void> {
    await this.apply({ kind: 'heal' });
    for (const index of [...this.frozen]) await this.apply({ kind: 'thaw', node: index });
    this.cluster.run(180_000);
  }
}

test.prop([fc.array(mishap, { maxLength: 40 }), fc.integer()], { numRuns: 100 })(
  'whatever happens: up and down alternate, and in the end those that live are connected and no other is known',
  async (mishaps, seed) => {
    const runtime = new World(seed);
    for (let index = 0; index < SIZE; index++) await runtime.apply({ kind: 'start', node: index });
    for (const each of mishaps) await runtime.apply(each);
    await runtime.settle();

    for (const { changes } of runtime.all) {
      const isUp = new Map<string, boolean>();
      for (const { type, id } of changes) {
        if (type !== 'up' && type !== 'down') continue;
        expect(isUp.get(id) ?? false).toBe(type === 'down');
        isUp.set(id, type === 'up');
      }
    }
    const ends = runtime.living.size ** 2 - runtime.living.size;
    // A seed that is dead is dialled now and then, and that takes a moment.
    for (let ms = 0; ms < 10 && runtime.cluster.network.openEnds !== ends; ms += 1) runtime.cluster.run(1);
    expect(runtime.cluster.network.openEnds).toBe(ends);
    const ids = [...runtime.living.values()].map(({ id }) => id).sort();
    for (const { id, cluster, errors } of runtime.living.values()) {
      const others = ids.filter((other) => other !== id);
      expect(cluster.getConnectedNodes().map((each) => each.id)).toEqual(others);
      expect(cluster.getNodeIds()).toEqual(others);
      // A seed that is dead is reported after a while.
      expect(errors.filter((error) => !(error instanceof NodeUnreachableError))).toEqual([]);
    }
  },
  TIMEOUT_MS,
);

test.prop([fc.array(mishap, { maxLength: 20 }), fc.integer()], { numRuns: 50 })(
  'whatever happened: a node that stops leaves no timer behind',
  async (mishaps, seed) => {
    const runtime = new World(seed);
    for (let index = 0; index < SIZE; index++) await runtime.apply({ kind: 'start', node: index });
    for (const each of mishaps) await runtime.apply(each);
    for (const index of [...runtime.frozen]) await runtime.apply({ kind: 'thaw', node: index });
    await runtime.apply({ kind: 'heal' });
    for (const each of runtime.living.values()) await runtime.cluster.stop(each);
    runtime.cluster.run(2000);
    expect(runtime.cluster.clock.pendingTimers).toBe(0);
  },
  TIMEOUT_MS,
);
