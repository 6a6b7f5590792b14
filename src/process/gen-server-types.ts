import type { GenServerRef, GenServerTarget, ProcessRef } from './refs.js';
import type { AnyReply, MessageOfType, MessageType, Replies, ReplyTo } from './reply-types.js';

declare const types: unique symbol;
/** Set apart from states. */
declare const result: unique symbol;

/**
 * Why a process ended. `normal`: it was asked to, or finished. `shutdown`: its supervisor, or the runtime, is stopping.
 * `killed`: by `kill`, or because it did not stop in time. `{ error }`: it crashed.
 */
export type TerminationReason = 'normal' | 'shutdown' | 'killed' | { readonly error: Error };

/**
 * Why a process is down, for those who monitor it. `noproc`: it had ended before. `noconnection`: its node was lost; it may
 * still run there.
 */
export type DownReason = TerminationReason | 'noproc' | 'noconnection';

/** One monitor, made by `GenServer.monitor`. */
export interface Monitor {
  /** Unique within the runtime. */
  readonly id: string;
}

/** The info message that a process gets, once for each of its monitors, when the target is down. */
export interface ProcessDown {
  readonly type: 'process_down';
  readonly monitor: Monitor;
  readonly ref: ProcessRef;
  readonly reason: DownReason;
}

/** One link between two processes, made by `GenServer.link`. */
export interface Link {
  /** Unique within the runtime. */
  readonly id: string;
}

/** The info message that a process with `trapExit` gets when one that it is linked with has ended. */
export interface ProcessExit {
  readonly type: 'exit';
  readonly link: Link;
  readonly ref: ProcessRef;
  readonly reason: DownReason;
}

/** The caller that waits for the reply of a call, for `GenServer.reply`. It is valid in the runtime in which the call is handled. */
export interface CallFrom<CallReply = unknown> {
  // A method, so that a typed one goes wherever any does. For the compiler only.
  [types](reply: CallReply): void;
}

export interface CallOptions {
  /** How long to wait for the reply, ms. Default 5000; Infinity: for ever. */
  readonly timeout?: number | undefined;
  /** When it is aborted, the call rejects with CallAbortedError. A message that was sent is handled nevertheless. */
  readonly signal?: AbortSignal | undefined;
}

/** The fields of any of the messages. */
type FieldOf<Message> = Message extends unknown ? keyof Message : never;

/** The signature of `GenServer.call`. */
export interface Call {
  /** To a server whose replies are typed by `Replies<...>`. A message with a field that is in none of its messages is refused. */
  <State, CallMsg, CastMsg, ByType extends object, const Message extends NoInfer<CallMsg>>(
    target: GenServerTarget<State, CallMsg, CastMsg, Replies<ByType>>,
    message: Message & { readonly [Field in Exclude<keyof Message, FieldOf<CallMsg>>]: never },
    options?: CallOptions,
  ): Promise<ReplyTo<Replies<ByType>, Message>>;
  <State, CallMsg, CastMsg, CallReply>(
    target: GenServerTarget<State, CallMsg, CastMsg, CallReply>,
    message: NoInfer<CallMsg>,
    options?: CallOptions,
  ): Promise<ReplyTo<CallReply, CallMsg>>;
}

/** A message that `sendAfter` will send, or that `sendInterval` sends again and again. */
export interface ScheduledSend {
  readonly processId: string;
}

/** What the handlers of a process are given beside the message and the state. */
export interface HandlerContext<State = unknown, CallMsg = unknown, CastMsg = unknown, CallReply = unknown> {
  /** Addresses this very process. */
  readonly self: GenServerRef<State, CallMsg, CastMsg, CallReply>;
  /** The caller, in `handleCall`; `undefined` in other handlers. Read it before anything is awaited that outlasts the handler. */
  readonly from: CallFrom<ReplyTo<CallReply, CallMsg>> | undefined;
  /**
   * Aborted when the process ends: at once when it is killed, also while a handler or `init` is still waiting for
   * something. Pass it on to what a handler awaits, so that the handler of a killed process does not go on beside its
   * successor. `signal.reason` is a ServerNotRunningError.
   *
   * @example
   * handleCall: async (url, state, { signal }) => [await (await fetch(url, { signal })).text(), state],
   */
  readonly signal: AbortSignal;
  /** `GenServer.call`, as this process, also after something was awaited. */
  readonly call: Call;
  /** `GenServer.cast`, as this process. */
  cast<OtherState, OtherCall, OtherCast, OtherReply>(
    target: GenServerTarget<OtherState, OtherCall, OtherCast, OtherReply>,
    message: NoInfer<OtherCast>,
  ): void;
  /** `GenServer.monitor` with this process as the watcher. */
  monitor(target: ProcessRef): Monitor;
  /** `GenServer.link` with this process. */
  link(other: ProcessRef): Link;
  /** `GenServer.sendAfter` to this process. */
  sendAfter(message: NoInfer<CastMsg>, ms: number): ScheduledSend;
  /** `GenServer.sendInterval` to this process. */
  sendInterval(message: NoInfer<CastMsg>, ms: number): ScheduledSend;
  /** `GenServer.cancelTimer`. */
  cancelTimer(timer: ScheduledSend): boolean;
}

/** The context of `handleCall`; `Reply` is what the call that is handled is answered with. */
export interface CallContext<
  State = unknown,
  CallMsg = unknown,
  CastMsg = unknown,
  CallReply = unknown,
  Reply = ReplyTo<CallReply, CallMsg>,
