declare const types: unique symbol;

/**
 * Addresses one process of one runtime. Plain, frozen data: it can be stored and sent. Two refs are of the same process
 * when both `id` and `life` are equal.
 */
export interface ProcessRef {
  /** Short and readable: `p17`. Unique within the runtime only. */
  readonly id: string;
  /** The life of the runtime that started the process: random, made by `createRuntime`. */
  readonly life: string;
}

/**
 * Addresses a GenServer. The type parameters exist for the compiler only. A typed ref may be used as an untyped one, and as one
 * that knows fewer messages, but never as one that knows more.
 */
export interface GenServerRef<State = unknown, CallMsg = unknown, CastMsg = unknown, CallReply = unknown>
  extends ProcessRef {
  readonly [types]?: {
    state?(state: State): void;
    readonly call?: Accepts<CallMsg>;
    readonly cast?: Accepts<CastMsg>;
    readonly reply?: CallReply;
  };
}

/**
 * Addresses a supervisor. The type parameters exist for the compiler only: the arguments that its template takes, `never` where
 * it has none and takes child specs, and the refs of the children that the template starts.
 */
export interface SupervisorRef<Args = unknown, Child extends ProcessRef = ProcessRef> extends ProcessRef {
  readonly [types]?: {
    readonly kind: 'supervisor';
    readonly args?: Accepts<Args>;
    readonly child?: Child;
  };
}

/**
 * Addresses whatever process is registered under a name at the moment a message is sent. Made by `Registry.name` and
 * `GlobalRegistry.name`. The type parameter exists for the compiler only.
 */
export interface ProcessName<Ref extends ProcessRef = ProcessRef> {
  /** Where the name is looked up: `local` is the `Registry` of this runtime, `global` the `GlobalRegistry` of the cluster. */
  readonly registration: 'local' | 'global';
  readonly name: string;
  readonly [types]?: Ref;
}

/** What messages are sent to: a GenServer by its ref, or by its name. */
export type GenServerTarget<State = unknown, CallMsg = unknown, CastMsg = unknown, CallReply = unknown> =
  | GenServerRef<State, CallMsg, CastMsg, CallReply>
  | ProcessName<GenServerRef<State, CallMsg, CastMsg, CallReply>>;

type Acceptor<Message> = unknown extends Message
  ? { readonly accepts?: unknown }
  : { accepts: (message: Message) => void };

/**
 * A type that grows with the messages that are accepted: one that accepts more may be used as one that accepts fewer. One that
 * accepts `unknown` is untyped, and every other may be used as it. The mapped type makes the compiler compare what it contains
 * instead of its type parameter, for which `unknown` would be just the widest type.
 */
type Accepts<Message> = { readonly [Field in keyof Acceptor<Message>]?: Acceptor<Message>[Field] };
