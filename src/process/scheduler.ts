import type { AsyncContext } from '../async-context.js';
import { nextTurn } from '../clock.js';

/** How long processes may hold the event loop before timers and sockets get their turn, ms. */
const BUDGET_MS = 5;
/** The most messages handled between two looks at the clock: also the most one process handles before the next one may. */
const MAX_STRIDE = 64;
/** After the event loop was blocked by an unknown cause, this many messages are timed one by one to find it. */
const TIMED_AFTER_BLOCK = 256;

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
   * Does at most `limit` units of work and returns how many. `isTimed`: each unit is timed, and reported when it blocks
   * the event loop for too long.
   */
  run(limit: number, isTimed: boolean): number;
  /** Whether there is work that could be done now. */
  readonly runnable: boolean;
  /** Called when its last portion of work blocked the event loop for `ms`. */
  blockedLoop(ms: number): void;
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
  #untilReading = 1;
  #stride = 1;
  #lastReading = 0;
  /** The process that ran since the last check. `undefined`: no process, and nothing else; `null`: more than one. */
  #onlyRunner: Runnable | undefined | null = null;
  /** How much of the time since the last look is explained already, ms. */
  #explainedMs = 0;
  #timedLeft = 0;
  #isTimed = false;

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
    this.#lastReading = this.#preciseNow();
    this.#explainedMs = 0;
    this.#budgetEnds = this.#lastReading + BUDGET_MS;
    nextTurn(this.#onTurnEnd);
  }

  /** A timed handler, or a listener of its event, blocked the event loop for `ms`: the cause is known. */
  markExplained(ms: number): void {
    this.#explainedMs += ms;
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
    this.#onlyRunner = null;
    this.#context.run(this.#drain);
  };

  readonly #onTurnEnd = (): void => this.#context.run(this.#turnEnds);

  readonly #drain = (): void => {
    while (this.#head !== undefined) {
      if (this.#untilReading <= 0 && !this.#withinBudget()) return;
      const runnable = this.#head;
      this.#head = runnable.nextReady;
      if (this.#head === undefined) this.#tail = undefined;
      runnable.nextReady = undefined;
      if (this.#onlyRunner !== runnable) this.#onlyRunner = this.#onlyRunner === undefined ? runnable : null;
      this.#untilReading -= Math.max(1, runnable.run(this.#untilReading, this.#isTimed));
      if (runnable.runnable) this.#append(runnable);
    }
    if (this.#onlyRunner) this.#readClock();
  };

  readonly #turnEnds = (): void => {
    // A block of the event loop since the last clock reading must be noticed even when its cause is unknown.
    if (this.#onlyRunner === null && this.#loopBlockedMs !== Number.POSITIVE_INFINITY) this.#readClock();
    this.#turnOpen = false;
    for (const action of this.#endOfTurn) action();
    if (this.#head === undefined) return;
    this.#onlyRunner = this.#turnOpen ? null : undefined;
    this.touch();
    this.#drain();
  };

  /** Reads the clock as rarely as the budget allows: often with slow handlers, rarely with fast ones. */
  #withinBudget(): boolean {
    const spent = this.#readClock();
    if (this.#timedLeft > 0) {
      this.#timedLeft -= 1;
      this.#stride = 1;
    } else if (spent > BUDGET_MS / 5) this.#stride = Math.max(1, this.#stride >> 2);
    else this.#stride = Math.min(MAX_STRIDE, this.#stride * 2);
    this.#untilReading = this.#stride;
    // With the clock read this often, two more readings per message do not matter.
    this.#isTimed = this.#stride === 1 && this.#loopBlockedMs !== Number.POSITIVE_INFINITY;
    this.#exhausted = this.#lastReading >= this.#budgetEnds;
    return !this.#exhausted;
  }

  /** Checks the clock, and reports the process that blocked the event loop since the last check, and for how long. */
  #readClock(): number {
    const now = this.#preciseNow();
    const spent = now - this.#lastReading;
    const unexplained = spent - this.#explainedMs;
    const onlyRunner = this.#onlyRunner;
    this.#lastReading = now;
    this.#explainedMs = 0;
    this.#onlyRunner = undefined;
    if (unexplained >= this.#loopBlockedMs) {
      this.#timedLeft = TIMED_AFTER_BLOCK;
      this.#untilReading = 0;
      onlyRunner?.blockedLoop(unexplained);
    }
    return spent;
  }

  #append(runnable: Runnable): void {
    if (this.#tail === undefined) this.#head = runnable;
    else this.#tail.nextReady = runnable;
    this.#tail = runnable;
  }
}
