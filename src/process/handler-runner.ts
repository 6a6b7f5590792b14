import type { MessageSender } from '../../streams/events.js';
import type { AsyncContext } from '../async-context.js';
import { asError, InvalidHandlerResultError, type ServerNotRunningError, UnhandledMessageError } from '../errors.js';
import { callHandlerFor, unhandledType } from './call-handlers.js';
import { DeferredReplies } from './deferred-replies.js';
import { type Envelope, PendingCall, type StopRequest } from './envelope.js';
import type { AnyBehavior, CallContext, CallFrom, TerminationReason } from './gen-server-types.js';
import { type ContextActions, ProcessHandlerContext } from './handler-context.js';
import { ContinueResult, HandlerResult, NoReplyResult, StopResult } from './handler-result.js';
import type { ProcessRef } from './refs.js';
import { ReplyHandle } from './reply-handle.js';

/** What running handlers needs of the runtime. */
export interface HandlerHost {
  /** Of the runtime: where handlers run by default. */
  readonly context: AsyncContext;
  /** The process whose handler is on the stack now, or that of another node whose message is being handed over. */
  current: MessageSender | undefined;
  /** For contexts; set before the first process starts. */
  actions: ContextActions | undefined;
  /** Receives errors for which there is no caller to reject. */
  onError(error: Error): void;
}

/** Runs the handlers of one process and applies what they return: the next state, the reply, a request to stop. */
export abstract class HandlerRunner {
  abstract readonly id: string;
  abstract readonly registeredName: string | undefined;
  abstract readonly gone: boolean;
  abstract readonly signal: AbortSignal;
  readonly ref: ProcessRef;
  readonly #host: HandlerHost;
  readonly #behavior: AnyBehavior;
  readonly #context: CallContext = new ProcessHandlerContext(this) as CallContext;
  protected state: unknown;
  /** `undefined` until a call is answered later. */
  #deferredReplies: DeferredReplies | undefined;
  /** The call whose handler was called last; `undefined` after another message. */
  #call: PendingCall | undefined;
  /** What `handleContinue` is to handle before the next message. */
  protected continuation: ContinueResult | undefined;
  // Messages handled since the last report of counts.
  protected calls = 0;
  protected casts = 0;
  protected infos = 0;

  constructor(host: HandlerHost, ref: ProcessRef, behavior: AnyBehavior) {
    this.#host = host;
    this.ref = ref;
    this.#behavior = behavior;
  }

  /** Why nothing can be sent to the process any more. */
  abstract notRunning(mayHaveBeenHandled?: boolean): ServerNotRunningError;

  /** A count has changed. */
  protected abstract markDirty(): void;

  /** A handler failed, or asked to stop with an error. */
  protected abstract emitCrash(error: Error): void;

  /** Runs `terminate`, then ends the process. */
  protected abstract terminate(reason: TerminationReason): void;

  /** Code of the process failed when no caller and no supervisor waits for it any more. */
  protected abstract failedLate(what: string, thrown: unknown): void;

  /** The caller of the call that is being handled. */
  get from(): CallFrom | undefined {
    const call = this.#call;
    return call === undefined ? undefined : (new ReplyHandle(call) as unknown as CallFrom);
  }

  /** Whether one of its own handlers is on the stack. */
  get isCurrent(): boolean {
    return this.#host.current === this;
  }

  /** Runs code that the process has called by its context. */
  act<Result>(code: (actions: ContextActions) => Result): Result {
    const { actions } = this.#host;
    if (actions === undefined) throw new Error('contexts have no actions yet');
    return this.#asCurrent(() => code(actions));
  }

  protected callInit(): unknown {
    return this.#asCurrent(() => this.#behavior.init(this.ref, this.#context));
  }

  protected callTerminate(reason: TerminationReason, state: unknown): unknown {
    return this.#asCurrent(() => this.#behavior.terminate?.(reason, state, this.#context));
  }

