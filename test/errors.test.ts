import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import * as errors from '../src/errors.js';

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
      new errors.ThrownValueError(1),
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
      'NOEX_THROWN_VALUE',
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
    [Object.create(null), 'thrown: [Object: null prototype] {}'],
    [[1], 'thrown: [ 1 ]'],
    [{ status: 503, body: { retry: true } }, 'thrown: { status: 503, body: { retry: true } }'],
  ])('make an Error of any value that was thrown, which stays its cause', (thrown, message) => {
    const error = errors.asError(thrown);
    expect(error.message).toBe(message);
    expect(error.cause).toBe(thrown);
  });

  test('leave a thrown Error as it is', () => {
    const error = new TypeError('x');
    expect(errors.asError(error)).toBe(error);
  });

  test('do not repeat a very long text, nor a very large object', () => {
    expect(errors.asError('x'.repeat(100_000)).message.length).toBeLessThan(200);
    const large = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`field${at}`, at]));
    expect(errors.asError(large).message.length).toBeLessThan(1100);
  });

  test('run no code of a thrown object', () => {
    const ran: string[] = [];
    const thrown = {
      get secret(): string {
        ran.push('getter');
        return 'x';
      },
      [inspect.custom]: () => ran.push('custom'),
    };
    expect(errors.asError(thrown).message).toMatch(/^thrown: \{ secret: \[Getter\]/);
    expect(ran).toEqual([]);
  });

  test('take errors of another realm, and what has the shape of one, for errors', () => {
    const foreign = runInNewContext('new RangeError("x")');
    const lookalike = { name: 'GraphQLError', message: 'x', stack: 'GraphQLError: x' };
    const inherits = Object.create(Error.prototype);
    for (const error of [foreign, lookalike, inherits, new DOMException('x')]) {
      expect(errors.isError(error)).toBe(true);
      expect(errors.asError(error)).toBe(error);
    }
  });

  test('take nothing else for an error, and survive what throws when it is read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const hostile = {
      get [Symbol.toStringTag](): string {
        throw new Error('no');
      },
    };
    for (const value of [proxy, hostile, { message: 'x' }, 'x', null, undefined, () => 1]) {
      expect(errors.isError(value)).toBe(false);
      expect(errors.asError(value)).toBeInstanceOf(errors.ThrownValueError);
      expect(typeof errors.messageOf(value)).toBe('string');
      expect(() => errors.codeOf(value)).not.toThrow();
    }
  });

  test('name the process beside its id where its registered name is known', () => {
    const named = { registeredName: 'billing' };
    const texts = [
      new errors.ServerNotRunningError('p6', named),
      new errors.InitializationError('p6', 'boom', named),
      new errors.CallTimeoutError('p6', 5, named),
      new errors.MailboxFullError('p6', 5, named),
      new errors.DuplicateChildError('p6', 'a', named),
      new errors.ChildNotFoundError('p6', 'a', named),
      new errors.MaxRestartsExceededError('p6', 3, 5000, named),
    ].map(({ message }) => message);
    for (const text of texts) expect(text).toMatch(/(process|supervisor) p6 \('billing'\)/);
    expect(new errors.ServerNotRunningError('p6').message).toMatch(/^process p6 is/);
  });

  test('have a cause only where there is one', () => {
    expect('cause' in new errors.ServerNotRunningError('p6', { registeredName: 'billing' })).toBe(false);
    const cause = new Error('why');
    expect(new errors.InitializationError('p6', 'boom', { cause, registeredName: 'billing' }).cause).toBe(cause);
  });
});
