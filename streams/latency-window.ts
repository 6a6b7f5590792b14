import { type Histogram, HistogramDraft, packedBuckets, packHistogram, unpackHistogram } from './histogram.js';

/** The length of a slice, ms of the monotonic clock of the node. */
const SLICE_MS = 10_000;
/** The number of slices of a window, the current one included. */
const SLICES = 6;

/** The nominal time that latency figures cover, ms. They cover 50 to 60 s, because the current slice is not over. */
export const LATENCY_WINDOW_MS = SLICES * SLICE_MS;

export interface LatencyHistograms {
  /** How long messages waited in the mailbox. */
  readonly wait: Histogram;
  /** How long handlers took. */
  readonly handle: Histogram;
}

/** The measurements of one slice of time. */
export interface LatencySlice extends LatencyHistograms {
  /** The number of the slice: the monotonic time at its beginning divided by the length of a slice. */
  readonly slice: number;
  /** The version of the model in which this slice last changed. For a received slice: the version of its report. */
  readonly version: number;
}

/**
 * The measurements of about the last minute, oldest slice first. Slices without measurements are left out. Slices
 * expire when measurements are added, so the window of an idle process may have slices that are older.
 */
export type LatencyWindow = readonly LatencySlice[];

export const emptyLatencyWindow: LatencyWindow = Object.freeze([]);

/**
 * How many numbers a sample has: time in the mailbox and time in the handler, both in us, and the number of messages
 * that the sample stands for.
 */
const SAMPLE_LENGTH = 3;

/** The number of the slice that a monotonic time, in ms, belongs to. */
function sliceAt(monotonic: number): number {
  return Math.floor(monotonic / SLICE_MS);
}

/** Returns the window with further samples, in the format of `MessagesHandled`. Drops slices that have expired. */
export function withSamples(
  window: LatencyWindow,
  samples: readonly number[],
  { monotonic, version }: { readonly monotonic: number; readonly version: number },
): LatencyWindow {
  const slice = sliceAt(monotonic);
  const before = window.find((each) => each.slice === slice);
  const wait = new HistogramDraft(before?.wait);
  const handle = new HistogramDraft(before?.handle);
  for (let at = 0; at + SAMPLE_LENGTH <= samples.length; at += SAMPLE_LENGTH) {
    const weight = samples[at + 2] ?? 1;
    wait.record(samples[at] ?? 0, weight);
    handle.record(samples[at + 1] ?? 0, weight);
  }
  return withSlices(window, [Object.freeze({ slice, version, wait: wait.done(), handle: handle.done() })]);
}

/**
 * Returns the window with the slices of `changed`, which replace slices with the same number. Drops slices that have
 * expired at the time of the newest slice.
 */
export function withSlices(window: LatencyWindow, changed: LatencyWindow): LatencyWindow {
  if (changed.length === 0) return window;
  const slices = window.length === 0 ? [...changed] : [...withoutSlices(window, changed), ...changed];
  slices.sort((a, b) => a.slice - b.slice);
  const newest = slices.at(-1)?.slice ?? 0;
  return Object.freeze(slices.filter(({ slice }) => slice > newest - SLICES));
}

function withoutSlices(window: LatencyWindow, changed: LatencyWindow): LatencyWindow {
  return window.filter(({ slice }) => !changed.some((other) => other.slice === slice));
}

/** The slices that have not expired at `monotonic`, ms of the node's monotonic clock. */
export function currentSlices(window: LatencyWindow, monotonic: number): LatencyWindow {
  const current = sliceAt(monotonic);
  const isCurrent = ({ slice }: LatencySlice): boolean => slice > current - SLICES;
  return window.every(isCurrent) ? window : window.filter(isCurrent);
}

/**
 * Slices as they are sent, one after another in one flat list. Each slice is written as: slice number, length of
 * `wait`, numbers of `wait`, length of `handle`, numbers of `handle`. Both `wait` and `handle` are packed histograms.
 */
export type PackedSlices = readonly number[];

/** Packs the slices that changed after `version`. Without `version`, packs all slices. */
export function packSlices(window: LatencyWindow, version = -1): PackedSlices {
  const packed: number[] = [];
  for (const each of window) {
    if (each.version <= version) continue;
    const [wait, handle] = [packHistogram(each.wait), packHistogram(each.handle)];
    packed.push(each.slice, wait.length, ...wait, handle.length, ...handle);
  }
  return packed;
}

interface PackedSlice {
  readonly slice: number;
  readonly wait: readonly number[];
  readonly handle: readonly number[];
}

/** Splits a list that has passed {@link bucketsInSlices} into slices. */
function splitSlices(packed: PackedSlices): readonly PackedSlice[] {
  const slices: PackedSlice[] = [];
  for (let at = 0; at < packed.length; ) {
    const waitEnd = at + 2 + (packed[at + 1] ?? 0);
    const end = waitEnd + 1 + (packed[waitEnd] ?? 0);
    const [wait, handle] = [packed.slice(at + 2, waitEnd), packed.slice(waitEnd + 1, end)];
    slices.push({ slice: packed[at] ?? 0, wait, handle });
    at = Math.max(end, at + 1);
  }
  return slices;
}

/**
 * Unpacks the slices of a list that was sent with `version`. A few packed numbers can stand for many buckets, so each
 * histogram is unpacked only when it is first read.
 */
export function unpackSlices(packed: PackedSlices, version: number): LatencyWindow {
  if (packed.length === 0) return [];
  return splitSlices(packed).map((slice) => new ReceivedSlice(slice, version));
}

class ReceivedSlice implements LatencySlice {
  readonly slice: number;
  readonly version: number;
  readonly #packed: PackedSlice;
  #wait: Histogram | undefined;
  #handle: Histogram | undefined;

  constructor(packed: PackedSlice, version: number) {
    this.slice = packed.slice;
    this.version = version;
    this.#packed = packed;
    Object.freeze(this);
  }

  get wait(): Histogram {
    this.#wait ??= unpackHistogram(this.#packed.wait);
    return this.#wait;
  }

  get handle(): Histogram {
    this.#handle ??= unpackHistogram(this.#packed.handle);
    return this.#handle;
  }
}

/**
 * The number of buckets in a list of packed slices. Returns `undefined` if `value` is not such a list, or has more
 * slices than a window. Allocates nothing, because a report has thousands of these lists.
 */
export function bucketsInSlices(value: unknown): number | undefined {
  if (!Array.isArray(value)) return undefined;
  let [at, slices, buckets] = [0, 0, 0];
  while (at < value.length) {
    if (!Number.isSafeInteger(value[at]) || slices === SLICES) return undefined;
    slices += 1;
    at += 1;
    for (let kind = 0; kind < 2; kind += 1) {
      const end = at + 1 + value[at];
      const found = end > at && end <= value.length ? packedBuckets(value, at + 1, end) : undefined;
      if (found === undefined) return undefined;
      buckets += found;
      at = end;
    }
  }
  return buckets;
}
