import type { MessageSender } from '../../streams/events.js';
import type { AsyncContext } from '../async-context.js';
import { asError, CallTimeoutError, UnhandledMessageError } from '../errors.js';
import { Deadline } from './deadlines.js';
import type { TerminationReason } from './gen-server-types.js';

/** The called process, for the message of CallTimeoutError. */
interface CallTarget {
  readonly id: string;
  readonly registeredName: string | undefined;
}

/**
 * A call whose caller waits for the reply. Large numbers of calls are open at once, so a call stores the resolve
 * function of its promise but no reject function: `fail` resolves the promise with a rejected one.
 */
export class PendingCall extends Deadline {
  readonly #target: CallTarget;
  /** `undefined` once the call is settled. */
  #resolve: ((reply: unknown) => void) | undefined;

  constructor(target: CallTarget, resolve: (reply: unknown) => void) {
    super();
    this.#target = target;
    this.#resolve = resolve;
  }

  /** Whether the caller has received a reply or an error. */
  get settled(): boolean {
    return this.#resolve === undefined;
  }

  reply(reply: unknown): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    this.removeDeadline();
    resolve?.(reply);
  }

  /** Marks the call as settled without resolving its promise. Returns whether it was still open. */
  protected markSettled(): boolean {
    const isOpen = this.#resolve !== undefined;
    this.#resolve = undefined;
    this.removeDeadline();
    return isOpen;
  }

  fail(error: Error): void {
    if (this.#resolve !== undefined) this.reply(Promise.reject(error));
  }

  /** Rejects the caller with the error that the handler threw. */
  failHandled(error: Error): void {
    this.fail(error);
  }

  expire(timeoutMs: number): void {
    const { id, registeredName } = this.#target;
    this.fail(new CallTimeoutError(id, timeoutMs, { registeredName }));
  }
}

/** An open call to a process of another node. */
export class RemoteCall extends PendingCall {
  #calls: Map<number, RemoteCaller> | undefined;
  #number = 0;

  /** Adds this call to `calls` under `number`. Settling the call removes it from `calls`. */
  enter(calls: Map<number, RemoteCaller>, number: number): void {
    this.#calls = calls;
    this.#number = number;
    calls.set(number, this);
  }

  /** The number that identifies this call on its channel. */
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

/** Receives the answer to a call between nodes. */
export interface RemoteCaller {
  reply(value: unknown): void;
  /** Rejects the caller, because the message was not handled, or because its handler gave no reply. */
  fail(error: Error): void;
  /**
   * Rejects the caller, because the handler failed with `error`. A call made by the handler may have failed with it.
   */
  failHandled(error: Error): void;
  /** Whether the caller is known to have stopped waiting. */
  readonly isGone: boolean;
}

/** A call that was received from another node. The calling node enforces the time-out. */
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
    if (this.markSettled()) this.#caller.fail(error);
  }

  override failHandled(error: Error): void {
    if (!this.markSettled()) return;
    // If the error names the called process itself, this message was certainly not handled. An UnhandledMessageError
    // that names another process came from a call that the handler made.
    const isUnhandled = error instanceof UnhandledMessageError && error.processId === this.#targetId;
    if (isUnhandled) this.#caller.fail(error);
    else this.#caller.failHandled(error);
  }
}

/**
 * A request to stop, queued in the mailbox like a message. The process handles all messages queued before the request,
 * then stops.
 */
export class StopRequest {
  readonly reason: TerminationReason;

  constructor(reason: TerminationReason) {
    this.reason = reason;
  }
}

/**
 * What is queued with a message: which handler receives the message, and for a call, who waits for the reply.
 * `continue` marks a payload for `handleContinue`, which is handled next without being queued.
 */
export type Envelope = 'cast' | 'info' | 'continue' | PendingCall | StopRequest;

/**
 * An envelope with the arrival time of its message. Used for messages that are sampled or traced, or are handled in the
 * async context of their sender.
 */
export class TimedEnvelope {
  readonly envelope: Envelope;
  /** The async context of the sender, if the process runs its handlers in the sender's context. */
  readonly context: AsyncContext | undefined;
  /** When the message entered the mailbox, ms of the monotonic clock. */
  readonly arrivedAt: number;
  /** The number of messages this sample stands for. 0: the message is not sampled. */
  readonly weight: number;
  /** The sender, recorded only while messages are traced. `undefined`: not recorded, or not a process. */
  readonly from: MessageSender | undefined;

  constructor(envelope: Envelope, arrivedAt: number, weight: number, context?: AsyncContext, from?: MessageSender) {
    this.envelope = envelope;
    this.context = context;
    this.from = from;
    this.arrivedAt = arrivedAt;
    this.weight = weight;
  }
}

/** What the mailbox stores with each message. */
export type QueuedEnvelope = Envelope | TimedEnvelope;

export function envelopeOf(entry: QueuedEnvelope): Envelope {
  return entry instanceof TimedEnvelope ? entry.envelope : entry;
}
