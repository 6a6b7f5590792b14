import { describe, expect, test } from 'vitest';
import { Sampler, Samples } from '../../src/process/sampler.js';
import { withSamples } from '../../streams/latency-window.js';

/** The weights of those picked among so many messages. */
function pick(sampler: Sampler, messages: number): number[] {
  const weights: number[] = [];
  for (let i = 0; i < messages; i += 1) if (sampler.due()) weights.push(sampler.weight);
  return weights;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('the sampler', () => {
  test('picks each message of a quiet turn', () => {
    const sampler = new Sampler(true);
    for (let turn = 0; turn < 5; turn += 1) {
      expect(pick(sampler, 30)).toEqual(Array.from({ length: 30 }, () => 1));
      sampler.endTurn();
      sampler.flushed();
    }
  });

  test('picks ever fewer of a flood, each standing for those passed over before it', () => {
    const sampler = new Sampler(true);
    const weights = pick(sampler, 1_000_000);
    expect(weights.length).toBeGreaterThan(300);
    expect(weights.length).toBeLessThan(600);
    expect(weights.filter((weight) => weight === 1)).toHaveLength(32);
    expect(Math.max(...weights.slice(0, 64))).toBeLessThan(96);
    expect(Math.max(...weights)).toBeLessThan(6144);
    expect(sum(weights)).toBeGreaterThan(1_000_000 - 6144);
    expect(sum(weights)).toBeLessThanOrEqual(1_000_000);
    sampler.flushed();
    const [, ...afterFlush] = pick(sampler, 3000);
    expect(afterFlush.length).toBeGreaterThan(20);
    expect(Math.max(...afterFlush)).toBeLessThan(192);
  });

  test('leaves gaps that are irregular, and the same in each run', () => {
    const weights = pick(new Sampler(true), 100_000);
    expect(new Set(weights).size).toBeGreaterThan(20);
    expect(pick(new Sampler(true), 100_000)).toEqual(weights);
  });

  test('leaves out no message in many turns that are each a little too long to measure all', () => {
    const sampler = new Sampler(true);
    const weights: number[] = [];
    for (let turn = 0; turn < 1000; turn += 1) {
      weights.push(...pick(sampler, 50));
      sampler.endTurn();
      sampler.flushed();
    }
    expect(sum(weights)).toBeGreaterThan(50_000 - 100);
    expect(sum(weights)).toBeLessThanOrEqual(50_000);
  });

  test('measures no more than so many in a flush without a gap, however many turns there are in it', () => {
    const sampler = new Sampler(true);
    const exact = (): number => {
      let count = 0;
      for (let turn = 0; turn < 1000; turn += 1) {
        sampler.endTurn();
        count += pick(sampler, 1).filter((weight) => weight === 1).length;
      }
      return count;
    };
    expect(exact()).toBe(64);
    sampler.flushed();
    expect(exact()).toBe(64);
  });

  test('that is off picks nothing', () => {
    const sampler = new Sampler(false);
    expect(pick(sampler, 1000)).toEqual([]);
    sampler.endTurn();
    sampler.flushed();
    expect(pick(sampler, 1000)).toEqual([]);
  });
});

describe('samples', () => {
  test('are whole microseconds, three numbers each, and are taken once', () => {
    const samples = new Samples();
    expect(samples.take()).toBeUndefined();
    samples.add(1.5, 0.0004, 1);
    samples.add(2, 3, 64);
    expect(samples.take()).toEqual([1500, 0, 1, 2000, 3000, 64]);
    expect(samples.take()).toBeUndefined();
  });

  test('are thinned out when there are too many, those left standing for those left out', () => {
    const samples = new Samples();
    for (let i = 0; i < 10_000; i += 1) samples.add(i, 0, 1);
    const taken = samples.take() ?? [];
    expect(taken.length).toBeLessThanOrEqual(3 * 256);
    expect(taken.length).toBeGreaterThan(3 * 100);
    expect(sum(taken.filter((_value, at) => at % 3 === 2))).toBe(10_000);
  });

  test('that are thinned out leave as many of each kind as there were, also of kinds that alternate', () => {
    const samples = new Samples();
    // So many for one message each, then so many for a hundred.
    for (let i = 0; i < 256; i += 1) samples.add(0, i % 2, 1);
    for (let i = 0; i < 300; i += 1) samples.add(0, i % 2, 100);
    const taken = samples.take() ?? [];
    const of = (isCounted: (handle: number) => boolean): number =>
      sum(taken.filter((_value, at) => at % 3 === 2 && isCounted(taken[at - 1] ?? 0)));
    expect(of(() => true)).toBe(256 + 300 * 100);
    expect(of((handle) => handle > 0) / of(() => true)).toBeGreaterThan(0.4);
    expect(of((handle) => handle > 0) / of(() => true)).toBeLessThan(0.6);
  });

  test('that are thinned out still have the longest, exactly, and only once', () => {
    const samples = new Samples();
    for (let i = 0; i < 5000; i += 1) samples.add(i === 2000 ? 900 : 1, i === 3001 ? 70 : 2, 1);
    const [slice] = withSamples([], samples.take() ?? [], { monotonic: 0, version: 1 });
    expect(slice?.wait.max).toBe(900_000);
    expect(slice?.handle.max).toBe(70_000);
    samples.add(3, 3, 1);
    expect(samples.take()).toEqual([3000, 3000, 1]);
  });
});