> extends Omit<HandlerContext<State, CallMsg, CastMsg, CallReply>, 'from'> {
  /** The caller, for `GenServer.reply`. Read it before anything is awaited that outlasts the handler. */
  readonly from: CallFrom<Reply>;
}

/** What `stop(reason, state)` returns, for a handler to return in the place of the next state. */
export interface HandlerStop<State> {
  readonly [result]: 'stop';
  readonly reason: TerminationReason;
  readonly state: State;
}

/** What `noReply(state)` returns, for `handleCall` to return. */
export interface HandlerNoReply<State> {
  readonly [result]: 'noReply';
  readonly next: Next<State>;
}

/** What `continueWith(payload, result)` returns, for a handler to return in the place of its result. */
export interface HandlerContinue<Result> {
  readonly [result]: 'continue';
  readonly payload: unknown;
  readonly result: Result;
}

/** The next state, or the end of the process: see `stop`. */
export type Next<State> = State | HandlerStop<State>;

/** What a handler other than `handleCall` returns. */
export type CastResult<State> = Next<State> | HandlerContinue<State>;

/** What `handleCall` returns without a continuation. After `stop` alone the caller is rejected with ServerNotRunningError. */
type Answer<State, CallReply> =
  | readonly [CallReply | PromiseLike<CallReply>, Next<State>]
  | HandlerNoReply<State>
  | HandlerStop<State>;

/** What `init` returns: the first state. */
export type InitResult<State> = State | HandlerContinue<State>;

/** What `handleCall` returns. */
export type CallResult<State, CallReply> = Answer<State, CallReply> | HandlerContinue<Answer<State, CallReply>>;

/** Handles a call with one message, or one of several. A method, so that a behavior of any messages may be used as an untyped one. */
type CallHandler<State, Message, Reply, Context> = {
  handle(message: Message, state: State, ctx: Context): CallResult<State, Reply> | Promise<CallResult<State, Reply>>;
}['handle'];

/**
 * A table of handlers, one for each type of message.
 *
 * @example
 * handleCall: {
 *   get: ({ sku }, cart) => [cart.get(sku), cart],
 *   size: (_message, cart) => [cart.size, cart],
 * },
 */
export type CallHandlers<State, CallMsg, CastMsg, CallReply> = {
  readonly [Type in MessageType<CallMsg>]: CallHandler<
    State,
    MessageOfType<CallMsg, Type>,
    ReplyTo<CallReply, MessageOfType<CallMsg, Type>>,
    CallContext<State, CallMsg, CastMsg, CallReply, ReplyTo<CallReply, MessageOfType<CallMsg, Type>>>
  >;
};

/** One handler for all calls, or a table of handlers. */
export type HandleCall<State, CallMsg, CastMsg, CallReply> =
  | CallHandler<State, CallMsg, CallReply, CallContext<State, CallMsg, CastMsg, CallReply>>
  | CallHandler<State, CallMsg, AnyReply<CallReply>, CallContext<State, CallMsg, CastMsg, CallReply>>
  | CallHandlers<State, CallMsg, CastMsg, CallReply>;

/** What a GenServer does, apart from calls. */
export interface BehaviorWithoutCalls<
  State,
  CallMsg = unknown,
  CastMsg = unknown,
  CallReply = unknown,
  Info = unknown,
> {
  /**
   * Makes the first state. `self` addresses this very process, to give away or to send to. A state that arrives after
   * the process has ended, by `initTimeout` or `kill`, is passed to `terminate`.
   */
  init(
    self: GenServerRef<State, CallMsg, CastMsg, CallReply>,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): InitResult<State> | Promise<InitResult<State>>;
  /**
   * Returns the next state. Returning nothing where there was a state before is an error. Without this handler, casts are
   * counted, dropped and reported to `onError` as UnhandledMessageError.
   */
  handleCast?(
    message: CastMsg,
    state: State,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): CastResult<State> | Promise<CastResult<State>>;
  /** Returns the next state. Without this handler, infos are counted and dropped. */
  handleInfo?(
    info: Info,
    state: State,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): CastResult<State> | Promise<CastResult<State>>;
  /** Handles what `continueWith` was given, before any message that waits. Returns the next state. */
  handleContinue?(
    payload: unknown,
    state: State,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): CastResult<State> | Promise<CastResult<State>>;
  /** Cleans up. Runs after a stop and after a crash, but not when the process is killed. */
  terminate?(
    reason: TerminationReason,
    state: State,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): void | Promise<void>;
}

/**
 * What a GenServer does. Messages are handled one at a time, in the order sent; a handler may be async, and the next
 * message waits for it. A handler that throws ends the process with that error.
 */
export interface GenServerBehavior<State, CallMsg = unknown, CastMsg = unknown, CallReply = unknown, Info = unknown>
  extends BehaviorWithoutCalls<State, CallMsg, CastMsg, CallReply, Info> {
  /**
   * A function for all calls, or a table with a function for each type of message. Returns the reply and the next state. A reply
   * may be a promise: the caller waits for it, within its time-out, while the process goes on with the next message. A call
   * without a handler is rejected with UnhandledMessageError, and the process goes on.
   */
  readonly handleCall?: HandleCall<State, CallMsg, CastMsg, CallReply> | undefined;
}

export type AnyBehavior = GenServerBehavior<unknown, unknown, unknown, unknown, unknown>;
