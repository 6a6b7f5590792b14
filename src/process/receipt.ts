import { CallTimeoutError } from '../errors.js';
import type { TerminationReason } from './behavior.js';
import { Deadline, type Deadlines } from './deadlines.js';

/** The sender of a call waits with this for the reply. */
export class PendingCall extends Deadline {
  readonly #processId: string;
  readonly #deadlines: Deadlines;
  /** Both are dropped when the call is settled. */
  #resolve: ((reply: unknown) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(
    processId: string,
    timeoutMs: number,
    deadlines: Deadlines,
    resolve: (reply: unknown) => void,
    reject: (error: Error) => void,
  ) {
    super(timeoutMs);
    this.#processId = processId;
    this.#deadlines = deadlines;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  reply(reply: unknown): void {
    const resolve = this.#resolve;
    this.#settle();
    resolve?.(reply);
  }

  fail(error: Error): void {
    const reject = this.#reject;
    this.#settle();
    reject?.(error);
  }

  expire(): void {
    this.fail(new CallTimeoutError(this.#processId, this.timeoutMs));
  }

  #settle(): void {
    this.#resolve = this.#reject = undefined;
    this.#deadlines.remove(this);
  }
}

/** A place in the mailbox: what was sent before it is handled, then the process stops. */
export class StopRequest {
  readonly reason: TerminationReason;

  constructor(reason: TerminationReason) {
    this.reason = reason;
  }
}

/** What tells how to handle a message. */
export type Receipt = 'cast' | 'info' | PendingCall | StopRequest;

/** The receipt of a message that is measured. */
export class Measured {
  readonly receipt: Receipt;
  /** ms of the monotonic clock */
  readonly arrivedAt: number;
  /** For how many messages it stands; 0: it is only traced. */
  readonly weight: number;

  constructor(receipt: Receipt, arrivedAt: number, weight: number) {
    this.receipt = receipt;
    this.arrivedAt = arrivedAt;
    this.weight = weight;
  }
}

/** What lies beside a message in the mailbox. */
export type Entry = Receipt | Measured;

export function receiptOf(entry: Entry): Receipt {
  return entry instanceof Measured ? entry.receipt : entry;
}
