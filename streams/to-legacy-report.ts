import { packHistogram } from './histogram.js';
import { mergeLatency } from './latency.js';
import { type PackedSlices, unpackSlices } from './latency-window.js';

/**
 * Converts the JSON text of a report to the format that noex up to 0.1 reads. Those versions know no latency slices,
 * and refuse rows without one `wait` and one `handle` histogram. Each histogram is merged from the slices of its row.
 * From the JSON text of a part of the log, removes the entries that those versions refuse. Returns any other JSON text
 * as it is.
 */
export function toLegacyReport(text: string): string {
  const report = JSON.parse(text) as Sent;
  const entries = report?.entries?.filter(({ type }) => type !== 'global_name_conflict');
  if (entries !== undefined && entries.length !== report?.entries?.length)
    return JSON.stringify({ ...report, entries });
  const servers = report?.changes?.servers;
  if (servers?.latency === undefined) return text;
  const { latency, ...columns } = servers;
  const windows = latency.map((packed) => mergeLatency(unpackSlices(packed, 0)));
  const wait = windows.map((window) => packHistogram(window.wait));
  const handle = windows.map((window) => packHistogram(window.handle));
  return JSON.stringify({ ...report, changes: { ...report?.changes, servers: { ...columns, wait, handle } } });
}

type Sent = {
  readonly changes?: { readonly servers?: { readonly latency?: readonly PackedSlices[] } };
  readonly entries?: readonly { readonly type: string }[];
} | null;
