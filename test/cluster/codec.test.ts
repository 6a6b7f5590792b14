import { describe, expect, test } from 'vitest';
import { clip, decode, encode } from '../../src/cluster/codec.js';
import { MAX_ANNOTATIONS, MAX_BODY_DEPTH } from '../../src/cluster/frame-body.js';
import { type Frame, MAX_FRAME_BYTES } from '../../src/cluster/frames.js';
import { NodeId } from '../../src/cluster/node-id.js';
import { InvalidArgumentError, ProtocolError } from '../../src/errors.js';

const id = NodeId.parse('nodeA@127.0.0.1:4369');
const nonce = `${'A'.repeat(43)}=`;
const limits = { maxBytes: MAX_FRAME_BYTES };

const frames: readonly Frame[] = [
  { type: 'hello', protocol: 2, nodeId: id, incarnation: 7, nonce, role: 'member', secured: true },
  { type: 'challenge', protocol: 2, nodeId: id, incarnation: 7, nonce, secured: false },
  { type: 'proof', mac: nonce },
  { type: 'proof' },
  { type: 'welcome', mac: nonce },
  { type: 'refused', reason: 'auth_failed', message: 'no' },
  { type: 'members', members: [{ id, incarnation: 7 }] },
  { type: 'heartbeat', processCount: 4, uptimeMs: 12.5 },
  { type: 'open' },
  { type: 'leave' },
  { type: 'probe' },
  { type: 'probe_ack' },
  { type: 'id_conflict' },
  { type: 'request', id: 1, method: 'snapshot', body: { since: 3 } },
  { type: 'reply', id: 1, body: [1, 'two', null] },
  { type: 'failure', id: 1, message: 'no', code: 'NOEX_X' },
  { type: 'failure', id: 1, message: 'no' },
  { type: 'notify', topic: 'frames', body: 'text' },
];

function reasonFor(text: string, maxBytes = MAX_FRAME_BYTES): string {
  try {
    decode(text, { maxBytes });
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as ProtocolError).reason;
  }
}

function roundTrip(body: unknown): unknown {
  const frame = decode(encode({ type: 'notify', topic: 't', body }), limits);
  return 'body' in frame ? frame.body : undefined;
}

/** What a peer might write as the body of a frame. */
function reasonForBody(body: unknown): string {
  return reasonFor(JSON.stringify({ type: 'notify', topic: 't', body }));
}

describe('the codec', () => {
  test.each(frames)('carries a $type frame', (frame) => {
    expect(decode(encode(frame), limits)).toEqual(frame);
  });

  test.each(['launch', 'constructor', '__proto__', 'unknown'])(
    'takes a frame of type %s for one of a later version',
    (name) => {
      expect(decode(JSON.stringify({ type: name, body: { a: 1 } }), limits)).toEqual({ type: 'unknown', name });
    },
  );

  test('leaves out fields that it does not know', () => {
    expect(decode('{"type":"leave","mood":"sad"}', limits)).toEqual({ type: 'leave' });
    const members = [{ id, incarnation: 7 }];
    const later = members.map((peer) => ({ ...peer, zone: 'eu' }));
    expect(decode(JSON.stringify({ type: 'members', members: later }), limits)).toEqual({ type: 'members', members });
  });

  const fields = frames.flatMap((frame) =>
    Object.keys(frame)
      .filter((field) => field !== 'type')
      .map((field) => ({ type: frame.type, field, raw: JSON.parse(encode(frame)) as Record<string, unknown> })),
  );

  test.each(fields.filter(({ field }) => field !== 'mac' && field !== 'code'))(
    'refuses a $type frame without $field',
    ({ raw, field }) => {
      const { [field]: _, ...rest } = raw;
      expect(reasonFor(JSON.stringify(rest))).toBe('malformed');
    },
  );

  test.each(fields)('refuses a $type frame whose $field is of another kind', ({ raw, field }) => {
    // What each kind of field takes of the values below.
    const fits: Record<string, readonly unknown[]> = { members: ['[]'], message: ['""'], uptimeMs: ['1e+300'] };
    for (const wrong of [null, {}, [], -1, 1e300, '', '\u0007']) {
      if (fits[field]?.includes(JSON.stringify(wrong))) continue;
      expect([wrong, reasonFor(JSON.stringify({ ...raw, [field]: wrong }))]).toEqual([wrong, 'malformed']);
    }
  });

  test('says which protocol the other side speaks, whatever else is in its hello', () => {
    expect(reasonFor('{"type":"hello","protocol":3,"who":"me"}')).toBe('unsupported_version');
    expect(() => decode('{"type":"hello","protocol":3}', limits)).toThrow('speaks protocol 3, this one 2');
  });

  test.each([
    ['', 'not_json'],
    ['{', 'not_json'],
    ['{"type":"leave"} ', 'none'],
    ['null', 'malformed'],
    ['[]', 'malformed'],
    ['"leave"', 'malformed'],
    ['{}', 'malformed'],
    ['{"type":7}', 'malformed'],
    ['{"__proto__":{"type":"leave"}}', 'malformed'],
    ['{"type":"members","members":[{"__proto__":{"id":"a@b:1","incarnation":1}}]}', 'malformed'],
  ])('answers %j with %s', (text, reason) => {
    expect(reasonFor(text)).toBe(reason);
  });

  test.each([
    ['roles', ['worker'], ['worker']],
    ['roles', 'worker', 'malformed'],
    ['roles', ['\u001b[2J'], 'malformed'],
    ['roles', Array.from({ length: 33 }, (_, at) => `${at}`), 'malformed'],
    ['metadata', { zone: 'a', cores: 8, isSpot: false }, { zone: 'a', cores: 8, isSpot: false }],
    ['metadata', { zone: { name: 'a' } }, 'malformed'],
    ['metadata', { prototype: 'a' }, 'malformed'],
    ['metadata', JSON.parse('{"__proto__":1}'), 'malformed'],
    ['metadata', { notes: 'x'.repeat(4096) }, 'malformed'],
  ])('reads a hello with %s %j as %j', (field, value, expected) => {
    const hello = frames.find(({ type }) => type === 'hello');
    const text = JSON.stringify({ ...hello, [field]: value });
    if (expected === 'malformed') expect(reasonFor(text)).toBe('malformed');
    else expect(decode(text, limits)).toEqual({ ...hello, [field]: expected });
  });

  test('looks at the size first, in bytes', () => {
    const text = `{"type":"leave","x":"${'ü'.repeat(100)}"}`;
    expect(reasonFor(text, Buffer.byteLength(text))).toBe('none');
    expect(reasonFor(text, Buffer.byteLength(text) - 1)).toBe('frame_too_large');
    expect(reasonFor('x'.repeat(1000), 999)).toBe('frame_too_large');
  });

  test('refuses more members than any cluster has', () => {
    const members = Array.from({ length: 4097 }, () => ({ id, incarnation: 1 }));
    expect(reasonFor(JSON.stringify({ type: 'members', members }))).toBe('malformed');
  });

  test('refuses words that could steer a terminal', () => {
    expect(reasonFor(JSON.stringify({ type: 'refused', reason: 'x', message: '\u001b[2J' }))).toBe('malformed');
    expect(decode(encode({ type: 'refused', reason: 'x', message: clip('a\u001b\nb') }), limits)).toMatchObject({
      message: 'a  b',
    });
  });

  test('clips a message to what the other side reads', () => {
    const message = clip('é'.repeat(100_000));
    expect(reasonFor(encode({ type: 'failure', id: 1, message }))).toBe('none');
  });
});

