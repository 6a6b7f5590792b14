import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { FairQueue } from '../../../src/cluster/mesh/fair-queue.js';

const always = (): boolean => true;

describe('a fair queue', () => {
  test('gives each owner its turn, however much another waits for', () => {
    const queue = new FairQueue<string, number>();
    for (let n = 1; n <= 3; n += 1) queue.add('greedy', n);
    queue.add('modest', 4);
    const taken = Array.from({ length: 4 }, () => queue.take(always));
    expect(taken.map((each) => each?.item)).toEqual([1, 4, 2, 3]);
    expect(queue.take(always)).toBeUndefined();
    expect(queue.isEmpty).toBe(true);
  });

  test('passes over owners that are not ready, who keep their place', () => {
    const queue = new FairQueue<string, number>();
    queue.add('slow', 1);
    queue.add('quick', 2);
    queue.add('quick', 3);
    expect(queue.take((owner) => owner !== 'slow')?.item).toBe(2);
    expect(queue.take(always)?.item).toBe(1);
    expect(queue.of('quick')).toEqual([3]);
    expect(queue.of('slow')).toEqual([]);
  });

  test('drops what an owner waited for that is gone', () => {
    const queue = new FairQueue<string, number>();
    queue.add('gone', 1);
    queue.remove('gone');
    expect(queue.isEmpty).toBe(true);
  });

  test.prop([fc.array(fc.record({ owner: fc.nat(4), isTake: fc.boolean() }), { maxLength: 200 })])(
    'keeps the order of each owner, and takes nothing twice from one while another waits',
    (steps) => {
      const queue = new FairQueue<number, number>();
      const added = new Map<number, number[]>();
      const turns = new Turns();
      for (const [at, { owner, isTake }] of steps.entries()) {
        if (isTake) {
          const next = queue.take(always);
          if (next === undefined) continue;
          expect(next.item).toBe(added.get(next.owner)?.shift());
          expect(turns.take(next.owner, queue.of(next.owner).length > 0)).toBe(true);
        } else {
          queue.add(owner, at);
          added.set(owner, [...(added.get(owner) ?? []), at]);
          turns.wait(owner);
        }
      }
    },
  );
});

/** For each owner that waits, which owners had a turn since. */
class Turns {
  readonly #since = new Map<number, Set<number>>();

  wait(owner: number): void {
    if (!this.#since.has(owner)) this.#since.set(owner, new Set());
  }

  /** @returns whether it was the turn of that owner */
  take(owner: number, waitsAgain: boolean): boolean {
    this.#since.delete(owner);
    const others = [...this.#since.values()];
    const isInTurn = others.every((had) => !had.has(owner));
    for (const had of others) had.add(owner);
    if (waitsAgain) this.wait(owner);
    return isInTurn;
  }
}
