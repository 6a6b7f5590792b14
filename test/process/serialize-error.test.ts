import { runInNewContext } from 'node:vm';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { messageType } from '../../src/process/message-type.js';
import { serializeError, serializeExitReason } from '../../src/process/serialize-error.js';
import type { SerializedError } from '../../streams/events.js';

describe('facts of errors', () => {
  test('are plain data: name, message, stack, and the code where there is one', () => {
    const error = Object.assign(new TypeError('wrong'), { code: 'E_WRONG', secret: { deep: true } });
    const fact = serializeError(error);
    expect(fact).toEqual({ name: 'TypeError', message: 'wrong', stack: error.stack, code: 'E_WRONG' });
    expect(structuredClone(fact)).toEqual(fact);
  });

  test('leave out a stack that is no text, and a code that is neither text nor number', () => {
    const error = Object.assign(new Error('x'), { code: { deep: true }, stack: undefined });
    expect(serializeError(error)).toEqual({ name: 'Error', message: 'x' });
  });

  test('keep the code of an error of the system, and that of a database', () => {
    expect(serializeError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })).code).toBe('ECONNREFUSED');
    expect(serializeError(Object.assign(new Error('x'), { code: 11000 })).code).toBe(11000);
  });

  test('stay plain data when the error is not', () => {
    const error = Object.defineProperty(new Error('x'), 'message', { value: () => 'a function' });
    expect(typeof serializeError(error).message).toBe('string');
  });

  test('are made even of an error that throws when it is read', () => {
    const error = new TypeError('x');
    for (const property of ['stack', 'message', 'code', 'cause', 'errors']) {
      Object.defineProperty(error, property, {
        get() {
          throw new Error('no');
        },
      });
    }
    expect(serializeError(error)).toEqual({ name: 'TypeError', message: 'an error that throws when it is read' });
  });

  test('keep the causes, with their codes', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
    const fact = serializeError(new Error('cannot load', { cause: new TypeError('no pool', { cause: refused }) }));
    expect(fact).toMatchObject({
      message: 'cannot load',
      cause: {
        name: 'TypeError',
        message: 'no pool',
        cause: { name: 'Error', message: 'connect ECONNREFUSED 127.0.0.1:5432', code: 'ECONNREFUSED' },
      },
    });
    expect(structuredClone(fact)).toEqual(fact);
  });

  test('keep the errors of an AggregateError, up to ten', () => {
    const errors = Array.from({ length: 15 }, (_, at) => new Error(`attempt ${at}`));
    const fact = serializeError(new AggregateError(errors, 'all failed'));
    expect(fact.errors?.map(({ message }) => message)).toEqual(errors.slice(0, 10).map(({ message }) => message));
  });

  test('show a cause that is not an error as text', () => {
    expect(serializeError(new Error('x', { cause: { status: 503 } })).cause).toEqual({
      name: 'Value',
      message: '{ status: 503 }',
    });
    expect(serializeError(new Error('x', { cause: 'a text' })).cause?.message).toBe("'a text'");
  });

  test('show what was thrown in place of an error once', () => {
    expect(serializeError({ status: 503 })).toEqual({
      name: 'ThrownValueError',
      message: 'thrown: { status: 503 }',
      stack: 'ThrownValueError: thrown: { status: 503 }',
      code: 'NOEX_THROWN_VALUE',
    });
  });

  test('end where causes go round in a circle', () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    expect(messages(serializeError(first))).toEqual(['first', 'second']);
  });

  test('end five causes down', () => {
    let error = new Error('0');
    for (let depth = 1; depth <= 20; depth += 1) error = new Error(String(depth), { cause: error });
    expect(messages(serializeError(error))).toEqual(['20', '19', '18', '17', '16', '15']);
  });

  test('are of bounded size, however many errors are within one another', () => {
    const wide = (depth: number): Error =>
      depth === 0
        ? new Error('x')
        : new AggregateError(
            Array.from({ length: 8 }, () => wide(depth - 1)),
            'x',
          );
    expect(count(serializeError(wide(4)))).toBe(30);
  });

  test.each([
    'new TypeError("wrong")',
    'Object.assign(new Error("wrong", { cause: new Error("why") }), { code: "E" })',
  ])('are those of an error of another realm: %s', (code) => {
    const error = runInNewContext(code);
    expect(error).not.toBeInstanceOf(Error);
    const { name, message, stack, code: ownCode, cause } = error;
    expect(serializeError(error)).toMatchObject({
      name,
      message,
      stack,
      ...(ownCode && { code: ownCode }),
      ...(cause && { cause: { name: cause.name, message: cause.message } }),
    });
  });

  property.prop([fc.anything({ withNullPrototype: true, withBigInt: true, withSymbols: true } as object)])(
    'are plain data of whatever was thrown',
    (thrown) => {
      const fact = serializeError(thrown);
      expect(structuredClone(fact)).toEqual(fact);
      expect(JSON.stringify(fact).length).toBeLessThan(10_000);
    },
  );

  test('are the reason of an exit by crash; other reasons are words', () => {
    expect(serializeExitReason('shutdown')).toBe('shutdown');
    expect(serializeExitReason({ error: new Error('x') })).toMatchObject({ error: { name: 'Error', message: 'x' } });
  });
});

function messages(fact: SerializedError | undefined): readonly string[] {
  return fact === undefined ? [] : [fact.message, ...messages(fact.cause)];
}

function count({ cause, errors = [] }: SerializedError): number {
  return [...errors, ...(cause === undefined ? [] : [cause])].reduce((sum, one) => sum + count(one), 1);
}

describe('the type of a message', () => {
  class Order {}
  test.each([
    [{ type: 'inc', by: 5 }, 'inc'],
    [{ type: 5 }, 'Object'],
    [new Order(), 'Order'],
    [[1, 2], 'Array'],
    ['a secret', 'string'],
    [5, 'number'],
    [undefined, 'undefined'],
    [null, 'null'],
    [() => 1, 'function'],
    [Object.create(null), 'Object'],
    [{ constructor: { name: 5 } }, 'Object'],
  ])('is its type, its class or its primitive type, never its content', (message, expected) => {
    expect(messageType(message)).toBe(expected);
  });

  test('is found even where reading it throws', () => {
    const message = {
      get type(): string {
        throw new Error('no');
      },
    };
    expect(messageType(message)).toBe('object');
  });
});