  /** Calls the handler of a message; a request to stop ends the process. */
  protected dispatch(message: unknown, envelope: Envelope): unknown {
    const host = this.#host;
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
   * Applies what a handler returned, awaited; returns its request to stop, if that is what it returned. Counts before it
   * replies: a caller that has the reply sees the count.
   */
  protected handled(result: unknown, envelope: Envelope): StopResult | undefined {
    if (this.gone) {
      // Killed by its own handler.
      if (envelope instanceof PendingCall) envelope.fail(this.notRunning(true));
      return undefined;
    }
    if (envelope === 'cast') this.casts += 1;
    else if (envelope === 'info') this.infos += 1;
    else if (envelope instanceof PendingCall) return this.#answered(result, envelope);
    else if (envelope !== 'continue') return undefined;
    return this.#applyNext(result, envelope);
  }

  protected stopIfAsked(stopped: StopResult | undefined): void {
    if (stopped === undefined) return;
    // A process that ends itself with an error has failed as one whose handler throws, and is reported as that.
    if (typeof stopped.reason === 'object') this.emitCrash(asError(stopped.reason.error));
    this.terminate(stopped.reason);
  }

  protected crash(thrown: unknown, envelope: Envelope): void {
    const error = asError(thrown);
    if (envelope instanceof PendingCall) envelope.failHandled(error);
    // Killed in the middle of its own handler: the process has already ended.
    if (this.gone) {
      this.failedLate('a handler', thrown);
      return;
    }
    this.emitCrash(error);
    this.terminate({ error });
  }

  /** Rejects the callers that wait for a promised reply. */
  protected failPromisedReplies(): void {
    this.#deferredReplies?.fail(() => this.notRunning(true));
  }

  #callInTable(message: unknown): unknown {
    const handler = callHandlerFor(this.#behavior.handleCall, message);
    if (handler !== undefined) return handler(message, this.state, this.#context);
    // A promised reply: the caller is rejected, and the process goes on.
    return [Promise.reject(this.#unhandled('call', message)), this.state];
  }

  #reportUnhandled(message: unknown): unknown {
    this.#host.onError(this.#unhandled('cast', message));
    return this.state;
  }

  #unhandled(kind: 'call' | 'cast', message: unknown): UnhandledMessageError {
    const { id, registeredName } = this;
    return new UnhandledMessageError(id, kind, unhandledType(message), { registeredName });
  }

  /** As {@link handled}, for calls. */
  #answered(result: unknown, call: PendingCall): StopResult | undefined {
    if (Array.isArray(result)) {
      this.calls += 1;
      const stopped = this.#applyNext(result[1], call);
      this.#reply(call, result[0]);
      return stopped;
    }
    if (result instanceof ContinueResult && !(result.result instanceof ContinueResult)) {
      this.continuation = result;
      return this.#answered(result.result, call);
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

  /** Of a handler other than `handleCall`, `continueWith(payload, state)` stands in the place of the state. */
  #continueAfter(next: HandlerResult, envelope: Envelope): void {
    const isContinuation = next instanceof ContinueResult && !(next.result instanceof HandlerResult);
    if (!isContinuation || envelope instanceof PendingCall) {
      throw this.#unusableState(envelope, 'a result that does not belong there');
    }
    this.continuation = next;
  }

  #continue(payload: unknown): unknown {
    const behavior = this.#behavior;
    if (behavior.handleContinue === undefined) {
      throw this.#invalidResult('a handler', 'continueWith(...), and there is no handleContinue');
    }
    return behavior.handleContinue(payload, this.state, this.#context);
  }

  /** The caller waits for `GenServer.reply`, a promise, or the end of the process. */
  #replyLater(call: PendingCall): void {
    this.#deferredReplies ??= new DeferredReplies();
    this.#deferredReplies.add(call);
  }

  /** Answers a call; a promise when it settles, as long as its deadline allows and the process lives. */
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
        if (call.settled) this.failedLate('a promised reply', thrown);
        else call.failHandled(asError(thrown));
      },
    );
  }

  /** Calls code of the process other than a message handler. */
  #asCurrent<Result>(code: () => Result): Result {
    const host = this.#host;
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
