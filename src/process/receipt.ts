import { CallTimeoutError } from '../errors.js';
import type { TerminationReason } from './behavior.js';
import { Deadline, type Deadlines } from './deadlines.js';

/** The sender of a call waits with this for the reply. */
export class PendingCall extends Deadline {
  settled = false;
  readonly #processId: string;
  readonly #deadlines: Deadlines;
  readonly #resolve: (reply: unknown) => void;
  readonly #reject: (error: Error) => void;

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
    if (this.#settle()) this.#resolve(reply);
  }

  fail(error: Error): void {
    if (this.#settle()) this.#reject(error);
  }

  expire(): void {
    this.fail(new CallTimeoutError(this.#processId, this.timeoutMs));
  }

  /** Whether this is the first time. */
  #settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.#deadlines.remove(this);
    return true;
  }
}

/** A place in the mailbox: what was sent before it is handled, then the process stops. */
export class StopRequest {
  readonly reason: TerminationReason;

  constructor(reason: TerminationReason) {
    this.reason = reason;
  }
}

/** What lies beside a message in the mailbox and tells how to handle it. */
export type Receipt = 'cast' | 'info' | PendingCall | StopRequest;
