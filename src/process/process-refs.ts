declare const types: unique symbol;

/**
 * The address of one process of one runtime. It is plain, frozen data that can be stored and sent. Two refs denote the
 * same process when both `id` and `life` are equal.
 */
export interface ProcessRef {
  /** Short and readable, such as `p17`. Unique within one runtime only. */
  readonly id: string;
  /** The life of the runtime that started the process: a random text made by `createRuntime`. */
  readonly life: string;
}

/**
 * The address of a GenServer. The type parameters exist for the compiler only. A typed ref may be used as an untyped
 * one, or as one that accepts fewer messages, but never as one that accepts more.
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
 * The address of a supervisor. The type parameters exist for the compiler only. `Args` are the arguments of its child
 * template, or `never` if it takes child specs. `Child` is the ref type of the children that the template starts.
 */
export interface SupervisorRef<Args = unknown, Child extends ProcessRef = ProcessRef> extends ProcessRef {
  readonly [types]?: {
    readonly kind: 'supervisor';
    readonly args?: Accepts<Args>;
    readonly child?: Child;
  };
}

/**
 * A name used as an address: each message goes to the process that has the name when the message is sent. Created by
 * `Registry.name` or `GlobalRegistry.name`. The type parameter exists for the compiler only.
 */
export interface ProcessName<Ref extends ProcessRef = ProcessRef> {
  /**
   * Where the name is looked up. `local`: in the `Registry` of this runtime. `global`: in the `GlobalRegistry` of the
   * cluster.
   */
  readonly registration: 'local' | 'global';
  readonly name: string;
  readonly [types]?: Ref;
}

/** A target of messages: the ref or the name of a GenServer. */
export type GenServerTarget<State = unknown, CallMsg = unknown, CastMsg = unknown, CallReply = unknown> =
  | GenServerRef<State, CallMsg, CastMsg, CallReply>
  | ProcessName<GenServerRef<State, CallMsg, CastMsg, CallReply>>;

type Acceptor<Message> = unknown extends Message
  ? { readonly accepts?: unknown }
  : { accepts: (message: Message) => void };

/**
 * Makes a type assignable to one that accepts fewer messages, and never to one that accepts more. `unknown` stands for
 * an untyped ref, to which every other type is assignable. The mapped type makes the compiler compare the structure
 * instead of the type parameter: compared by parameter, `unknown` would only be the widest message type.
 */
type Accepts<Message> = { readonly [Field in keyof Acceptor<Message>]?: Acceptor<Message>[Field] };

/** Whether a target of messages is a ref, and not a name. */
export function isRef(target: ProcessRef | ProcessName): target is ProcessRef {
  return typeof (target as Partial<ProcessRef> | undefined)?.id === 'string';
}
