import { expect, test } from 'vitest';
import { CallAbortedError, NotRegisteredError, UnhandledMessageError } from '../../../src/errors.js';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import { noReply } from '../../../src/process/handler-result.js';
import type { GenServerRef } from '../../../src/process/process-refs.js';
import type { Replies } from '../../../src/process/reply-types.js';
import { createRuntime } from '../../../src/runtime/runtime.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

type Call = { readonly type: 'get'; readonly key: string } | { readonly type: 'later' } | 'clear';
type Store = GenServerBehavior<
  ReadonlyMap<string, string>,
  Call,
  never,
  Replies<{ get: string | undefined; later: number; clear: boolean }>
>;

const store: Store = {
  init: () => new Map([['a', '1']]),
  handleCall: {
    get: ({ key }, state) => [state.get(key), state],
    later: (_message, state) => noReply(state),
    clear: (_message, _state) => [true, new Map()],
  },
};

test('a call is handled by the handler of its type', async () => {
  const { GenServer } = createTestRuntime();
  const ref = await GenServer.start(store);
  expect(await GenServer.call(ref, { type: 'get', key: 'a' })).toBe('1');
  expect(await GenServer.call(ref, 'clear')).toBe(true);
  expect(await GenServer.call(ref, { type: 'get', key: 'a' })).toBeUndefined();
});

test.each([
  [{ type: 'size' }, 'size'],
  [{ type: 'toString' }, 'toString'],
  [{ type: '__proto__' }, '__proto__'],
  ['constructor', 'constructor'],
  [5, 'number'],
  ['x'.repeat(100), 'x'.repeat(60)],
])('a call without a handler is rejected, and the process goes on: %j', async (message, messageType) => {
  const { GenServer } = createTestRuntime();
  const ref = await GenServer.start(store, { name: 'store' });
  const error: UnhandledMessageError = await GenServer.call(ref as GenServerRef, message).then(
    () => expect.fail('the call was answered'),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(UnhandledMessageError);
  expect(error).toMatchObject({ code: 'NOEX_UNHANDLED_MESSAGE', processId: ref.id, kind: 'call', messageType });
  expect(error.message).toContain(`process ${ref.id} ('store')`);
  expect(await GenServer.call(ref, { type: 'get', key: 'a' })).toBe('1');
});

test('a server without handleCall rejects calls, one without handleCast reports casts', async () => {
  const errors: unknown[] = [];
  const { GenServer } = createRuntime({ observer: false, onError: (error) => errors.push(error) });
  const casts: string[] = [];
  const log = await GenServer.start({
    init: () => 0,
    handleCast: (line: string, count: number) => {
      casts.push(line);
      return count + 1;
    },
  });
  GenServer.cast(log, 'a');
  await expect(GenServer.call(log as GenServerRef, 'read')).rejects.toBeInstanceOf(UnhandledMessageError);
  GenServer.cast(log, 'b');
  const ref: GenServerRef = await GenServer.start(store);
  GenServer.cast(ref, { type: 'touch' });
  expect(await GenServer.call(ref, { type: 'get', key: 'a' })).toBe('1');
  expect(casts).toEqual(['a', 'b']);
  expect(errors).toMatchObject([{ code: 'NOEX_UNHANDLED_MESSAGE', kind: 'cast', messageType: 'touch' }]);
});

test('a name is a target: each message goes to the process that has it then', async () => {
  const { GenServer, Registry } = createTestRuntime();
  const name = Registry.name<GenServerRef<number, 'get', number, number>>('counter');
  expect(name).toEqual({ registration: 'local', name: 'counter' });
  expect(Object.isFrozen(name)).toBe(true);
  await expect(GenServer.call(name, 'get')).rejects.toBeInstanceOf(NotRegisteredError);
  expect(() => GenServer.cast(name, 1)).toThrow(NotRegisteredError);
  expect(() => GenServer.info(name, 1)).toThrow(NotRegisteredError);
  const counter = (first: number): GenServerBehavior<number, 'get', number, number> => ({
    init: () => first,
    handleCall: (_message, n) => [n, n],
    handleCast: (by, n) => n + by,
    handleInfo: (_info, n) => n * 10,
  });
  const first = await GenServer.start(counter(1), { name: 'counter' });
  GenServer.cast(name, 1);
  GenServer.info(name, 'info');
  expect(await GenServer.call(name, 'get')).toBe(20);
  expect(Registry.lookup(name)).toBe(first);
  await GenServer.stop(first);
  expect(Registry.whereis(name)).toBeUndefined();
  await GenServer.start(counter(100), { name: 'counter' });
  expect(await GenServer.call(name, 'get')).toBe(100);
});

test('a handler calls by name, and a call by name can be aborted', async () => {
  const { GenServer, Registry } = createTestRuntime();
  const name = Registry.name<GenServerRef<unknown, Call>>('store');
  await GenServer.start(store, { name: 'store' });
  const asker = await GenServer.start({
    init: () => 0,
    handleCall: async (_message: 'ask', n: number, { call }) => [await call(name, 'clear'), n] as const,
  });
  expect(await GenServer.call(asker, 'ask')).toBe(true);
  const controller = new AbortController();
  const later = GenServer.call(name, { type: 'later' }, { signal: controller.signal });
  controller.abort();
  await expect(later).rejects.toBeInstanceOf(CallAbortedError);
});

test.each([[''], [5], [undefined]])('Registry.name refuses %j', (text) => {
  const { Registry } = createTestRuntime();
  expect(() => Registry.name(text as string)).toThrow(/^name must be a string that is not empty/);
});

test('what only looks like a name is refused as a target', () => {
  const { GenServer } = createTestRuntime();
  for (const target of [{ name: 'a' }, { registration: 'world', name: 'a' }, { registration: 'local', name: 5 }]) {
    expect(() => GenServer.cast(target as never, 1)).toThrow(/^ref must be the ref of a process/);
  }
});
