import type { MessageSender } from '../../streams/events.js';
import type { AsyncContext } from '../async-context.js';
import { asError, CallTimeoutError, UnhandledMessageError } from '../errors.js';
import { Deadline } from './deadlines.js';
import type { TerminationReason } from './gen-server-types.js';

/** The process that is called, for the error of a call that takes too long. */
interface CallTarget {
  readonly id: string;
  readonly registeredName: string | undefined;
}

/**
 * The sender of a call waits with this for the reply. There may be very many: it holds as little as possible, and fails with
 * a rejected promise, so that no second function is kept for that.
 */
export class PendingCall extends Deadline {
  readonly #target: CallTarget;
  /** Cleared when the call is settled. */
  #resolve: ((reply: unknown) => void) | undefined;

  constructor(target: CallTarget, resolve: (reply: unknown) => void) {
    super();
    this.#target = target;
    this.#resolve = resolve;
  }

  /** Whether the caller has its reply or its error. */
  get settled(): boolean {
    return this.#resolve === undefined;
  }

  reply(reply: unknown): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    this.removeDeadline();
    resolve?.(reply);
  }

  /** Settles the call without resolving it; whether it was open. */
  protected take(): boolean {
    const isOpen = this.#resolve !== undefined;
    this.#resolve = undefined;
    this.removeDeadline();
    return isOpen;
  }

  fail(error: Error): void {
    if (this.#resolve !== undefined) this.reply(Promise.reject(error));
  }

  /** The handler failed. */
  failHandled(error: Error): void {
    this.fail(error);
  }

  expire(timeoutMs: number): void {
    const { id, registeredName } = this.#target;
    this.fail(new CallTimeoutError(id, timeoutMs, { registeredName }));
  }
}

/** The sender of a call to a process of another node waits with this. */
export class RemoteCall extends PendingCall {
  #calls: Map<number, RemoteCaller> | undefined;
  #number = 0;

  /** It is one of `calls` until it is settled. */
  enter(calls: Map<number, RemoteCaller>, number: number): void {
    this.#calls = calls;
    this.#number = number;
    calls.set(number, this);
  }

  /** By which its channel knows it. */
  get number(): number {
    return this.#number;
  }

  get isGone(): boolean {
    return this.settled;
  }

  override reply(reply: unknown): void {
    this.#calls?.delete(this.#number);
    super.reply(reply);
  }
}

/** What a caller is answered with, across nodes. */
export interface RemoteCaller {
  reply(value: unknown): void;
  /** The message was not handled, or was answered with nothing. */
  fail(error: Error): void;
  /** The handler failed with this error, which may be that of a call of its own. */
  failHandled(error: Error): void;
  /** Whether nobody waits for the answer any more, as far as is known here. */
  readonly isGone: boolean;
}

/** A call that came from another node; its caller looks after the time-out. */
export class CallFromRemote extends PendingCall {
  readonly #caller: RemoteCaller;
  readonly #targetId: string;

  constructor(target: CallTarget, caller: RemoteCaller) {
    super(target, (reply) => {
      if (!(reply instanceof Promise)) caller.reply(reply);
      else
        reply.then(
          (value) => caller.reply(value),
          (thrown) => caller.failHandled(asError(thrown)),
        );
    });
    this.#caller = caller;
    this.#targetId = target.id;
  }

  override get settled(): boolean {
    return super.settled || this.#caller.isGone;
  }

  override fail(error: Error): void {
    if (this.take()) this.#caller.fail(error);
  }

  override failHandled(error: Error): void {
    if (!this.take()) return;
    // The only error of a handler that says of its own process that the message was not handled.
    const isUnhandled = error instanceof UnhandledMessageError && error.processId === this.#targetId;
    if (isUnhandled) this.#caller.fail(error);
    else this.#caller.failHandled(error);
  }
}

/** A place in the mailbox: what was sent before it is handled, then the process stops. */
export class StopRequest {
  readonly reason: TerminationReason;

  constructor(reason: TerminationReason) {
    this.reason = reason;
  }
}

/** How a message is handled. `continue`: by `handleContinue`. */
export type Envelope = 'cast' | 'info' | 'continue' | PendingCall | StopRequest;

/** The envelope of a message that is measured, or handled in the context of its sender. */
export class TimedEnvelope {
  readonly envelope: Envelope;
  /** The sender's async context, where the process runs handlers in it. */
  readonly context: AsyncContext | undefined;
  /** ms of the monotonic clock */
  readonly arrivedAt: number;
  /** The number of messages this sample stands for; 0: not sampled, only traced or with a context. */
  readonly weight: number;
  /** Known only while messages are traced. */
  readonly from: MessageSender | undefined;

  constructor(envelope: Envelope, arrivedAt: number, weight: number, context?: AsyncContext, from?: MessageSender) {
    this.envelope = envelope;
    this.context = context;
    this.from = from;
    this.arrivedAt = arrivedAt;
    this.weight = weight;
  }
}

/** What the mailbox stores with a message. */
export type QueuedEnvelope = Envelope | TimedEnvelope;

export function envelopeOf(entry: QueuedEnvelope): Envelope {
  return entry instanceof TimedEnvelope ? entry.envelope : entry;
}
