import type { PendingCall } from './envelope.js';

/** The least number of open calls at which those that are settled are removed. */
const MIN_SWEEP = 64;

/** The calls of one process that have been handled, and are to be answered later. */
export class OpenReplies {
  readonly #calls = new Set<PendingCall>();
  /** At so many, those that are settled are removed: their callers have given up, or were answered from elsewhere. */
  #sweepAt = MIN_SWEEP;

  add(call: PendingCall): void {
    if (this.#calls.size >= this.#sweepAt) {
      for (const each of this.#calls) if (each.settled) this.#calls.delete(each);
      this.#sweepAt = Math.max(MIN_SWEEP, 2 * this.#calls.size);
    }
    if (!call.settled) this.#calls.add(call);
  }

  delete(call: PendingCall): void {
    this.#calls.delete(call);
  }

  /** Rejects all callers that still wait. */
  fail(error: () => Error): void {
    for (const call of this.#calls) call.fail(error());
    this.#calls.clear();
  }
}
