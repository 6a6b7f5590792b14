import { deepFreeze } from './deep-freeze.js';
import { type Histogram, mergeHistograms, percentile } from './histogram.js';
import {
  currentSlices,
  emptyLatencyWindow,
  LATENCY_WINDOW_MS,
  type LatencyHistograms,
  type LatencyWindow,
} from './latency-window.js';
import type {
  ClusterObserverSnapshot,
  GenServerStats,
  LatencyStats,
  ObserverSnapshot,
  Percentiles,
} from './snapshot.js';

/** A row with the histograms that its percentiles are computed from. */
interface RowWithWindow {
  readonly latencyWindow: LatencyWindow;
}

/**
 * The histograms from which the percentiles of a row are computed; empty for a row without histograms. Expired slices
 * may be among them.
 */
export function latencyWindowOf(row: GenServerStats | (GenServerStats & RowWithWindow)): LatencyWindow {
  return 'latencyWindow' in row ? row.latencyWindow : emptyLatencyWindow;
}

/** Merges slices, which may be of one row or of several rows. */
export function mergeLatency(slices: readonly LatencyHistograms[]): LatencyHistograms {
  const [only] = slices;
  if (only !== undefined && slices.length === 1) return only;
  return {
    wait: mergeHistograms(slices.map(({ wait }) => wait)),
    handle: mergeHistograms(slices.map(({ handle }) => handle)),
  };
}

/** The percentiles of both histograms, ms. Returns `undefined` if nothing was measured. */
export function latencyStats({ wait, handle }: LatencyHistograms): LatencyStats | undefined {
  if (wait.counts.length === 0) return undefined;
  return deepFreeze({ windowMs: LATENCY_WINDOW_MS, wait: percentilesOf(wait), handle: percentilesOf(handle) });
}

/**
 * Latency of the last minute over all processes of a node, or of all connected nodes of a cluster. Computed from the
 * merged histograms of the processes, and not as an average of percentiles. The minute of each node ends at the moment
 * of its snapshot. Returns `undefined` if nothing was measured.
 */
export function latencyOf(snapshot: ObserverSnapshot | ClusterObserverSnapshot): LatencyStats | undefined {
  const snapshots = 'nodes' in snapshot ? snapshot.nodes.flatMap((node) => node.snapshot ?? []) : [snapshot];
  const slices = snapshots.flatMap(({ servers, monotonic }) =>
    servers.flatMap((row) => currentSlices(latencyWindowOf(row), monotonic)),
  );
  return latencyStats(mergeLatency(slices));
}

function percentilesOf(histogram: Histogram): Percentiles {
  const ms = (p: number): number => (percentile(histogram, p) ?? 0) / 1000;
  return { p50: ms(0.5), p99: ms(0.99), max: histogram.max / 1000 };
}
