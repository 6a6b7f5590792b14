import { packHistogram } from './histogram.js';
import { mergeLatency } from './latency.js';
import { type PackedSlices, unpackSlices } from './latency-window.js';

/**
 * A report, or another text for observers, as versions of noex up to 0.1 read it: they have no slices of latency, and refuse
 * rows without a histogram of each kind. They get those of the slices that are sent.
 */
export function forOldReaders(text: string): string {
  const report = JSON.parse(text) as { changes?: { servers?: { latency?: readonly PackedSlices[] } } } | null;
  const servers = report?.changes?.servers;
  if (servers?.latency === undefined) return text;
  const { latency, ...columns } = servers;
  const windows = latency.map((packed) => mergeLatency(unpackSlices(packed, 0)));
  const wait = windows.map((window) => packHistogram(window.wait));
  const handle = windows.map((window) => packHistogram(window.handle));
  return JSON.stringify({ ...report, changes: { ...report?.changes, servers: { ...columns, wait, handle } } });
}
