import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { decodeAnnotated, encodeMessage } from '../../src/cluster/message-body.js';

const key = fc.string().filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));

/** All that may travel. */
const data: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(null, undefined, true, -0, Number.NaN, Number.POSITIVE_INFINITY),
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
    ),
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)),
    fc.array(tie('value')).map((items) => new Set(items)),
  ),
})).value;

/** What the other side makes of a message. */
function sent(value: unknown): unknown {
  const { text, isAnnotated } = encodeMessage(value, 'message');
  const parsed: unknown = JSON.parse(text);
  return isAnnotated ? decodeAnnotated(parsed) : parsed;
}

describe('a message to another node', () => {
  test.prop([data])('arrives as it was sent', (value) => {
    expect(sent(value)).toStrictEqual(value);
  });

  test.prop([fc.jsonValue({ maxDepth: 5 })])('is not annotated when it is plain JSON data', (value) => {
    const text = JSON.stringify(value);
    fc.pre(!/-0|constructor|__proto__|prototype/.test(text));
    expect(encodeMessage(JSON.parse(text), 'message')).toEqual({ text, isAnnotated: false });
  });
});
