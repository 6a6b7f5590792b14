import type { GenServerRef, GenServerTarget, ProcessRef } from './process-refs.js';
import type { AnyReply, MessageOfType, MessageType, Replies, ReplyTo } from './reply-types.js';

declare const types: unique symbol;
/** Marks handler results, so that the compiler distinguishes them from states. */
declare const result: unique symbol;

/**
 * Why a process ended. `normal`: it was asked to stop, or finished. `shutdown`: its supervisor or the runtime stopped
 * it. `killed`: it was killed, for example because it did not stop in time. `{ error }`: it crashed, or was stopped
 * with an error. A process that ends because of a link gets its reason from the linked process: see `GenServer.link`.
 */
export type TerminationReason = 'normal' | 'shutdown' | 'killed' | { readonly error: Error };

/**
 * Why a monitored or linked process is down. `noproc`: no such process was running when it was monitored or linked, or
 * its node refused the monitor or link. `noconnection`: its node is not linked; the process may still run there.
 */
export type DownReason = TerminationReason | 'noproc' | 'noconnection';

/** A monitor that `GenServer.monitor` created. */
export interface Monitor {
  /** Unique within the runtime. */
  readonly id: string;
}

/**
 * The info message that a watcher receives when the monitored process is down. Each monitor delivers exactly one,
 * unless `GenServer.demonitor` ends the monitor first.
 */
export interface ProcessDown {
  readonly type: 'process_down';
  readonly monitor: Monitor;
  readonly ref: ProcessRef;
  readonly reason: DownReason;
}

/** A link between two processes that `GenServer.link` created. */
export interface Link {
  /** Unique within the runtime. */
  readonly id: string;
}

/** The info message that a process with `trapExit` receives when a linked process has ended or its node was lost. */
export interface ProcessExit {
  readonly type: 'exit';
  readonly link: Link;
  readonly ref: ProcessRef;
  readonly reason: DownReason;
}

/** Identifies the caller of one call, for `GenServer.reply`. Valid only in the runtime that handles the call. */
export interface CallFrom<CallReply = unknown> {
  // For the compiler only. A method, because its parameters are compared bivariantly: a typed CallFrom is assignable to
  // an untyped one.
  [types](reply: CallReply): void;
}

