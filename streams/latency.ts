import { deepFreeze } from './deep-freeze.js';
import { type Histogram, HistogramDraft, mergeHistograms, percentile } from './histogram.js';
import type {
  ClusterObserverSnapshot,
  GenServerStats,
  LatencyStats,
  ObserverSnapshot,
  Percentiles,
} from './snapshot.js';

/** How long messages waited in a mailbox, and how long their handlers took. */
export interface LatencyHistograms {
  readonly wait: Histogram;
  readonly handle: Histogram;
}

/** A row with the histograms behind its percentiles. */
interface Measured {
  readonly histograms: LatencyHistograms | undefined;
}

/** What a sample takes in a list of samples: time waited, time in the handler, both in us, and for how many it stands. */
const SAMPLE_LENGTH = 3;

/** With more samples, as {@link MessagesHandled} carries them. */
export function withSamples(before: LatencyHistograms | undefined, samples: readonly number[]): LatencyHistograms {
  const wait = new HistogramDraft(before?.wait);
  const handle = new HistogramDraft(before?.handle);
  for (let at = 0; at + SAMPLE_LENGTH <= samples.length; at += SAMPLE_LENGTH) {
    const weight = samples[at + 2] ?? 1;
    wait.record(samples[at] ?? 0, weight);
    handle.record(samples[at + 1] ?? 0, weight);
  }
  return Object.freeze({ wait: wait.done(), handle: handle.done() });
}

/** The histograms behind the percentiles of a row, where it has any. */
export function histogramsOf(row: GenServerStats | (GenServerStats & Measured)): LatencyHistograms | undefined {
  return 'histograms' in row ? row.histograms : undefined;
}

/** Percentiles in ms; `undefined` when nothing was measured. */
export function latencyStats(histograms: LatencyHistograms | undefined): LatencyStats | undefined {
  if (histograms === undefined || histograms.wait.counts.length === 0) return undefined;
  return deepFreeze({ wait: percentilesOf(histograms.wait), handle: percentilesOf(histograms.handle) });
}

/**
 * Latency over all processes of a node or of a cluster: of their merged histograms, never an average of percentiles.
 * `undefined` when nothing was measured.
 */
export function latencyOf(snapshot: ObserverSnapshot | ClusterObserverSnapshot): LatencyStats | undefined {
  const snapshots = 'nodes' in snapshot ? snapshot.nodes.flatMap((node) => node.snapshot ?? []) : [snapshot];
  const measured = snapshots.flatMap(({ servers }) => servers.flatMap((row) => histogramsOf(row) ?? []));
  return latencyStats({
    wait: mergeHistograms(measured.map(({ wait }) => wait)),
    handle: mergeHistograms(measured.map(({ handle }) => handle)),
  });
}

function percentilesOf(histogram: Histogram): Percentiles {
  const ms = (p: number): number => (percentile(histogram, p) ?? 0) / 1000;
  return { p50: ms(0.5), p99: ms(0.99), max: histogram.max / 1000 };
}
