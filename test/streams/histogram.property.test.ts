import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  emptyHistogram,
  type Histogram,
  HistogramDraft,
  isPackedHistogram,
  mergeHistograms,
  packHistogram,
  percentile,
  RELATIVE_ERROR,
  unpackHistogram,
} from '../../streams/histogram.js';
import { withSamples } from '../../streams/latency-window.js';

const micros = fc.oneof(
  fc.nat(20),
  fc.nat(5000),
  fc.nat(100_000_000),
  fc.maxSafeNat().map((us) => us % 2 ** 45),
);
const samples = fc.array(micros, { maxLength: 200 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

function histogramOf(values: readonly number[]): Histogram {
  const draft = new HistogramDraft();
  for (const us of values) draft.record(us);
  return draft.done();
}

/** Whether a percentile is that of the samples, but for the width of a bucket. */
function expectNear(found: number | undefined, all: readonly number[], p: number): void {
  const exact = all.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(p * all.length)) - 1] ?? Number.NaN;
  if (exact < 16) expect(found).toBe(exact);
  else expect(Math.abs((found ?? Number.NaN) - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR);
}

describe('a histogram', () => {
  test.prop([samples, share])('has a percentile of its samples but for the width of a bucket', (values, p) => {
    fc.pre(values.length > 0);
    expectNear(percentile(histogramOf(values), p), values, p);
  });

  test.prop([fc.array(samples, { maxLength: 5 }), share])(
    'merged of several has a percentile of the pooled samples, never an average of theirs',
    (parts, p) => {
      const pooled = parts.flat();
      const merged = mergeHistograms(parts.map(histogramOf));
      expect(merged.max).toBe(Math.max(0, ...pooled));
      if (pooled.length === 0) expect(percentile(merged, p)).toBeUndefined();
      else expectNear(percentile(merged, p), pooled, p);
    },
  );

  test.prop([samples, samples, samples])('merges in any order, and in any grouping', (a, b, c) => {
    const [x, y, z] = [histogramOf(a), histogramOf(b), histogramOf(c)];
    const merged = mergeHistograms([x, y, z]);
    expect(mergeHistograms([z, mergeHistograms([y, x])])).toEqual(merged);
    expect(histogramOf([...a, ...b, ...c])).toEqual(merged);
  });

  test.prop([micros, fc.integer({ min: 1, max: 1000 })])('counts a sample as often as it stands for', (us, weight) => {
    const draft = new HistogramDraft();
    draft.record(us, weight);
    expect(draft.done()).toEqual(histogramOf(Array.from({ length: weight }, () => us)));
  });

  test.prop([fc.array(fc.tuple(micros, micros, fc.integer({ min: 1, max: 200 })), { maxLength: 20 })])(
    'of the samples of a process counts each as often as it stands for',
    (measured) => {
      const [slice] = withSamples([], measured.flat(), { monotonic: 0, version: 1 });
      const pooled = (at: 0 | 1): number[] =>
        measured.flatMap((sample) => new Array<number>(sample[2]).fill(sample[at]));
      expect(slice?.wait).toEqual(histogramOf(pooled(0)));
      expect(slice?.handle).toEqual(histogramOf(pooled(1)));
    },
  );

  test.prop([samples, samples])('does not change when it is filled further, or merged', (before, more) => {
    const first = histogramOf(before);
    const copy = structuredClone(first);
    const draft = new HistogramDraft(first);
    for (const us of more) draft.record(us);
    draft.merge(first);
    expect(first).toEqual(copy);
  });

  test.prop([fc.oneof(fc.double(), fc.constantFrom(-1, Number.NaN, Number.POSITIVE_INFINITY))])(
    'takes any number at all, and stays small',
    (us) => {
      const { counts } = histogramOf([us]);
      expect(counts).toEqual([1]);
    },
  );

  test.prop([samples])('takes no more room than there are octaves between the shortest and the longest', (values) => {
    const { counts } = histogramOf(values);
    fc.pre(values.length > 0);
    const octaves = Math.log2((Math.max(...values) + 1) / (Math.min(...values) + 1));
    expect(counts.length).toBeLessThanOrEqual(8 * (octaves + 2));
  });
});

describe('a packed histogram', () => {
  test.prop([samples])('unpacks to itself, and passes the check', (values) => {
    const histogram = histogramOf(values);
    const packed = packHistogram(histogram);
    expect(isPackedHistogram(JSON.parse(JSON.stringify(packed)))).toBe(true);
    expect(unpackHistogram(packed)).toEqual(histogram);
  });

  test('of nothing is nothing', () => {
    expect(packHistogram(emptyHistogram)).toEqual([]);
    expect(unpackHistogram([])).toEqual(emptyHistogram);
  });

  test.prop([fc.anything()])('is never mistaken for anything that would unpack to something large', (value) => {
    if (!isPackedHistogram(value)) return;
    expect(unpackHistogram(value as readonly number[]).counts.length).toBeLessThan(500);
  });

  test.each([
    ['a run of very many zeros', [0, 1, -1_000_000_000]],
    ['a bucket beyond the last', [1_000_000, 1, 1]],
    ['a fraction', [0, 1, 0.5]],
    ['one number', [3]],
    ['a text', ['0', 1, 1]],
  ])('is not %s', (_what, value) => {
    expect(isPackedHistogram(value)).toBe(false);
  });
});