export interface CallOptions {
  /** How long to wait for the reply, ms. Default 5000. Infinity: no limit. */
  readonly timeout?: number | undefined;
  /**
   * When the signal is aborted, the call rejects with CallAbortedError. The process still handles a message that has
   * already been sent.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The field names of all messages in a union. */
type FieldOf<Message> = Message extends unknown ? keyof Message : never;

/** The signature of `GenServer.call`. */
export interface Call {
  /**
   * Calls a server whose replies are typed by `Replies<...>`. The compiler rejects a message with a field that no
   * message type has.
   */
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

/** A scheduled message of `sendAfter` or `sendInterval`. Pass it to `cancelTimer`. */
export interface ScheduledSend {
  readonly processId: string;
}

/** What handlers receive in addition to the message and the state. */
export interface HandlerContext<State = unknown, CallMsg = unknown, CastMsg = unknown, CallReply = unknown> {
  /** The ref of this process. */
  readonly self: GenServerRef<State, CallMsg, CastMsg, CallReply>;
  /**
   * The caller, in `handleCall`; `undefined` in other handlers. To reply after the handler has finished, copy `from` to
   * a variable before, because the property always belongs to the message whose handler was called last.
   */
  readonly from: CallFrom<ReplyTo<CallReply, CallMsg>> | undefined;
  /**
   * Aborted when the process ends. A kill aborts the signal at once, even while a handler or `init` is waiting. Pass
   * the signal to every operation that a handler awaits. Otherwise the handler of a killed process may still run after
   * the process has been restarted. `signal.reason` is a ServerNotRunningError.
   *
   * @example
   * handleCall: async (url, state, { signal }) => [await (await fetch(url, { signal })).text(), state],
   */
  readonly signal: AbortSignal;
  /** `GenServer.call` with this process as the sender, also after an `await`. */
  readonly call: Call;
  /** `GenServer.cast` with this process as the sender. */
  cast<OtherState, OtherCall, OtherCast, OtherReply>(
    target: GenServerTarget<OtherState, OtherCall, OtherCast, OtherReply>,
    message: NoInfer<OtherCast>,
  ): void;
  /** `GenServer.monitor` with this process as the watcher. */
  monitor(target: ProcessRef): Monitor;
  /** `GenServer.link` between this process and `other`. */
  link(other: ProcessRef): Link;
  /** `GenServer.sendAfter` to this process, after `ms`. */
  sendAfter(message: NoInfer<CastMsg>, ms: number): ScheduledSend;
  /** `GenServer.sendInterval` to this process, every `ms`. */
  sendInterval(message: NoInfer<CastMsg>, ms: number): ScheduledSend;
  /** `GenServer.cancelTimer`: returns whether a message was still scheduled. */
  cancelTimer(timer: ScheduledSend): boolean;
}

/** The context of `handleCall`. `Reply` is the type of the reply to the call. */
export interface CallContext<
  State = unknown,
  CallMsg = unknown,
  CastMsg = unknown,
  CallReply = unknown,
  Reply = ReplyTo<CallReply, CallMsg>,
> extends Omit<HandlerContext<State, CallMsg, CastMsg, CallReply>, 'from'> {
  /**
   * The caller, for `GenServer.reply`. To reply after the handler has finished, copy `from` to a variable before,
   * because the property always belongs to the message whose handler was called last.
   */
  readonly from: CallFrom<Reply>;
}

/** The result of `stop(reason, state)`. A handler returns it in place of the next state. */
export interface HandlerStop<State> {
  readonly [result]: 'stop';
  readonly reason: TerminationReason;
  readonly state: State;
}

/** The result of `noReply(state)`, for `handleCall` to return. */
export interface HandlerNoReply<State> {
  readonly [result]: 'noReply';
  readonly next: Next<State>;
}

/** The result of `continueWith(payload, result)`. A handler returns it in place of `result`. */
export interface HandlerContinue<Result> {
  readonly [result]: 'continue';
  readonly payload: unknown;
  readonly result: Result;
}

/** The next state, or a request to stop with a last state: see `stop`. */
export type Next<State> = State | HandlerStop<State>;

/** What `handleCast`, `handleInfo` and `handleContinue` return. */
export type CastResult<State> = Next<State> | HandlerContinue<State>;

/**
 * What `handleCall` returns, without a continuation. If `handleCall` returns `stop(...)` without a reply, the call
 * rejects with ServerNotRunningError.
 */
type Answer<State, CallReply> =
  | readonly [CallReply | PromiseLike<CallReply>, Next<State>]
  | HandlerNoReply<State>
  | HandlerStop<State>;

/** What `init` returns: the first state, or that state with a continuation. */
export type InitResult<State> = State | HandlerContinue<State>;

/**
 * What `handleCall` returns: a reply and the next state, `noReply(...)` or `stop(...)`, each with or without a
 * continuation.
 */
export type CallResult<State, CallReply> = Answer<State, CallReply> | HandlerContinue<Answer<State, CallReply>>;

/**
 * The function that handles calls, for one message type or several. Declared as a method, whose parameters are compared
 * bivariantly: a behavior with typed messages is then assignable to an untyped one.
 */
type CallHandler<State, Message, Reply, Context> = {
  handle(message: Message, state: State, ctx: Context): CallResult<State, Reply> | Promise<CallResult<State, Reply>>;
}['handle'];

/**
 * A table of call handlers, one for each message type.
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

/** One handler for all calls, or a table of handlers by message type. */
export type HandleCall<State, CallMsg, CastMsg, CallReply> =
  | CallHandler<State, CallMsg, CallReply, CallContext<State, CallMsg, CastMsg, CallReply>>
  | CallHandler<State, CallMsg, AnyReply<CallReply>, CallContext<State, CallMsg, CastMsg, CallReply>>
  | CallHandlers<State, CallMsg, CastMsg, CallReply>;

/** The callbacks of a GenServer without `handleCall`. */
export interface BehaviorWithoutCalls<
  State,
  CallMsg = unknown,
  CastMsg = unknown,
  CallReply = unknown,
  Info = unknown,
> {
  /**
   * Returns the first state. `self` is the ref of this process. If `initTimeout` or `kill` ends the process before
   * `init` returns, `terminate` receives the state that `init` returns.
   */
  init(
    self: GenServerRef<State, CallMsg, CastMsg, CallReply>,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): InitResult<State> | Promise<InitResult<State>>;
  /**
   * Handles a cast and returns the next state. Returning `undefined` in place of a defined state crashes the process.
   * Without this handler, casts are counted as handled, dropped, and reported to `onError` as UnhandledMessageError.
   */
  handleCast?(
    message: CastMsg,
    state: State,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): CastResult<State> | Promise<CastResult<State>>;
  /** Handles an info message and returns the next state. Without it, infos are counted as handled and dropped. */
  handleInfo?(
    info: Info,
    state: State,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): CastResult<State> | Promise<CastResult<State>>;
  /**
   * Handles the payload of `continueWith`, before any waiting message. Returns the next state. Without this handler, a
   * `continueWith` crashes the process.
   */
  handleContinue?(
    payload: unknown,
    state: State,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): CastResult<State> | Promise<CastResult<State>>;
  /**
   * Cleans up. Runs after a stop, or after a crash of a handler. Does not run when the process is killed, or ends
   * because a linked process ended. Also runs for a state that `init` returns after the process has ended.
   */
  terminate?(
    reason: TerminationReason,
    state: State,
    ctx: HandlerContext<State, CallMsg, CastMsg, CallReply>,
  ): void | Promise<void>;
}

/**
 * The callbacks of a GenServer. Messages are handled one at a time, in the order sent. A handler may be async: the next
 * message waits for it. A handler that throws ends the process with that error.
 */
export interface GenServerBehavior<State, CallMsg = unknown, CastMsg = unknown, CallReply = unknown, Info = unknown>
  extends BehaviorWithoutCalls<State, CallMsg, CastMsg, CallReply, Info> {
  /**
   * One handler for all calls, or a table of handlers by message type. A handler returns the reply and the next state.
   * The reply may be a promise: the caller waits for it, within its time-out, while the process handles the next
   * messages. A call without a handler rejects with UnhandledMessageError, and the process keeps running.
   */
  readonly handleCall?: HandleCall<State, CallMsg, CastMsg, CallReply> | undefined;
}

export type AnyBehavior = GenServerBehavior<unknown, unknown, unknown, unknown, unknown>;
