import type { AsyncContext } from '../async-context.js';
import { nextTurn } from '../clock.js';

/** How long processes may hold the event loop before timers and sockets get their turn, ms. */
const BUDGET_MS = 5;
/** The most messages handled between two looks at the clock: also the most one process handles before the next one may. */
const MAX_STRIDE = 64;
/** After the event loop was blocked by an unknown cause, this many messages are timed one by one to find it. */
const WATCHED = 256;

interface SchedulerOptions {
  /** The async context that processes run in, whichever context woke them. */
  readonly context: AsyncContext;
  /** ms, with fractions; only differences count */
  preciseNow(): number;
  /** How long a batch of messages may block the event loop before it is reported, ms. */
  readonly loopBlockedMs: number;
}

/** Something that works in small batches: a process. */
export interface Runnable {
  /**
   * Does at most `limit` units of work and returns how many. `isWatched`: each unit is timed, and reported when it blocks
   * the event loop for too long.
   */
  run(limit: number, isWatched: boolean): number;
  /** Whether there is work that could be done now. */
  readonly runnable: boolean;
  /** Called when its last portion of work blocked the event loop for `ms`. */
  heldLoop(ms: number): void;
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
  readonly #context: AsyncContext;
  readonly #preciseNow: () => number;
  readonly #loopBlockedMs: number;
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
  /** The process that ran since the last check. `undefined`: no process, and nothing else; `null`: more than one. */
  #worker: Runnable | undefined | null = null;
  /** How much of the time since the last look is explained already, ms. */
  #knownHeldMs = 0;
  #watched = 0;
  #isWatched = false;

  constructor({ context, preciseNow, loopBlockedMs }: SchedulerOptions) {
    this.#context = context;
    this.#preciseNow = preciseNow;
    this.#loopBlockedMs = loopBlockedMs;
  }

  /** `action` runs at the end of each turn of the event loop in which something happened. It must not throw. */
  onEndOfTurn(action: () => void): void {
    this.#endOfTurn.push(action);
  }

  /** Makes the end-of-turn action run at the end of this turn. */
  touch(): void {
    if (this.#turnOpen) return;
    this.#turnOpen = true;
    this.#exhausted = false;
    this.#lastLook = this.#preciseNow();
    this.#knownHeldMs = 0;
    this.#budgetEnds = this.#lastLook + BUDGET_MS;
    nextTurn(this.#onTurnEnd);
  }

  /** A timed handler, or a listener of its event, blocked the event loop for `ms`: the cause is known. */
  heldIsKnown(ms: number): void {
    this.#knownHeldMs += ms;
  }

  /** `runnable` has work now and did not have any before. */
  ready(runnable: Runnable): void {
    this.touch();
    this.#append(runnable);
    if (this.#microtaskPending || this.#exhausted) return;
    this.#microtaskPending = true;
    void this.#microtask.then(this.#onMicrotask);
  }

  readonly #onMicrotask = (): void => {
    this.#microtaskPending = false;
    // Code other than processes has run since the last clock reading.
    this.#worker = null;
    this.#context.run(this.#drain);
  };

  readonly #onTurnEnd = (): void => this.#context.run(this.#turnEnds);

  readonly #drain = (): void => {
    while (this.#head !== undefined) {
      if (this.#untilLook <= 0 && !this.#withinBudget()) return;
      const runnable = this.#head;
      this.#head = runnable.nextReady;
      if (this.#head === undefined) this.#tail = undefined;
      runnable.nextReady = undefined;
      if (this.#worker !== runnable) this.#worker = this.#worker === undefined ? runnable : null;
      this.#untilLook -= Math.max(1, runnable.run(this.#untilLook, this.#isWatched));
      if (runnable.runnable) this.#append(runnable);
    }
    if (this.#worker) this.#look();
  };

  readonly #turnEnds = (): void => {
    // A block of the event loop since the last clock reading must be noticed even when its cause is unknown.
    if (this.#worker === null && this.#loopBlockedMs !== Number.POSITIVE_INFINITY) this.#look();
    this.#turnOpen = false;
    for (const action of this.#endOfTurn) action();
    if (this.#head === undefined) return;
    this.#worker = this.#turnOpen ? null : undefined;
    this.touch();
    this.#drain();
  };

  /** Reads the clock as rarely as the budget allows: often with slow handlers, rarely with fast ones. */
  #withinBudget(): boolean {
    const spent = this.#look();
    if (this.#watched > 0) {
      this.#watched -= 1;
      this.#stride = 1;
    } else if (spent > BUDGET_MS / 5) this.#stride = Math.max(1, this.#stride >> 2);
    else this.#stride = Math.min(MAX_STRIDE, this.#stride * 2);
    this.#untilLook = this.#stride;
    // With the clock read this often, two more readings per message do not matter.
    this.#isWatched = this.#stride === 1 && this.#loopBlockedMs !== Number.POSITIVE_INFINITY;
    this.#exhausted = this.#lastLook >= this.#budgetEnds;
    return !this.#exhausted;
  }

  /** Checks the clock, and reports the process that blocked the event loop since the last check, and for how long. */
  #look(): number {
    const now = this.#preciseNow();
    const spent = now - this.#lastLook;
    const unexplained = spent - this.#knownHeldMs;
    const worker = this.#worker;
    this.#lastLook = now;
    this.#knownHeldMs = 0;
    this.#worker = undefined;
    if (unexplained >= this.#loopBlockedMs) {
      this.#watched = WATCHED;
      this.#untilLook = 0;
      worker?.heldLoop(unexplained);
    }
    return spent;
  }

  #append(runnable: Runnable): void {
    if (this.#tail === undefined) this.#head = runnable;
    else this.#tail.nextReady = runnable;
    this.#tail = runnable;
  }
}