describe('a body', () => {
  test.each([
    [undefined],
    [null],
    [{ a: undefined, b: [undefined] }],
    [12345678901234567890n],
    [new Date(0)],
    [[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]],
    [
      new Map<unknown, unknown>([
        ['a.b', new Set([1, new Date(5)])],
        [new Date(1), { '': 1n }],
      ]),
    ],
    [{ 'a.b': { 'c\\': new Date(1) }, '': new Set() }],
    [[[], {}, '', 0, false]],
  ])('of %o arrives as it was sent', (body) => {
    expect(roundTrip(body)).toStrictEqual(body);
  });

  test('carries errors without their stack', () => {
    const arrived = roundTrip(new TypeError('no', { cause: { code: 7n } }));
    expect(arrived).toBeInstanceOf(Error);
    expect(arrived).toMatchObject({ name: 'TypeError', message: 'no', cause: { code: 7n }, stack: undefined });
  });

  test('carries what occurs twice, twice', () => {
    const shared = { at: new Date(9) };
    expect(roundTrip({ a: shared, b: [shared], c: new Map([[1, shared]]) })).toStrictEqual({
      a: { at: new Date(9) },
      b: [{ at: new Date(9) }],
      c: new Map([[1, { at: new Date(9) }]]),
    });
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = { cycle };
  const lateCycle = { first: [1], inner: { up: {} as unknown } };
  lateCycle.inner.up = [lateCycle.inner];
  let deep: unknown = 1;
  for (let i = 0; i <= MAX_BODY_DEPTH; i++) deep = [deep];
  let abyss: unknown = 1;
  for (let i = 0; i < 100_000; i++) abyss = [abyss];

  test.each([
    ['a cycle', cycle],
    ['a cycle', lateCycle],
    ['kind "regexp"', /x/],
    ['kind "URL"', { at: new URL('http://a.b') }],
    ['kind ["typed-array"', new Uint8Array(2)],
    ['not data', () => 1],
    ['not data', Symbol('s')],
    ['nesting', deep],
    ['nesting', abyss],
    ['constructor', { constructor: 1 }],
    ['values that are not plain JSON', Array.from({ length: MAX_ANNOTATIONS + 1 }, () => undefined)],
    ['at most', 'x'.repeat(MAX_FRAME_BYTES)],
    ['not a valid bigint', 10n ** 2000n],
  ])('is refused before it is sent: %s', (problem, body) => {
    const send = () => encode({ type: 'notify', topic: 't', body });
    expect(send).toThrow(InvalidArgumentError);
    expect(send).toThrow(problem);
  });

  test('may have as many other values, and nest as deep, as is allowed', () => {
    const many = Array.from({ length: MAX_ANNOTATIONS }, () => new Date(1));
    expect(roundTrip(many)).toStrictEqual(many);
    expect(roundTrip((deep as unknown[])[0])).toStrictEqual((deep as unknown[])[0]);
  });

  test.each([
    ['no object', 7],
    ['no json', {}],
    ['json of its prototype', JSON.parse('{"__proto__":{"json":1}}')],
    ['unknown meta', { json: 1, meta: 7 }],
    ['another version', { json: [1], meta: { values: { 0: ['Date'] }, v: 0 } }],
    ['shared references', { json: { a: {}, b: {} }, meta: { referentialEqualities: { a: ['b'] }, v: 1 } }],
    ['no values', { json: 1, meta: { v: 1 } }],
    ['a RegExp', { json: '/(a+)+$/', meta: { values: ['regexp'], v: 1 } }],
    ['a class', { json: {}, meta: { values: [['class', 'User']], v: 1 } }],
    ['a custom type', { json: {}, meta: { values: [['custom', 'x']], v: 1 } }],
    ['a symbol', { json: 's', meta: { values: [['symbol', 's']], v: 1 } }],
    ['a typed array', { json: [1], meta: { values: [['typed-array', 'Uint8Array']], v: 1 } }],
    ['a URL', { json: 'http://a', meta: { values: ['URL'], v: 1 } }],
    ['an Object method as its kind', { json: 1, meta: { values: ['toString'], v: 1 } }],
    ['an annotation that leads to no value', { json: {}, meta: { values: { a: ['Date'] }, v: 1 } }],
    ['an annotation of a prototype', { json: {}, meta: { values: { '__proto__.x': ['undefined'] }, v: 1 } }],
    ['a constructor', { json: {}, meta: { values: { constructor: ['undefined'] }, v: 1 } }],
    ['a bad escape', { json: { a: null }, meta: { values: { '\\a': ['undefined'] }, v: 1 } }],
    ['a place twice', { json: [null], meta: { values: { 0: ['undefined'], '00': ['undefined'] }, v: 1 } }],
    [
      'a place within a revived one',
      { json: { m: [[1, null]] }, meta: { values: { m: ['map'], 'm.0.1': ['undefined'] }, v: 1 } },
    ],
    ['a Date that is none', { json: 'x', meta: { values: ['Date'], v: 1 } }],
    ['a bigint that is none', { json: '1e3', meta: { values: ['bigint'], v: 1 } }],
    ['a huge bigint', { json: '9'.repeat(100_000), meta: { values: ['bigint'], v: 1 } }],
    ['a Map that is none', { json: [[1]], meta: { values: ['map'], v: 1 } }],
    ['a Set that is none', { json: 'abc', meta: { values: ['set'], v: 1 } }],
    ['an Error with a stack', { json: { name: 'E', message: '', stack: 'x' }, meta: { values: ['Error'], v: 1 } }],
    ['an Error of objects', { json: { name: {}, message: '' }, meta: { values: ['Error'], v: 1 } }],
    ['a number that is none', { json: '12', meta: { values: ['number'], v: 1 } }],
    ['annotations that are no tree', { json: 1, meta: { values: 'Date', v: 1 } }],
    ['annotations that are null', { json: 1, meta: { values: null, v: 1 } }],
    ['an empty annotation', { json: 1, meta: { values: [], v: 1 } }],
    ['annotations in annotations', { json: { a: { b: null } }, meta: { values: { a: { b: ['undefined'] } }, v: 1 } }],
    ['a long annotation', { json: 1, meta: { values: ['set', {}, {}], v: 1 } }],
  ])('with %s is refused on arrival', (_, body) => {
    expect(reasonForBody(body)).toBe('malformed');
  });

  test('cannot reach a prototype', () => {
    const text = '{"type":"notify","topic":"t","body":{"json":{"__proto__":{"polluted":1}}}}';
    expect(reasonFor(text)).toBe('malformed');
    expect(reasonFor('{"type":"notify","topic":"t","body":{"json":[{"a":{"constructor":1}}]}}')).toBe('malformed');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('does not overflow the stack, however deep it nests', () => {
    const nested = '['.repeat(500_000) + ']'.repeat(500_000);
    expect(reasonFor(`{"type":"notify","topic":"t","body":{"json":${nested}}}`)).toBe('malformed');
    let tree = '["undefined"]';
    for (let i = 0; i < 5000; i++) tree = `["set",{"0":${tree}}]`;
    expect(reasonFor(`{"type":"notify","topic":"t","body":{"json":[],"meta":{"values":${tree},"v":1}}}`)).toBe(
      'malformed',
    );
  });

  test('with thirty thousand annotations is refused, and not revived', () => {
    const json = Array.from({ length: 30_000 }, () => null);
    const values = Object.fromEntries(json.map((_, i) => [i, ['undefined']]));
    expect(reasonForBody({ json, meta: { values, v: 1 } })).toBe('malformed');
  });
});
