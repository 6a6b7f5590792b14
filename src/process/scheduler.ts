/** How long processes may hold the event loop before timers, sockets and everybody else get their turn, in ms. */
const BUDGET_MS = 5;
/** The most messages handled between two looks at the clock: also the most one process handles before the next one may. */
const MAX_STRIDE = 64;

/** Something with work to do in small portions: a process. */
export interface Runnable {
  /** Does at most `limit` units of work and tells how many. */
  run(limit: number): number;
  /** Whether there is work that could be done now. */
  readonly runnable: boolean;
  /** Used by the scheduler alone: the next in its queue. */
  nextReady: Runnable | undefined;
}

/**
 * Gives each process its turn, first come first served, in portions. Work begins in a microtask, so that a message is
 * handled soon, but in one turn of the event loop all processes together take no more than a few milliseconds; what is
 * left then goes on in the next turn.
 */
export class Scheduler {
  readonly #endOfTurn: (() => void)[] = [];
  readonly #preciseNow: () => number;
  readonly #microtask = Promise.resolve();
  #head: Runnable | undefined;
  #tail: Runnable | undefined;
  /** Whether a turn is under way, the end of which is scheduled. */
  #turnOpen = false;
  #microtaskPending = false;
  #budgetEnds = 0;
  #exhausted = false;
  /** Messages until the next look at the clock, and how many there were between the last two. */
  #untilLook = 1;
  #stride = 1;
  #lastLook = 0;

  /** @param preciseNow ms, with fractions; only differences count */
  constructor(preciseNow: () => number) {
    this.#preciseNow = preciseNow;
  }

  /** `action` runs at the end of each turn of the event loop in which something happened. It must not throw. */
  onEndOfTurn(action: () => void): void {
    this.#endOfTurn.push(action);
  }

  /** Something happens in this turn that its end has to know of. */
  touch(): void {
    if (this.#turnOpen) return;
    this.#turnOpen = true;
    this.#exhausted = false;
    this.#lastLook = this.#preciseNow();
    this.#budgetEnds = this.#lastLook + BUDGET_MS;
    setImmediate(this.#turnEnds);
  }

  /** `runnable` has work now and did not have any before. */
  ready(runnable: Runnable): void {
    this.touch();
    this.#append(runnable);
    if (this.#microtaskPending || this.#exhausted) return;
    this.#microtaskPending = true;
    void this.#microtask.then(this.#drain);
  }

  readonly #drain = (): void => {
    this.#microtaskPending = false;
    while (this.#head !== undefined) {
      if (this.#untilLook <= 0 && !this.#withinBudget()) return;
      const runnable = this.#head;
      this.#head = runnable.nextReady;
      if (this.#head === undefined) this.#tail = undefined;
      runnable.nextReady = undefined;
      this.#untilLook -= Math.max(1, runnable.run(this.#untilLook));
      if (runnable.runnable) this.#append(runnable);
    }
  };

  readonly #turnEnds = (): void => {
    this.#turnOpen = false;
    for (const action of this.#endOfTurn) action();
    if (this.#head === undefined) return;
    this.touch();
    this.#drain();
  };

  /** Looks at the clock as seldom as the budget allows: often among slow handlers, seldom among fast ones. */
  #withinBudget(): boolean {
    const now = this.#preciseNow();
    const spent = now - this.#lastLook;
    this.#lastLook = now;
    if (spent > BUDGET_MS / 5) this.#stride = Math.max(1, this.#stride >> 2);
    else this.#stride = Math.min(MAX_STRIDE, this.#stride * 2);
    this.#untilLook = this.#stride;
    this.#exhausted = now >= this.#budgetEnds;
    return !this.#exhausted;
  }

  #append(runnable: Runnable): void {
    if (this.#tail === undefined) this.#head = runnable;
    else this.#tail.nextReady = runnable;
    this.#tail = runnable;
  }
}
