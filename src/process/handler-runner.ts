import type { MessageSender } from '../../streams/events.js';
import type { AsyncContext } from '../async-context.js';
import { asError, InvalidHandlerResultError, type ServerNotRunningError, UnhandledMessageError } from '../errors.js';
import { DeferredReplies } from './deferred-replies.js';
import { type Envelope, PendingCall, type StopRequest } from './envelope.js';
import { callHandlerFor, unhandledType } from './find-call-handler.js';
import type { AnyBehavior, CallContext, CallFrom, TerminationReason } from './gen-server-types.js';
import { type ContextActions, ProcessHandlerContext } from './handler-context.js';
import { ContinueResult, HandlerResult, NoReplyResult, StopResult } from './handler-result.js';
import type { ProcessRef } from './process-refs.js';
import { ReplyHandle } from './reply-handle.js';

/** The parts of the runtime that a HandlerRunner uses. */
export interface HandlerHost {
  /** The async context of the runtime, in which handlers run by default. */
  readonly context: AsyncContext;
  /** The process whose code is on the stack, or the remote sender of the message that is being delivered, if any. */
  current: MessageSender | undefined;
  /** The operations of handler contexts. `undefined` only until the runtime is complete. */
  actions: ContextActions | undefined;
  /** Receives errors that no caller can be rejected with. */
  onError(error: Error): void;
}

/** Runs the handlers of one process and applies their results: the next state, the reply, a request to stop. */
export abstract class HandlerRunner {
  abstract readonly id: string;
  abstract readonly registeredName: string | undefined;
  abstract readonly gone: boolean;
  abstract readonly signal: AbortSignal;
  readonly ref: ProcessRef;
  protected readonly host: HandlerHost;
  readonly #behavior: AnyBehavior;
  readonly #context: CallContext = new ProcessHandlerContext(this) as CallContext;
  protected state: unknown;
  /** `undefined` until the reply to a call is postponed for the first time. */
  #deferredReplies: DeferredReplies | undefined;
  /** The call whose handler was started last; `undefined` if the last message was no call. */
  #call: PendingCall | undefined;
  /** The continuation whose payload `handleContinue` handles before the next message. */
  protected continuation: ContinueResult | undefined;
  /** The number of calls handled since the last report. */
  protected calls = 0;
  /** The number of casts handled since the last report. */
  protected casts = 0;
  /** The number of infos handled since the last report. */
  protected infos = 0;

  constructor(host: HandlerHost, ref: ProcessRef, behavior: AnyBehavior) {
    this.host = host;
    this.ref = ref;
    this.#behavior = behavior;
  }

  /** Returns the error for a message that this process does not answer, because it is ending or has ended. */
  abstract notRunning(mayHaveBeenHandled?: boolean): ServerNotRunningError;

  /** Requests a report of the counts and the queue length of this process, because one of them has changed. */
  protected abstract markDirty(): void;

  /** Emits `process_crashed`: a handler threw, or asked to stop with an error. */
  protected abstract emitCrash(error: Error): void;

  /** Runs the `terminate` callback, then ends the process with `reason`. */
  protected abstract terminate(reason: TerminationReason): void;

  /** Reports an error that no caller receives any more. `what` names the code that threw it, such as `init`. */
  protected abstract reportLateFailure(what: string, thrown: unknown): void;

  /** The value of `ctx.from`: the caller of the message handled last; `undefined` if that message was no call. */
  get from(): CallFrom | undefined {
    const call = this.#call;
    return call === undefined ? undefined : (new ReplyHandle(call) as unknown as CallFrom);
  }

  /** Whether a handler of this process is on the stack now. */
  get isCurrent(): boolean {
    return this.host.current === this;
  }

  /** Runs an operation that a handler called through its context. */
  act<Result>(code: (actions: ContextActions) => Result): Result {
    const { actions } = this.host;
    if (actions === undefined) throw new Error('a handler context was used before setActions() was called');
    return this.#asCurrent(() => code(actions));
  }

