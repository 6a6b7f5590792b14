import type { PendingCall } from './envelope.js';

/** The minimum number of calls added between two sweeps. A sweep removes the settled calls. */
const MIN_SWEEP = 64;

/** The calls of one process whose handler has finished without a reply. */
export class DeferredReplies {
  readonly #calls = new Set<PendingCall>();
  /**
   * How many more calls are added before the next sweep. Sweeps are needed because a call settles without `delete` when
   * its caller stops waiting, or when `GenServer.reply` answers it.
   */
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

  /** Rejects all callers that are still waiting. */
  fail(error: () => Error): void {
    for (const call of this.#calls) call.fail(error());
    this.#calls.clear();
  }
}
