/**
 * Counts of durations, which are whole numbers of microseconds. The buckets are log-linear: eight for each power of
 * two, so a percentile is off by at most one sixteenth ({@link RELATIVE_ERROR}). Below 16 us, percentiles are exact.
 * Immutable plain data. Merging adds the counts, so histograms of any number of processes and nodes can be merged in
 * any order.
 */
export interface Histogram {
  /** The index of the bucket that `counts[0]` counts. All earlier buckets are empty. */
  readonly first: number;
  /** The number of durations in each bucket, from bucket `first` on. */
  readonly counts: readonly number[];
  /** The longest duration, us. Exact, and not rounded to a bucket. */
  readonly max: number;
}

/** The maximum relative error of a percentile. */
export const RELATIVE_ERROR = 1 / 16;

export const emptyHistogram: Histogram = Object.freeze({ first: 0, counts: Object.freeze([]), max: 0 });

const SUB_BITS = 3;
const SUB_BUCKETS = 2 ** SUB_BITS;
/** The longest duration that is counted, us: about 36 years. A longer duration is counted as this duration. */
const LONGEST_US = 2 ** 50;

/** Rounds a duration to whole microseconds, and limits it to 0 ... {@link LONGEST_US}. */
function wholeMicros(us: number): number {
  return us > 0 ? Math.min(Math.round(us), LONGEST_US) : 0;
}

function bucketOf(us: number): number {
  if (us < SUB_BUCKETS) return us;
  // The octave is the position of the highest set bit. `clz32` takes 32 bits only, so a larger value is divided by
  // 2 ** 31 first.
  const octave = us < 2 ** 31 ? 31 - Math.clz32(us) : 62 - Math.clz32(Math.floor(us / 2 ** 31));
  return (octave - SUB_BITS) * SUB_BUCKETS + Math.floor(us / 2 ** (octave - SUB_BITS));
}

/** The middle of a bucket: the value that a percentile in this bucket gets. */
function middleOf(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  const low = ((bucket % SUB_BUCKETS) + SUB_BUCKETS) * 2 ** shift;
  return low + (2 ** shift - 1) / 2;
}

/** Counts durations, and makes a histogram of them. */
export class HistogramDraft {
  #first: number;
  #counts: number[];
  #max: number;

  constructor({ first, counts, max }: Histogram = emptyHistogram) {
    this.#first = first;
    // Spread and not `slice`: `slice` is slow for a frozen array.
    this.#counts = [...counts];
    this.#max = max;
  }

  /** Counts a duration, in us, `weight` times. With weight 0, no count changes, but `max` may. */
  record(us: number, weight = 1): void {
    const micros = wholeMicros(us);
    const bucket = bucketOf(micros);
    this.#cover(bucket, bucket + 1);
    this.#add(bucket, weight);
    if (micros > this.#max) this.#max = micros;
  }

  merge({ first, counts, max }: Histogram): void {
    if (counts.length === 0) return;
    this.#cover(first, first + counts.length);
    for (let i = 0; i < counts.length; i += 1) this.#add(first + i, counts[i] ?? 0);
    if (max > this.#max) this.#max = max;
  }

  /** Returns the resulting histogram. The draft must not be used afterwards. */
  done(): Histogram {
    return Object.freeze({ first: this.#first, counts: Object.freeze(this.#counts), max: this.#max });
  }

  #add(bucket: number, weight: number): void {
    const at = bucket - this.#first;
    this.#counts[at] = (this.#counts[at] ?? 0) + weight;
  }

  /** Extends `counts` to cover the buckets from `begin` to before `end`. */
  #cover(begin: number, end: number): void {
    if (this.#counts.length === 0) this.#first = begin;
    if (begin < this.#first) {
      this.#counts = new Array<number>(this.#first - begin).fill(0).concat(this.#counts);
      this.#first = begin;
    }
    while (this.#first + this.#counts.length < end) this.#counts.push(0);
  }
}

/** The sum of several histograms. */
export function mergeHistograms(histograms: Iterable<Histogram>): Histogram {
  const draft = new HistogramDraft();
  for (const histogram of histograms) draft.merge(histogram);
  return draft.done();
}

/** The `p` quantile in us, `p` from 0 to 1; `undefined` for an empty histogram. */
export function percentile({ first, counts, max }: Histogram, p: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = Math.max(1, Math.ceil(p * total));
  if (rank === total) return max;
  let seen = 0;
  let at = -1;
  while (seen < rank && at < counts.length - 1) {
    at += 1;
    seen += counts[at] ?? 0;
  }
  return Math.min(middleOf(first + at), max);
}

/** The maximum number of buckets of a histogram. */
const BUCKETS = bucketOf(LONGEST_US) + 1;

/**
 * Packs a histogram into a short list: the index of the first bucket, the maximum in us, and the counts. A run of n
 * zeros is packed as -n. A histogram without counts becomes an empty list.
 */
export function packHistogram({ first, counts, max }: Histogram): readonly number[] {
  if (counts.length === 0) return [];
  const packed = [first, max];
  for (const count of counts) {
    const last = packed.at(-1) ?? 0;
    if (count !== 0) packed.push(count);
    else if (packed.length > 2 && last < 0) packed[packed.length - 1] = last - 1;
    else packed.push(-1);
  }
  return packed;
}

/** The number of buckets that one packed number stands for: n for -n, otherwise 1. */
function lengthOf(run: number): number {
  return run < 0 ? -run : 1;
}

/** Reverses {@link packHistogram}. The list must have passed {@link packedBuckets}. */
export function unpackHistogram([first, max, ...runs]: readonly number[]): Histogram {
  if (first === undefined || max === undefined) return emptyHistogram;
  const length = runs.reduce((sum, run) => sum + lengthOf(run), 0);
  const counts = new Array<number>(length).fill(0);
  let at = 0;
  for (const run of runs) {
    if (run >= 0) counts[at] = run;
    at += lengthOf(run);
  }
  return Object.freeze({ first, counts: Object.freeze(counts), max });
}

/**
 * The number of buckets of the packed histogram in `numbers`, from index `begin` to before `end`. Returns `undefined`
 * if these numbers are not a packed histogram, or stand for more buckets than a histogram can have.
 */
export function packedBuckets(numbers: readonly unknown[], begin: number, end: number): number | undefined {
  if (end === begin) return 0;
  const first = numbers[begin];
  if (end - begin === 1 || end - begin > BUCKETS + 2 || !isCount(first) || !isCount(numbers[begin + 1]))
    return undefined;
  let buckets = 0;
  for (let at = begin + 2; at < end; at += 1) {
    const run = numbers[at];
    if (!Number.isSafeInteger(run)) return undefined;
    buckets += lengthOf(run as number);
  }
  return first + buckets <= BUCKETS ? buckets : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is a packed histogram, with no more buckets than a histogram can have. */
export function isPackedHistogram(value: unknown): boolean {
  return Array.isArray(value) && packedBuckets(value, 0, value.length) !== undefined;
}
