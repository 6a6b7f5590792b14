import { decode } from '../../src/cluster/codec.js';
import { MAX_FRAME_BYTES } from '../../src/cluster/frames.js';
import { Session } from '../../src/cluster/mesh/session.js';
import { NodeReplicas } from '../../src/observer/node-replicas.js';
import { JSON_LIMITS } from '../../streams/json-limits.js';
import { latencyOf } from '../../streams/latency.js';
import { decodeLogPart } from '../../streams/log-part.js';
import { MAX_CHANGED_ROWS } from '../../streams/model-changes.js';
import type { ObserverSnapshot } from '../../streams/snapshot.js';

interface WorstInput {
  readonly input: string;
  readonly run: () => unknown;
}

const { maxParts, maxNames } = JSON_LIMITS;
const PARTS = maxParts - 30;
const SPACE = MAX_FRAME_BYTES - 200;

/** Items until a frame is full, or there are so many. */
function items(unit: (at: number) => string, most = Number.POSITIVE_INFINITY, space = SPACE): string {
  const texts: string[] = [];
  let length = 0;
  for (let at = 0; at < most; at += 1) {
    const text = unit(at);
    length += text.length + 1;
    if (length > space) break;
    texts.push(text);
  }
  return texts.join(',');
}

function body(json: string, values?: string): string {
  const meta = values === undefined ? '' : `,"meta":{"v":1,"values":${values}}`;
  return `{"type":"notify","topic":"t","body":{"json":${json}${meta}}}`;
}

const base36 = (at: number): string => at.toString(36);

function annotated(carrier: string, kind: string, count = 2000): string {
  return body(`[${items(() => carrier, count)}]`, `{${items((at) => `"${at}":["${kind}"]`, count)}}`);
}

function deepPaths(depth: number, count: number): string {
  const path = Array.from({ length: depth }, () => '0').join('.');
  const json = `${'['.repeat(depth + 1)}${items(() => '"1"', count)}${']'.repeat(depth + 1)}`;
  return body(json, `{${items((at) => `"${path}.${at}":["bigint"]`, count)}}`);
}

/** The largest of every kind that is not refused for its size, and some that are. */
const FRAMES: Readonly<Record<string, string>> = {
  'a long text': body(`"${'x'.repeat(SPACE)}"`),
  'a text of escapes': body(`"${'\\"'.repeat(SPACE / 2)}"`),
  'a long number': body('1'.repeat(SPACE)),
  'numbers of one digit': body(`[${items(() => '1')}]`),
  'long fractions': body(`[${items((at) => `${at}.1234567890123456e-300`)}]`),
  'arrays in one another': body('['.repeat(SPACE / 2) + ']'.repeat(SPACE / 2)),
  'empty objects, too many': body(`[${items(() => '{}')}]`),
  'empty objects': body(`[${items(() => '{}', PARTS)}]`),
  'arrays 60 deep': body(`[${items(() => '['.repeat(60) + ']'.repeat(60), PARTS / 60)}]`),
  'an object of many names': body(`{${items((at) => `"${'k'.repeat(90)}${base36(at)}":0`, maxNames - 20)}}`),
  'objects with one new name each': body(`[${items((at) => `{"${base36(at)}":0}`, maxNames - 20)}]`),
  'new names, then old ones': body(
    `[${items((at) => `{"${base36(Math.min(at, maxNames - 50))}":"${at}"}`, PARTS / 3)}]`,
  ),
  'different texts': body(`[${items((at) => `"${base36(at)}"`, PARTS)}]`),
  'records of a MiB': body(
    `[${items((at) => `{"id":${at},"name":"customer number ${at}","city":"some city","notes":"${'n'.repeat(80)}"}`)}]`,
  ),
  'names with white space behind': body(`{${items((at) => `"${base36(at)}"  :0`)}}`),
  '2,000 Dates': annotated('"2020-01-01T00:00:00.000Z"', 'Date'),
  '2,000 bigints of 600 digits': annotated(`"${'9'.repeat(600)}"`, 'bigint'),
  '2,000 Errors': annotated('{"name":"Error","message":"m"}', 'Error'),
  '2,000 Sets': annotated(`[${items((at) => String(at), 100)}]`, 'set'),
  '50,000 annotations': annotated('"1"', 'bigint', 50_000),
  '2,000 annotations 60 deep': deepPaths(60, 2000),
  'Sets of many entries': annotated(`[${items((at) => String(at), 20_000)}]`, 'set', 10),
  'a Map of too many entries': body(`[${items((at) => `[${at},1]`, PARTS)}]`, '["map"]'),
  'a Map of 13,000 entries': body(`[${items((at) => `["${base36(at)}","${base36(at)}"]`, 13_000)}]`, '["map"]'),
  'one name over and over': body(`{${items(() => '"a":0')}}`),
  'one name in each object': body(`[${items((at) => `{"a":${at},"b":1,"c":2}`, PARTS)}]`),
  'a path of a million keys': body('1', `{"${'a.'.repeat(SPACE / 2)}":["Date"]}`),
  'a path of escapes': body('1', `{"${'\\\\.'.repeat(SPACE / 3)}":["Date"]}`),
  'a kind of a million characters': body('1', `["${'k'.repeat(SPACE)}"]`),
  'members, too many': `{"type":"members","members":[${items((at) => `{"id":"n${at}@h:1","incarnation":1}`)}]}`,
  'a type of a million characters': `{"type":"${'t'.repeat(SPACE)}"}`,
  'no JSON after a million characters': `[${items(() => '1')}`,
};