  protected callInit(): unknown {
    return this.#asCurrent(() => this.#behavior.init(this.ref, this.#context));
  }

  protected callTerminate(reason: TerminationReason, state: unknown): unknown {
    return this.#asCurrent(() => this.#behavior.terminate?.(reason, state, this.#context));
  }

  /** Calls the handler of a message, and returns its result or promise. A stop request ends the process instead. */
  protected dispatch(message: unknown, envelope: Envelope): unknown {
    const host = this.host;
    const behavior = this.#behavior;
    const outer = host.current;
    host.current = this;
    try {
      if (envelope instanceof PendingCall) {
        this.#call = envelope;
        return typeof behavior.handleCall === 'function'
          ? behavior.handleCall(message, this.state, this.#context)
          : this.#callInTable(message);
      }
      this.#call = undefined;
      if (envelope === 'cast') {
        return behavior.handleCast === undefined
          ? this.#reportUnhandled(message)
          : behavior.handleCast(message, this.state, this.#context);
      }
      if (envelope === 'info') {
        return behavior.handleInfo === undefined ? this.state : behavior.handleInfo(message, this.state, this.#context);
      }
      if (envelope === 'continue') return this.#continue(message);
    } finally {
      host.current = outer;
    }
    this.terminate((envelope as StopRequest).reason);
    return undefined;
  }

  /**
   * Applies the result of a handler, already awaited. Returns the request to stop, if the result contains one. The
   * count changes before the reply is sent, so that a caller with the reply also sees the count.
   *
   * @throws InvalidHandlerResultError
   */
  protected applyResult(result: unknown, envelope: Envelope): StopResult | undefined {
    if (this.gone) {
      // The process ended while its handler ran: for example, the handler killed it.
      if (envelope instanceof PendingCall) envelope.fail(this.notRunning(true));
      return undefined;
    }
    if (envelope === 'cast') this.casts += 1;
    else if (envelope === 'info') this.infos += 1;
    else if (envelope instanceof PendingCall) return this.#applyCallResult(result, envelope);
    else if (envelope !== 'continue') return undefined;
    return this.#applyNext(result, envelope);
  }

  protected stopIfAsked(stopped: StopResult | undefined): void {
    if (stopped === undefined) return;
    // Stopping with an error counts as a crash, as if the handler had thrown it.
    if (typeof stopped.reason === 'object') this.emitCrash(asError(stopped.reason.error));
    this.terminate(stopped.reason);
  }

  protected crash(thrown: unknown, envelope: Envelope): void {
    const error = asError(thrown);
    if (envelope instanceof PendingCall) envelope.failHandled(error);
    // The process ended while its handler ran, and then the handler threw.
    if (this.gone) {
      this.reportLateFailure('a handler', thrown);
      return;
    }
    this.emitCrash(error);
    this.terminate({ error });
  }

  /** Rejects all callers that still wait for a postponed reply. */
  protected failPromisedReplies(): void {
    this.#deferredReplies?.fail(() => this.notRunning(true));
  }

  #callInTable(message: unknown): unknown {
    const handler = callHandlerFor(this.#behavior.handleCall, message);
    if (handler !== undefined) return handler(message, this.state, this.#context);
    // The rejected promise is a postponed reply: the caller is rejected, and the process keeps running.
    return [Promise.reject(this.#unhandled('call', message)), this.state];
  }

  #reportUnhandled(message: unknown): unknown {
    this.host.onError(this.#unhandled('cast', message));
    return this.state;
  }

  #unhandled(kind: 'call' | 'cast', message: unknown): UnhandledMessageError {
    const { id, registeredName } = this;
    return new UnhandledMessageError(id, kind, unhandledType(message), { registeredName });
  }

  /** Applies the result of `handleCall`. Returns the request to stop, if the result contains one. */
  #applyCallResult(result: unknown, call: PendingCall): StopResult | undefined {
    if (Array.isArray(result)) {
      this.calls += 1;
      const stopped = this.#applyNext(result[1], call);
      this.#reply(call, result[0]);
      return stopped;
    }
    if (result instanceof ContinueResult && !(result.result instanceof ContinueResult)) {
      this.continuation = result;
      return this.#applyCallResult(result.result, call);
    }
    if (!(result instanceof StopResult || result instanceof NoReplyResult))
      throw this.#invalidResult('handleCall', 'neither [reply, state] nor noReply(...) nor stop(...)');
    this.calls += 1;
    const stopped = this.#applyNext(result instanceof StopResult ? result : result.next, call);
    if (result instanceof NoReplyResult) this.#replyLater(call);
    else call.fail(this.notRunning(true));
    return stopped;
  }

  #applyNext(next: unknown, envelope: Envelope): StopResult | undefined {
    let state = next;
    let stopped: StopResult | undefined;
    if (typeof next === 'object' && next instanceof HandlerResult) {
      if (next instanceof StopResult) stopped = next;
      else this.#continueAfter(next, envelope);
      state = next instanceof StopResult ? next.state : this.continuation?.result;
    }
    if (state === undefined && this.state !== undefined) throw this.#unusableState(envelope, 'no state');
    if (state instanceof Promise) throw this.#unusableState(envelope, 'a promise as the next state');
    this.state = state;
    this.markDirty();
    return stopped;
  }

  /**
   * Stores the continuation that a handler other than `handleCall` returned in place of the next state.
   *
   * @throws InvalidHandlerResultError for any other result, such as `noReply(state)`
   */
  #continueAfter(next: HandlerResult, envelope: Envelope): void {
    const isContinuation = next instanceof ContinueResult && !(next.result instanceof HandlerResult);
    if (!isContinuation || envelope instanceof PendingCall) {
      throw this.#unusableState(envelope, 'a result that this handler may not return');
    }
    this.continuation = next;
  }

  #continue(payload: unknown): unknown {
    const behavior = this.#behavior;
    if (behavior.handleContinue === undefined) {
      throw this.#invalidResult('a handler', 'continueWith(...), but the behavior has no handleContinue');
    }
    return behavior.handleContinue(payload, this.state, this.#context);
  }

  /** Stores a call whose reply was postponed, so that its caller is rejected if the process ends first. */
  #replyLater(call: PendingCall): void {
    this.#deferredReplies ??= new DeferredReplies();
    this.#deferredReplies.add(call);
  }

  /**
   * Answers a call. If the reply is a promise, the call stays open until the promise settles, the caller's time-out
   * passes or the process ends.
   */
  #reply(call: PendingCall, reply: unknown): void {
    if (!isThenable(reply)) {
      call.reply(reply);
      return;
    }
    this.#replyLater(call);
    Promise.resolve(reply).then(
      (value) => {
        this.#deferredReplies?.delete(call);
        call.reply(value);
      },
      (thrown) => {
        this.#deferredReplies?.delete(call);
        if (call.settled) this.reportLateFailure('a promised reply', thrown);
        else call.failHandled(asError(thrown));
      },
    );
  }

  /** Runs `code` with this process as the current process. */
  #asCurrent<Result>(code: () => Result): Result {
    const host = this.host;
    const outer = host.current;
    host.current = this;
    try {
      return code();
    } finally {
      host.current = outer;
    }
  }

  #unusableState(envelope: Envelope, what: string): InvalidHandlerResultError {
    if (envelope instanceof PendingCall) return this.#invalidResult('handleCall', `${what}; return [reply, state]`);
    const handler =
      { cast: 'handleCast', info: 'handleInfo', continue: 'handleContinue' }[envelope as string] ?? 'init';
    return this.#invalidResult(handler, `${what}; return the next state`);
  }

  #invalidResult(handler: string, problem: string): InvalidHandlerResultError {
    return new InvalidHandlerResultError(this.id, handler, problem, { registeredName: this.registeredName });
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
