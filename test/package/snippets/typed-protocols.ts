import {
  GenServer,
  type GenServerBehavior,
  type GenServerRef,
  Registry,
  type Replies,
  Supervisor,
  type SupervisorRef,
} from 'noex';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(isSame: Equal<A, B>): boolean => isSame;

type Get = { readonly type: 'get'; readonly key: string };
type Call = Get | { readonly type: 'size' } | 'clear';
type State = ReadonlyMap<string, string>;
type StoreReplies = Replies<{ get: string | undefined; size: number; clear: boolean }>;
type StoreRef = GenServerRef<State, Call, 'touch', StoreReplies>;

const behavior: GenServerBehavior<State, Call, 'touch', StoreReplies> = {
  init: () => new Map(),
  handleCall: {
    get: ({ key }, state) => [state.get(key), state],
    size: async (_message, state) => [state.size, state],
    clear: (_message, _state, { from }) => {
      GenServer.reply(from, true);
      return [true, new Map()];
    },
  },
  handleCast: (_message, state) => state,
};
export const wrong: GenServerBehavior<State, Call, 'touch', StoreReplies> = {
  init: () => new Map(),
  handleCall: {
    // @ts-expect-error the reply is no number
    get: ({ key }, state) => [key.length, state],
    size: (_message, state) => [state.size, state],
    clear: (_message, state) => [true, state],
  },
};

const store = await GenServer.start(behavior, { name: 'store' });
same<typeof store, StoreRef>(true);
const value = await GenServer.call(store, { type: 'get', key: 'a' });
same<typeof value, string | undefined>(true);
const size = await GenServer.call(Registry.name<StoreRef>('store'), { type: 'size' });
same<typeof size, number>(true);
const cleared = await GenServer.call(store, 'clear');
same<typeof cleared, boolean>(true);
// @ts-expect-error no such message
void GenServer.call(store, { type: 'got', key: 'a' });
// @ts-expect-error a field that no message has
void GenServer.call(store, { type: 'size', of: 'a' });

declare const reader: GenServerRef<State, Get, 'touch', StoreReplies>;
export const untyped: GenServerRef = store;
export const narrower: typeof reader = store;
// @ts-expect-error its server may know no size
export const widened: StoreRef = reader;

const log = await GenServer.start({ init: () => 0, handleCast: (line: string, lines) => lines + line.length });
same<typeof log, GenServerRef<number, never, string, never>>(true);
// @ts-expect-error it takes no calls
void GenServer.call(log, 'line');

// As before there were typed replies.
const counter = await GenServer.start({
  init: () => 0,
  handleCall: (message: 'get', count) => [`${message} ${count}`, count],
  handleCast: (by: number, count) => count + by,
});
same<typeof counter, GenServerRef<number, 'get', number, string>>(true);

const stores = await Supervisor.start({
  strategy: 'simple_one_for_one',
  childTemplate: { start: (name: string) => GenServer.start(behavior, { name }) },
});
same<typeof stores, SupervisorRef<[name: string], StoreRef>>(true);
const child = await Supervisor.startChild(stores, ['a']);
same<typeof child, StoreRef>(true);
// @ts-expect-error an argument of another type
void Supervisor.startChild(stores, [1]);
