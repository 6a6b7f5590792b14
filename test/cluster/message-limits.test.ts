import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/cluster/codec.js';
import { MAX_ANNOTATIONS } from '../../src/cluster/frame-body.js';
import { MAX_FRAME_BYTES } from '../../src/cluster/frames.js';
import { emptyMembership, learned } from '../../src/cluster/membership.js';
import { NodeId } from '../../src/cluster/node-id.js';
import { InvalidArgumentError } from '../../src/errors.js';
import { exceededLimit, JSON_LIMITS } from '../../streams/json-limits.js';
import { latencyWindowOf } from '../../streams/latency.js';
import { LOG_CAPACITY } from '../../streams/log-entries.js';
import { decodeLogPart } from '../../streams/log-part.js';
import { applyChanges, type Changes, MAX_CHANGED_ROWS, MAX_ROWS, pageOf } from '../../streams/model-changes.js';
import { emptyModel, evolveAll, type NodeModel } from '../../streams/node-model.js';
import { decodeReport } from '../../streams/node-report.js';
import { server, stamped } from '../helpers/events.js';
import { ObservedCluster } from '../helpers/observed-cluster.js';

const limits = { maxBytes: MAX_FRAME_BYTES };
const { maxParts, maxNames, maxDepth } = JSON_LIMITS;
const now = (): number => 0;

function notify(json: string): string {
  return `{"type":"notify","topic":"t","body":{"json":${json}}}`;
}

function times(count: number, unit: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => unit(at)).join(',');
}

describe('a frame is refused before it is parsed', () => {
  test.each([
    ['objects', `[${times(maxParts, () => '{}')}]`, 'objects, arrays and texts'],
    ['texts', `[${times(maxParts, () => '"x"')}]`, 'objects, arrays and texts'],
    ['names', `{${times(maxNames * 1.2, (at) => `"k${at}":0`)}}`, 'different names of properties'],
    ['names with space behind', `{${times(maxNames * 1.2, (at) => `"k${at}" \n:0`)}}`, 'different names of properties'],
    ['escaped names', `{${times(maxNames * 1.2, (at) => `"\\"\\\\${at}":0`)}}`, 'different names of properties'],
    ['brackets', '['.repeat(maxDepth) + ']'.repeat(maxDepth), 'nesting deeper than'],
  ])('that has too many %s', (_what, json, problem) => {
    expect(() => decode(notify(json), limits)).toThrow(problem);
  });

  test('and what would be refused is not sent', () => {
    const body = Array.from({ length: maxParts }, () => ({}));
    expect(() => encode({ type: 'notify', topic: 't', body })).toThrow(InvalidArgumentError);
  });

  test('but not for brackets, quotes and colons in a text', () => {
    const body = '[{"a":"\\'.repeat(50_000);
    expect(decode(encode({ type: 'notify', topic: 't', body }), limits)).toMatchObject({ body });
  });

  test('nor for a MiB of text, numbers or records', () => {
    const record = { id: 123_456, name: 'a customer of ours', city: 'a city somewhere', balance: 12.5 };
    for (const body of ['x'.repeat(2 ** 20), Array(500_000).fill(7), Array(12_000).fill(record)]) {
      expect(decode(encode({ type: 'notify', topic: 't', body }), limits)).toMatchObject({ body });
    }
  });
});

describe('a body is refused', () => {
  test.each([
    [
      'a Map of too many entries',
      new Map(
        times(20_001, String)
          .split(',')
          .map((at) => [at, 1]),
      ),
      'Maps and Sets of more than',
    ],
    [
      'Sets of too many entries together',
      [0, 1, 2].map((each) => new Set(Array.from({ length: 7000 }, (_, at) => each * 7000 + at))),
      'Maps and Sets of more than',
    ],
    [
      'values that are no JSON too deep within it, too often',
      Array.from({ length: 50 }, () => 0).reduce<unknown>((within) => [within], Array(500).fill(1n)),
      'paths of more than',
    ],
    ['a value at too long a path', { ['k'.repeat(1001)]: 1n }, 'too long a path'],
    ['too many values that are no JSON', Array(MAX_ANNOTATIONS + 1).fill(1n), 'not plain JSON'],
  ])('with %s', (_what, body, problem) => {
    expect(() => encode({ type: 'notify', topic: 't', body })).toThrow(problem);
  });
});

describe('what gossip announces', () => {
  const peers = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ id: NodeId.parse(`n${at}@127.0.0.1:9`), incarnation: 1 }));

  test('is believed of a thousand at most', () => {
    const { state, changes } = learned(emptyMembership, peers(4000), 0);
    expect(state.members.size).toBe(1000);
    expect(changes).toHaveLength(1000);
  });

  test('makes a node dial them a few at a time', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const others = await Promise.all(Array.from({ length: 24 }, (_, at) => runtime.startBare(`node${at}`)));
    await runtime.run(5000);
    expect(a.Cluster.getConnectedNodeCount()).toBe(others.length);
  });
});

