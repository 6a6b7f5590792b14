import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { isPackedHistogram, unpackHistogram } from '../../streams/histogram.js';
import { latencyWindowOf, mergeLatency } from '../../streams/latency.js';
import { pageOf } from '../../streams/model-changes.js';
import { emptyModel, evolve } from '../../streams/node-model.js';
import { encodeReport } from '../../streams/node-report.js';
import { toLegacyReport } from '../../streams/to-legacy-report.js';
import { anyEvent } from '../helpers/events.js';

const now = (): number => 0;
const head = { incarnation: 1, version: 1, timestamp: 0, memory: { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 } };

test.prop([fc.array(anyEvent, { maxLength: 30 })])(
  'a reader of version 0.1 gets one histogram of each kind for each row, of the slices that are sent',
  (events) => {
    const model = events.reduce(evolve, emptyModel(now));
    const { changes } = JSON.parse(toLegacyReport(encodeReport(head, JSON.stringify(pageOf(model, 0)))));
    const { wait, handle } = changes.servers;
    expect([...wait, ...handle].every(isPackedHistogram)).toBe(true);
    const expected = model.servers.rows.map((row) => mergeLatency(latencyWindowOf(row)));
    expect(wait.map(unpackHistogram)).toEqual(expected.map((each) => each.wait));
    expect(handle.map(unpackHistogram)).toEqual(expected.map((each) => each.handle));
  },
);

test('what is no report of rows stays as it is', () => {
  for (const text of [encodeReport(head, '{"type":"none"}'), '{"entries":[]}', 'null']) {
    expect(toLegacyReport(text)).toBe(text);
  }
});

test('a reader of version 0.1 gets a part of the log without the entries that it would refuse', () => {
  const started = { type: 'process_started', at: 1, id: 'p1', kind: 'genserver' };
  const conflict = { type: 'global_name_conflict', at: 2, id: 'p1', globalName: 'leader', outcome: 'kept' };
  const part = JSON.stringify({ incarnation: 1, position: 9, entries: [started, conflict] });
  expect(JSON.parse(toLegacyReport(part))).toEqual({ incarnation: 1, position: 9, entries: [started] });
});
