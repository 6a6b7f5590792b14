import type { PendingCall } from './envelope.js';

/** After at least so many calls, those that are settled are removed. */
const MIN_SWEEP = 64;

/** The calls of one process that have been handled, and are to be answered later. */
export class DeferredReplies {
  readonly #calls = new Set<PendingCall>();
  /** After so many more, those that are settled are removed: their callers have given up, or were answered from elsewhere. */
  #untilSweep = MIN_SWEEP;

  add(call: PendingCall): void {
    this.#untilSweep -= 1;
    if (this.#untilSweep <= 0) {
      for (const each of this.#calls) if (each.settled) this.#calls.delete(each);
      this.#untilSweep = Math.max(MIN_SWEEP, this.#calls.size);
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