describe('what a node reports of its processes', () => {
  const model = evolveAll(emptyModel(now), stamped(server('p1')));
  const page = pageOf(model, 0) as Extract<Changes, { type: 'page' }>;
  const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };
  /** A packed histogram of 376 buckets. */
  const WIDEST = [0, 1, 1, -374, 1];
  const WIDEST_SLICES = [0, 1, 2, 3, 4, 5].flatMap((slice) => [slice, 5, ...WIDEST, 5, ...WIDEST]);
  const report = (changes: unknown): string =>
    JSON.stringify({ incarnation: 1, version: 1, timestamp: 0, memory, changes });
  const wide = (count: number, fields: object = {}) =>
    Object.fromEntries(
      Object.entries({ ...page.servers, ...fields }).map(([field, [value]]) => [field, Array(count).fill(value)]),
    );

  test.each([
    ['too many rows', wide(MAX_CHANGED_ROWS + 1), 'at most'],
    ['an id that no node makes', wide(1, { id: ['x'.repeat(201)] }), 'servers.id'],
    ['a name that was not cut', wide(1, { name: ['x'.repeat(201)] }), 'servers.name'],
    ['histograms that unpack to too much', wide(MAX_CHANGED_ROWS, { latency: [WIDEST_SLICES] }), 'buckets'],
  ])('is refused with %s', (_what, servers, problem) => {
    expect(() => decodeReport(report({ ...page, servers }))).toThrow(problem);
  });

  test('is taken with a page of the widest histograms, which are unpacked when they are read', () => {
    const servers = wide(1000, { id: ['p1'], latency: [[0, 5, ...WIDEST, 5, ...WIDEST]] });
    const { changes } = decodeReport(report({ ...page, servers }));
    const [row] = applyChanges(undefined, 1, changes, now)?.servers.rows ?? [];
    expect(row && latencyWindowOf(row)[0]?.handle.counts.length).toBe(376);
  });

  test('is not added to without an end', () => {
    let held: NodeModel | undefined;
    const grow = (): void => {
      for (let at = 0; ; at += 1) {
        const id = Array.from({ length: 5000 }, (_, row) => `p${at}-${row}`);
        const servers = { ...page.servers, ...wide(5000), id };
        held = applyChanges(held, at, { ...page, page: at, isLast: false, servers }, now);
      }
    };
    expect(grow).toThrow(`more than ${MAX_ROWS} processes`);
    expect(held?.servers.size).toBe(MAX_ROWS);
  });
});

describe('a part of a log is refused', () => {
  const entry = { type: 'process_crashed', at: 1, id: 'p', kind: 'genserver', error: { name: 'E', message: 'm' } };

  test.each([
    ['with more entries than a node keeps', Array(LOG_CAPACITY + 1).fill(entry)],
    ['with a message that was not cut', [{ ...entry, error: { name: 'E', message: 'x'.repeat(1001) } }]],
    ['with a stack that was not cut', [{ ...entry, error: { name: 'E', message: '', stack: 'x'.repeat(4001) } }]],
    ['with a name that was not cut', [{ ...entry, name: 'x'.repeat(201) }]],
  ])('%s', (_what, entries) => {
    expect(() => decodeLogPart(JSON.stringify({ incarnation: 1, position: 1000, entries }))).toThrow(TypeError);
  });
});

describe('counting what a text has', () => {
  test.each(['', '"', '"\\', '[', ']]]]', '{"a', '{"a"', '"a"   ', '\ud800"'])('is total: %j', (text) => {
    expect(exceededLimit(text)).toBeUndefined();
  });
});
