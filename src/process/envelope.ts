import type { AsyncContext } from '../async-context.js';
import { CallTimeoutError } from '../errors.js';
import type { TerminationReason } from './behavior.js';
import { Deadline } from './deadlines.js';

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

  fail(error: Error): void {
    if (this.#resolve !== undefined) this.reply(Promise.reject(error));
  }

  expire(timeoutMs: number): void {
    const { id, registeredName } = this.#target;
    this.fail(new CallTimeoutError(id, timeoutMs, { registeredName }));
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
export type Receipt = 'cast' | 'info' | 'continue' | PendingCall | StopRequest;

/** The receipt of a message that is measured, or handled in the context of its sender. */
export class Measured {
  readonly receipt: Receipt;
  /** The sender's async context, where the process runs handlers in it. */
  readonly context: AsyncContext | undefined;
  /** ms of the monotonic clock */
  readonly arrivedAt: number;
  /** The number of messages this sample stands for; 0: not sampled, only traced or with a context. */
  readonly weight: number;

  constructor(receipt: Receipt, arrivedAt: number, weight: number, context?: AsyncContext) {
    this.receipt = receipt;
    this.context = context;
    this.arrivedAt = arrivedAt;
    this.weight = weight;
  }
}

/** What the mailbox stores with a message. */
export type Entry = Receipt | Measured;

export function receiptOf(entry: Entry): Receipt {
  return entry instanceof Measured ? entry.receipt : entry;
}