const PACKED = `[0,1125899906842624,${items(() => '9007199254740991', 300)}]`;
const SPREAD = '[0,1,-376]';
/** So wide that a page of them is just allowed. */
const WIDE = '[0,1,-190]';

/** A whole latency window of the same histogram. */
function slices(histogram: string): string {
  const numbers = histogram.slice(1, -1);
  const length = numbers === '' ? 0 : numbers.split(',').length;
  const each = [length, numbers].filter((part) => part !== '').join(',');
  return `[${items((at) => `${at},${each},${each}`, 6)}]`;
}

function report(rows: number, histogram: string, changes = '"type":"page","page":0,"isLast":true'): string {
  const column = (unit: (at: number) => string): string => `[${items(unit, rows)}]`;
  const servers = [
    ...[`"id":${column((at) => `"${base36(at)}"`)}`, `"name":${column((at) => `"n${at}"`)}`],
    ...[`"parentId":${column((at) => `"${base36(at)}"`)}`, `"status":${column(() => '"running"')}`],
    ...['queueSize', 'messageCount', 'loopBlocks', 'dropped', 'restarts'].map(
      (name) => `"${name}":${column(() => '9007199254740991')}`,
    ),
    `"latency":${column(() => slices(histogram))}`,
    `"startedAt":${column(() => '-1.7976931348623157e308')}`,
  ].join(',');
  const none = '"id":[],"name":[],"parentId":[],"strategy":[],"childCount":[],"totalRestarts":[],"startedAt":[]';
  const memory = '{"heapUsed":1,"heapTotal":1,"external":1,"rss":1}';
  const head = `"incarnation":1,"version":1,"timestamp":1,"memory":${memory}`;
  return `{${head},"changes":{${changes},"servers":{${servers}},"supervisors":{${none}}}}`;
}

function read(text: string, then?: (snapshot: ObserverSnapshot) => unknown): WorstInput {
  return {
    input: text,
    run: () => {
      const reader = new NodeReplicas({ now: () => 1, monotonic: () => 1, request: () => Promise.resolve(text) });
      try {
        reader.accept('n', text);
      } catch (thrown) {
        if (!(thrown instanceof TypeError)) throw thrown;
      }
      const snapshot = reader.states.get('n')?.snapshot;
      if (snapshot !== undefined) then?.(snapshot);
      return snapshot?.totalMessages;
    },
  };
}

function logEntry(at: number): string {
  const error = `{"name":"E","message":"${'m'.repeat(300)}","stack":"${'s'.repeat(1800)}"}`;
  return `{"type":"process_crashed","at":${at},"id":"p","kind":"genserver","error":${error}}`;
}

/** Made by hand: what was found to hold the event loop longest, as large as it may be. */
export function* worstInputs(): Iterable<readonly [string, WorstInput]> {
  for (const [name, input] of Object.entries(FRAMES)) {
    yield [`frame: ${name}`, { input, run: () => attempt(() => decode(input, { maxBytes: MAX_FRAME_BYTES })) }];
  }
  yield [`report: ${MAX_CHANGED_ROWS} rows, too many buckets`, read(report(MAX_CHANGED_ROWS, SPREAD))];
  yield [`report: ${MAX_CHANGED_ROWS / 2} rows, histograms of 190 buckets`, read(report(MAX_CHANGED_ROWS / 2, WIDE))];
  yield [
    `report: ${MAX_CHANGED_ROWS / 2} rows, and their latency`,
    read(report(MAX_CHANGED_ROWS / 2, WIDE), latencyOf),
  ];
  yield ['report: 100 rows, packed histograms', read(report(100, PACKED))];
  yield ['report: 1000 rows', read(report(1000, '[3,900,1,2,3,4,5,-9,1,2,3]'))];
  yield ['report: too many rows', read(report(9000, '[]'))];
  const part = `{"incarnation":1,"position":500,"entries":[${items(logEntry, 500)}]}`;
  yield ['log: 500 entries', { input: part, run: () => attempt(() => decodeLogPart(part)) }];
  const session = new Session('secret', 'transcript', 'dialer');
  const large = 'x'.repeat(SPACE);
  yield ['session: the largest message', { input: large, run: () => session.seal(large) }];
}

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (thrown) {
    return thrown;
  }
}
