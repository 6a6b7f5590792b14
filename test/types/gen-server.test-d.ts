import { expectTypeOf, test } from 'vitest';
import type { LifecycleEvent } from '../../src/process/gen-server.js';
import type { GenServerBehavior, ScheduledSend } from '../../src/process/gen-server-types.js';
import type { GenServerRef, ProcessRef } from '../../src/process/process-refs.js';
import { createRuntime } from '../../src/runtime/runtime.js';

type Call = { readonly type: 'get' } | { readonly type: 'set'; readonly to: number };
type Cast = 'inc' | 'dec';
declare const behavior: GenServerBehavior<number, Call, Cast, string>;
declare const ref: GenServerRef<number, Call, Cast, string>;
declare const anyRef: GenServerRef;
const { GenServer, Registry, Supervisor } = createRuntime();

test('start gives a ref that knows the messages of its behavior', () => {
  expectTypeOf(GenServer.start(behavior)).resolves.toEqualTypeOf<GenServerRef<number, Call, Cast, string>>();
});

test('a behavior written in place gives its types to the ref', () => {
  const inPlace = GenServer.start({
    init: () => 0,
    handleCall: (message: 'get', count) => [`${message} ${count}`, count],
    handleCast: (by: number, count) => count + by,
  });
  expectTypeOf(inPlace).resolves.toEqualTypeOf<GenServerRef<number, 'get', number, string>>();
});

test('call takes a message of the server, and gives its reply', () => {
  expectTypeOf(GenServer.call(ref, { type: 'get' })).resolves.toEqualTypeOf<string>();
  expectTypeOf(GenServer.call(ref, { type: 'set', to: 5 }, { timeout: 5 })).resolves.toEqualTypeOf<string>();
  // @ts-expect-error no such message
  void GenServer.call(ref, { type: 'got' });
  // @ts-expect-error part of the message is missing
  void GenServer.call(ref, { type: 'set' });
  // @ts-expect-error a cast is no call
  void GenServer.call(ref, 'inc');
});

test('cast and sendAfter take a message of the server', () => {
  expectTypeOf(GenServer.cast(ref, 'inc')).toEqualTypeOf<void>();
  expectTypeOf(GenServer.sendAfter(ref, 'dec', 5)).toEqualTypeOf<ScheduledSend>();
  // @ts-expect-error no such message, though a text as well
  GenServer.cast(ref, 'double');
  // @ts-expect-error no such message, though a text as well
  GenServer.sendAfter(ref, 'double', 5);
  // @ts-expect-error a call is no cast
  GenServer.cast(ref, { type: 'get' });
});

test('an untyped ref takes any message, and gives an unknown reply', () => {
  GenServer.cast(anyRef, { anything: true });
  expectTypeOf(GenServer.call(anyRef, 5)).resolves.toEqualTypeOf<unknown>();
});

test('a typed ref goes wherever any ref does', () => {
  expectTypeOf(ref).toExtend<GenServerRef>();
  expectTypeOf(ref).toExtend<ProcessRef>();
  const refs: GenServerRef[] = [ref];
  Registry.register('name', ref);
  void GenServer.stop(refs[0] ?? ref);
  GenServer.isRunning(ref);
});

test('plain data with an id and a life is a ref, an id alone is not', () => {
  void GenServer.call({ id: 'p1', life: 'x' }, 'anything');
  // @ts-expect-error: the life is missing
  void GenServer.call({ id: 'p1' }, 'anything');
});

test('init is handed the typed ref of its own server', () => {
  expectTypeOf(behavior.init).parameter(0).toEqualTypeOf<GenServerRef<number, Call, Cast, string>>();
});

test('handlers must fit their state and reply', () => {
  void GenServer.start<number, 'get', never, string>({
    init: () => 0,
    // @ts-expect-error the reply is no text
    handleCall: (_message, count) => [count, count],
    handleCast: (_message, count) => count,
  });
  void GenServer.start<number, 'get', 'inc', number>({
    init: () => 0,
    handleCall: (_message, count) => [count, count],
    // @ts-expect-error the state is no text
    handleCast: () => 'state',
  });
});

test('a lookup is of whatever kind the caller says', () => {
  expectTypeOf(Registry.lookup<typeof ref>('name')).toEqualTypeOf<typeof ref>();
  expectTypeOf(Registry.whereis('name')).toEqualTypeOf<ProcessRef | undefined>();
});

test('lifecycle events are distinguished by their type', () => {
  GenServer.onLifecycleEvent((event) => {
    expectTypeOf(event).toEqualTypeOf<LifecycleEvent<GenServerRef>>();
    if (event.type === 'restarted') expectTypeOf(event.oldRef).toEqualTypeOf<GenServerRef>();
    // @ts-expect-error a start has no error
    if (event.type === 'started') void event.error;
  });
});

test('one list holds the lifecycle events of both kinds', () => {
  const events: LifecycleEvent[] = [];
  GenServer.onLifecycleEvent((event) => events.push(event));
  Supervisor.onLifecycleEvent((event) => events.push(event));
  Supervisor.onLifecycleEvent((event) => {
    expectTypeOf(event.ref).toEqualTypeOf<ProcessRef>();
  });
});
