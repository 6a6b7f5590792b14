import { describe, expect, test } from 'vitest';
import { errorFact, exitFact, messageType } from '../../../src/process/facts.js';

describe('facts of errors', () => {
  test('are plain data: name, message, stack, and the code where there is one', () => {
    const error = Object.assign(new TypeError('wrong'), { code: 'E_WRONG', secret: { deep: true } });
    const fact = errorFact(error);
    expect(fact).toEqual({ name: 'TypeError', message: 'wrong', stack: error.stack, code: 'E_WRONG' });
    expect(structuredClone(fact)).toEqual(fact);
  });

  test('leave out a stack and a code that are not texts', () => {
    const error = Object.assign(new Error('x'), { code: 5, stack: undefined });
    expect(errorFact(error)).toEqual({ name: 'Error', message: 'x' });
  });

  test('stay plain data when the error is not', () => {
    const error = Object.defineProperty(new Error('x'), 'message', { value: () => 'a function' });
    expect(typeof errorFact(error).message).toBe('string');
  });

  test('are made even of an error that throws when it is read', () => {
    const error = Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error('no');
      },
    });
    expect(errorFact(error).message).toMatch(/throws when it is read/);
  });

  test('are the reason of an exit by crash; other reasons are words', () => {
    expect(exitFact('shutdown')).toBe('shutdown');
    expect(exitFact({ error: new Error('x') })).toMatchObject({ error: { name: 'Error', message: 'x' } });
  });
});

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
