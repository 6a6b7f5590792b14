import { isDeepStrictEqual } from 'node:util';
import { fc } from '@fast-check/vitest';
import { decode, encode } from '../../src/cluster/codec.js';
import { type Frame, MAX_FRAME_BYTES, type ReceivedFrame } from '../../src/cluster/frames.js';
import { isCloseReason } from '../../src/cluster/mesh/close-reason.js';
import { InvalidArgumentError, ProtocolError } from '../../src/errors.js';
import { data, frame, sent } from './frames.js';
import { asText, checkPlain, checkPrototypes, nearly, oddValue } from './hostile.js';
import type { Target } from './target.js';

const kind = fc.constantFrom<unknown>(
  ...['undefined', 'bigint', 'number', 'Date', 'set', 'map', 'Error', 'regexp', 'URL', '', '__proto__'],
  ...[['class', 'Date'], ['custom', 'x'], ['symbol', 'x'], ['typed-array', 'Int8Array'], null, 7],
);
const path = fc
  .array(
    fc.constantFrom(
      '0',
      '1',
      'a',
      '00',
      '-0',
      'cause',
      'name',
      'length',
      '__proto__',
      'constructor',
      '',
      '\\.',
      '\\\\',
    ),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((keys) => keys.join('.'));
const annotation = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(kind),
    fc.tuple(kind, fc.dictionary(path, tie('tree'), { maxKeys: 3 })),
    fc.array(kind, { maxLength: 3 }),
  ),
})).tree;
const carrier = fc.constantFrom<unknown>(
  '1',
  'NaN',
  '2020-01-01T00:00:00.000Z',
  [['1', null]],
  [
    ['0', [['a', '1']]],
    [[], {}],
  ],
  { a: [['NaN', null]], name: 'x', message: 'y', cause: { name: 'x', message: 'y' } },
  { 'a.b': '1', '': null, '0': ['1'] },
);
const annotated = fc.record({
  type: fc.constant('notify'),
  topic: fc.constant('t'),
  body: fc.record({
    json: fc.oneof(carrier, oddValue),
    meta: fc.record({
      values: fc.oneof(annotation, fc.dictionary(path, annotation, { maxKeys: 4 })),
      v: fc.constant(1),
    }),
  }),
});

const limits = { maxBytes: MAX_FRAME_BYTES };

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof ProtocolError)) throw thrown;
  if (!isCloseReason(thrown.reason)) throw new Error(`an unknown reason: ${thrown.reason}`);
  return thrown.reason;
}

function checkRead(read: Frame): void {
  checkPlain(read);
  let text: string;
  try {
    text = encode(read);
  } catch (thrown) {
    if (thrown instanceof InvalidArgumentError) return;
    throw thrown;
  }
  if (!isDeepStrictEqual(decode(text, limits), read)) throw new Error('it changed when it was sent on');
}

/** A frame or a ProtocolError, whatever comes; nothing but data; and what is valid arrives as it was sent. */
export const codec: Target = {
  name: 'codec',
  share: 43,
  run: (cases, measure) =>
    cases.each(
      fc.oneof(
        { weight: 3, arbitrary: asText(nearly(sent(frame))) },
        { weight: 2, arbitrary: asText(nearly(annotated)) },
        asText(oddValue),
        data.map((body) => encode({ type: 'reply', id: 1, body })),
      ),
      (text) => {
        let read: ReceivedFrame | undefined;
        try {
          read = measure(text, () => decode(text, limits), true);
        } catch (thrown) {
          reasonOf(thrown);
        }
        checkPrototypes();
        if (read !== undefined && read.type !== 'unknown') checkRead(read);
      },
    ),
};
