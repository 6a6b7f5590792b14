import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { backoffDelayMs } from '../../src/cluster/backoff.js';
import { decode, encode } from '../../src/cluster/codec.js';
import { MAX_FRAME_BYTES } from '../../src/cluster/frames.js';
import {
  emptyMembership,
  forget,
  learned,
  left,
  linkDown,
  linkUp,
  type Outcome,
} from '../../src/cluster/membership.js';
import { NodeId } from '../../src/cluster/node-id.js';
import { ProtocolError } from '../../src/errors.js';

const limits = { maxBytes: MAX_FRAME_BYTES };
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test.prop([
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 1, max: 60_000 }),
  fc.integer({ min: 0, max: 600_000 }),
  random,
])(
  'a back-off delay lies in the upper half of a bound that doubles up to the maximum',
  (attempt, baseMs, more, value) => {
    const maxMs = baseMs + more;
    const delay = backoffDelayMs(attempt, { baseMs, maxMs }, () => value);
    const bound = Math.min(maxMs, baseMs * 2 ** attempt);
    expect(delay).toBeGreaterThanOrEqual(bound / 2);
    expect(delay).toBeLessThanOrEqual(bound);
  },
);

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.constant('localhost'));

test.prop([name, host, fc.integer({ min: 1, max: 65_535 })])(
  'a node id that was made can be parsed',
  (who, where, port) => {
    const id = NodeId.create(who, where, port);
    expect(NodeId.parse(id)).toBe(id);
    expect(NodeId.isValid(id)).toBe(true);
    expect(NodeId.create(who, NodeId.parts(id).host, port)).toBe(id);
  },
);

const key = fc.string().filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));
const data = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(undefined, null, true, -0, Number.NaN, Number.NEGATIVE_INFINITY),
    fc.string(),
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
    fc.array(tie('value')).map((items) => new Set(items)),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)),
  ),
})).value;

test.prop([data])('any data arrives as it was sent', (body) => {
  expect(decode(encode({ type: 'reply', id: 1, body }), limits)).toStrictEqual({ type: 'reply', id: 1, body });
});

test.prop([
  fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((json) => JSON.stringify({ type: 'notify', topic: 't', body: json })),
  ),
])('any text is a frame or gets a ProtocolError, and nothing else happens', (text) => {
  try {
    decode(text, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
  }
});

const kind = fc.constantFrom('undefined', 'bigint', 'number', 'Date', 'set', 'map', 'Error', 'regexp', 'class');
const path = fc
  .array(fc.constantFrom('0', '1', 'a', '00', '__proto__', 'name', ''), { minLength: 1, maxLength: 3 })
  .map((keys) => keys.join('.'));
const tree = fc.letrec((tie) => ({
  annotation: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(kind),
    fc.tuple(kind, fc.dictionary(path, tie('annotation'), { maxKeys: 3 })),
  ),
}));
const hostile = fc.record({
  json: fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(
      [
        ['1', null],
        [null, '2'],
      ],
      { a: [['NaN', null]], name: 'x', message: 'y' },
    ),
  ),
  meta: fc.record({
    values: fc.oneof(tree.annotation, fc.dictionary(path, tree.annotation, { maxKeys: 4 })),
    v: fc.constant(1),
  }),
});

test.prop([hostile], { numRuns: 2000 })('any annotations are revived or refused, and no prototype changes', (body) => {
  try {
    decode(JSON.stringify({ type: 'notify', topic: 't', body }), limits);
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    // Refused by our own look at it, before anything was revived.
    expect((error as ProtocolError).message).toMatch(/^malformed: a body with /);
    expect((error as ProtocolError).message).not.toMatch(/undefined is not|Cannot|not a function|index out of bounds/);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
});

const ids = ['nodeA@h:1', 'nodeB@h:2', 'nodeC@h:3'].map((text) => NodeId.parse(text));
const peer = fc.record({ id: fc.constantFrom(...ids), incarnation: fc.integer({ min: 1, max: 3 }) });
const happening = fc.record({
  what: fc.constantFrom('up', 'down', 'left', 'learned', 'forget'),
  peer,
  afterMs: fc.integer({ min: 0, max: 40_000 }),
});

test.prop([fc.array(happening, { maxLength: 60 })])(
  'up and down alternate for each node, whatever happens',
  (happenings) => {
    let state = emptyMembership;
    let now = 0;
    const isUp = new Map<string, boolean>();
    for (const { what, peer, afterMs } of happenings) {
      now += afterMs;
      const outcomes: Record<typeof what, () => Outcome> = {
        up: () => linkUp(state, peer, now),
        down: () => linkDown(state, peer.id, 'connection_closed', now),
        left: () => left(state, peer.id, now),
        learned: () => learned(state, [peer], now),
        forget: () => forget(state, now, 60_000),
      };
      const outcome = outcomes[what]();
      state = outcome.state;
      for (const { type, id } of outcome.changes) {
        if (type !== 'up' && type !== 'down') continue;
        expect(isUp.get(id) ?? false).toBe(type === 'down');
        isUp.set(id, type === 'up');
      }
      for (const id of ids) expect(state.members.get(id)?.status === 'connected').toBe(isUp.get(id) ?? false);
    }
  },
);
