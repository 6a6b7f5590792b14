import { expectTypeOf, test } from 'vitest';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import type { GenServerRef, ProcessRef } from '../../src/process/process-refs.js';
import type { Replies } from '../../src/process/reply-types.js';
import { createRuntime } from '../../src/runtime/runtime.js';

const { GenServer, Registry, Supervisor } = createRuntime();

type Get = { readonly type: 'get'; readonly key: string };
type Call = Get | { readonly type: 'size' } | 'clear';
type State = ReadonlyMap<string, string>;
type StoreReplies = Replies<{ get: string | undefined; size: number; clear: boolean }>;
type Store = GenServerBehavior<State, Call, 'touch', StoreReplies>;
type StoreRef = GenServerRef<State, Call, 'touch', StoreReplies>;
declare const store: StoreRef;
declare const reader: GenServerRef<State, Get, 'touch', StoreReplies>;

test('a table of handlers is given each message with its own type', () => {
  const behavior: Store = {
    init: () => new Map(),
    handleCall: {
      get: ({ key }, state) => [state.get(key), state],
      size: async (message, state) => {
        expectTypeOf(message).toEqualTypeOf<{ readonly type: 'size' }>();
        return [state.size, state];
      },
      clear: (_message, _state, { from }) => {
        GenServer.reply(from, true);
        // @ts-expect-error the reply to this message is no text
        GenServer.reply(from, 'yes');
        return [true, new Map()];
      },
    },
    handleCast: (_message, state) => state,
  };
  expectTypeOf(GenServer.start(behavior)).resolves.toEqualTypeOf<StoreRef>();
});

test('a wrong reply, and a type without a handler, are refused', () => {
  const wrong: Store = {
    init: () => new Map(),
    handleCall: {
      // @ts-expect-error the reply is no number
      get: ({ key }, state) => [key.length, state],
      size: (_message, state) => [state.size, state],
      clear: (_message, state) => [true, state],
    },
  };
  const missing: Store = {
    init: () => new Map(),
    // @ts-expect-error no handler for size and clear
    handleCall: { get: ({ key }, state) => [state.get(key), state] },
  };
  expectTypeOf([wrong, missing]).toEqualTypeOf<Store[]>();
});

test('one function may handle all calls', () => {
  const behavior: Store = {
    init: () => new Map(),
    handleCall: (message, state) => (message === 'clear' ? [true, new Map()] : [state.size, state]),
  };
  expectTypeOf(GenServer.start(behavior)).resolves.toEqualTypeOf<StoreRef>();
});

test('each message has its own reply', () => {
  expectTypeOf(GenServer.call(store, { type: 'get', key: 'a' })).resolves.toEqualTypeOf<string | undefined>();
  expectTypeOf(GenServer.call(store, { type: 'size' }, { timeout: 5 })).resolves.toEqualTypeOf<number>();
  expectTypeOf(GenServer.call(store, 'clear')).resolves.toEqualTypeOf<boolean>();
  const any = 'clear' as Call;
  expectTypeOf(GenServer.call(store, any)).resolves.toEqualTypeOf<string | number | boolean | undefined>();
  // @ts-expect-error no such message
  void GenServer.call(store, { type: 'got', key: 'a' });
  // @ts-expect-error part of the message is missing
  void GenServer.call(store, { type: 'get' });
  // @ts-expect-error a field of another type
  void GenServer.call(store, { type: 'get', key: 5 });
  // @ts-expect-error a field that no message has
  void GenServer.call(store, { type: 'size', of: 'a' });
});

test('replies are typed within a handler as well', () => {
  void GenServer.start({
    init: () => 0,
    handleCast: async (_message: 'ask', count, { call }) => {
      expectTypeOf(call(store, { type: 'size' })).resolves.toEqualTypeOf<number>();
      return count;
    },
  });
});

test('a ref that knows fewer messages is none that knows more', () => {
  expectTypeOf(store).toExtend<typeof reader>();
  expectTypeOf(store).toExtend<GenServerRef>();
  // @ts-expect-error its server may know no size
  const widened: StoreRef = reader;
  // @ts-expect-error its server may know no other cast
  const more: GenServerRef<State, Get, 'touch' | 'drop', StoreReplies> = reader;
  // @ts-expect-error it is not known what it knows
  const typed: StoreRef = store as GenServerRef;
  expectTypeOf([widened, more, typed]).toExtend<ProcessRef[]>();
});

test('a typed name is a target like the ref', () => {
  const name = Registry.name<StoreRef>('store');
  expectTypeOf(GenServer.call(name, { type: 'size' })).resolves.toEqualTypeOf<number>();
  expectTypeOf(GenServer.cast(name, 'touch')).toEqualTypeOf<void>();
  expectTypeOf(Registry.lookup(name)).toEqualTypeOf<StoreRef>();
  expectTypeOf(Registry.whereis(name)).toEqualTypeOf<StoreRef | undefined>();
  // @ts-expect-error no such message
  void GenServer.call(name, { type: 'got' });
  // @ts-expect-error no such cast
  GenServer.cast(name, 'drop');
  // @ts-expect-error a name is no ref
  GenServer.isRunning(name);
});

test('a server without handleCall takes no calls', () => {
  const log = GenServer.start({ init: () => 0, handleCast: (line: string, lines) => lines + line.length });
  expectTypeOf(log).resolves.toEqualTypeOf<GenServerRef<number, never, string, never>>();
  void log.then((ref) => {
    expectTypeOf(ref).toExtend<GenServerRef>();
    GenServer.cast(ref, 'line');
    // @ts-expect-error it takes no calls
    void GenServer.call(ref, 'line');
  });
  const counter = GenServer.start({ init: () => 0, handleCall: (_message: 'next', n) => [n, n + 1] });
  expectTypeOf(counter).resolves.toEqualTypeOf<GenServerRef<number, 'next', unknown, number>>();
});

test('a supervisor with a template takes its arguments, and starts its kind of child', () => {
  const start = (path: string, size: number): Promise<StoreRef> => Promise.reject(new Error(`${path} ${size}`));
  const stores = Supervisor.start({ strategy: 'simple_one_for_one', childTemplate: { start } });
  void stores.then((ref) => {
    expectTypeOf(Supervisor.startChild(ref, ['a', 1])).resolves.toEqualTypeOf<StoreRef>();
    expectTypeOf(Supervisor.countChildren(ref)).toEqualTypeOf<number>();
    // @ts-expect-error an argument is missing
    void Supervisor.startChild(ref, ['a']);
    // @ts-expect-error an argument of another type
    void Supervisor.startChild(ref, [1, 'a']);
    // @ts-expect-error it takes no specs
    void Supervisor.startChild(ref, { id: 'a', start: () => start('a', 1) });
  });
  void Supervisor.start().then((ref) => {
    expectTypeOf(
      Supervisor.startChild(ref, { id: 'a', start: () => start('a', 1) }),
    ).resolves.toEqualTypeOf<StoreRef>();
    // @ts-expect-error it has no template
    void Supervisor.startChild(ref, ['a', 1]);
  });
});
