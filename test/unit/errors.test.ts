import { describe, expect, test } from 'vitest';
import * as errors from '../../src/errors.js';

describe('errors', () => {
  test('have stable codes, all different, that follow from their names', () => {
    const samples: errors.NoexError[] = [
      new errors.InvalidArgumentError('ms', 'a number', 'x'),
      new errors.ServerNotRunningError('p1'),
      new errors.InitializationError('p1', 'boom'),
      new errors.CallTimeoutError('p1', 5),
      new errors.MailboxFullError('p1', 5),
      new errors.AlreadyRegisteredError('n', 'p1'),
      new errors.NotRegisteredError('n'),
      new errors.InvalidChildSpecError('id', 'must be'),
      new errors.DuplicateChildError('p1', 'a'),
      new errors.ChildNotFoundError('p1', 'a'),
      new errors.UnknownOptionError('x', 'the options', ['a', 'b']),
      new errors.ChildStartError('p1', 'a', new Error('boom')),
      new errors.ChildRunningError('p1', 'a'),
      new errors.ChildRestartingError('p1', 'a'),
      new errors.CallingSelfError('p1', 'call'),
      new errors.MissingChildTemplateError(),
      new errors.InvalidSimpleOneForOneConfigError('children', 'none'),
      new errors.MaxRestartsExceededError('p1', 3, 5000),
      new errors.ObserverDisabledError(),
    ];
    expect(samples.map(({ code }) => code)).toEqual([
      'NOEX_INVALID_ARGUMENT',
      'NOEX_SERVER_NOT_RUNNING',
      'NOEX_INITIALIZATION',
      'NOEX_CALL_TIMEOUT',
      'NOEX_MAILBOX_FULL',
      'NOEX_ALREADY_REGISTERED',
      'NOEX_NOT_REGISTERED',
      'NOEX_INVALID_CHILD_SPEC',
      'NOEX_DUPLICATE_CHILD',
      'NOEX_CHILD_NOT_FOUND',
      'NOEX_UNKNOWN_OPTION',
      'NOEX_CHILD_START',
      'NOEX_CHILD_RUNNING',
      'NOEX_CHILD_RESTARTING',
      'NOEX_CALLING_SELF',
      'NOEX_MISSING_CHILD_TEMPLATE',
      'NOEX_INVALID_SIMPLE_ONE_FOR_ONE_CONFIG',
      'NOEX_MAX_RESTARTS_EXCEEDED',
      'NOEX_OBSERVER_DISABLED',
    ]);
    for (const error of samples) {
      const words = error.name.replace(/Error$/, '').match(/[A-Z][a-z]*/g) ?? [];
      expect(error.code).toBe(['NOEX', ...words].join('_').toUpperCase());
      expect(error).toBeInstanceOf(Error);
    }
  });

  test.each([
    ['a text', "thrown: 'a text'"],
    [undefined, 'thrown: undefined'],
    [null, 'thrown: null'],
    [7, 'thrown: 7'],
    [Symbol('s'), 'thrown: Symbol(s)'],
    [Object.create(null), 'thrown: an object'],
    [[1], 'thrown: an array'],
  ])('make an Error of whatever was thrown, which stays its cause', (thrown, message) => {
    const error = errors.asError(thrown);
    expect(error.message).toBe(message);
    expect(error.cause).toBe(thrown);
  });

  test('leave a thrown Error as it is', () => {
    const error = new TypeError('x');
    expect(errors.asError(error)).toBe(error);
  });

  test('do not repeat a very long text', () => {
    expect(errors.asError('x'.repeat(100_000)).message.length).toBeLessThan(200);
  });
});
