import type { AsyncContext } from '../async-context.js';
import { nextTurn } from '../clock.js';

/** How long all processes together may run before timers and sockets get their turn, ms. */
const BUDGET_MS = 5;
/**
 * The maximum number of messages between two clock readings. A process handles no more messages than that before the
 * next process runs.
 */
const MAX_STRIDE = 64;
/** After an unexplained block of the event loop, how many messages are timed individually to find the cause. */
const TIMED_AFTER_BLOCK = 256;

interface SchedulerOptions {
  /** The async context that processes run in, regardless of the context that sent the message. */
  readonly context: AsyncContext;
  /** The time of a monotonic clock, ms with fractions. Only differences count. */
  preciseNow(): number;
  /** How long messages may block the event loop before that is reported, ms. Infinity: it is never reported. */
  readonly loopBlockedMs: number;
}

/** Work that the scheduler runs in small batches: a process. */
export interface Runnable {
  /**
   * Handles at most `limit` messages and returns how many. With `isTimed`, each message is timed, and reported if it
   * blocks the event loop for too long.
   */
  run(limit: number, isTimed: boolean): number;
  /** Whether a message can be handled now. */
  readonly runnable: boolean;
  /** Reports that messages of this process blocked the event loop for `ms`. */
  blockedLoop(ms: number): void;
  /** The next entry in the queue of the scheduler; used only by the scheduler. */
  nextReady: Runnable | undefined;
}

/**
 * Runs the processes that have messages, first come, first served, in batches. Work starts in a microtask, so that a
 * message is handled soon. In each turn of the event loop, all processes together run for a few milliseconds at most;
 * the remaining work continues in the next turn.
 */
export class Scheduler {
  readonly #endOfTurn: (() => void)[] = [];
  readonly #context: AsyncContext;
  readonly #preciseNow: () => number;
  readonly #loopBlockedMs: number;
  readonly #microtask = Promise.resolve();
  #head: Runnable | undefined;
  #tail: Runnable | undefined;
  /** Whether a callback for the end of the current turn is scheduled. */
  #turnOpen = false;
  #microtaskPending = false;
  #budgetEnds = 0;
  #exhausted = false;
  /** How many more messages are handled before the next clock reading. */
  #untilReading = 1;
  /** The planned number of messages from one clock reading to the next. */
  #stride = 1;
  #lastReading = 0;
  /**
   * The only process that ran since the last clock reading. `undefined`: nothing has run. `null`: several processes or
   * other code ran, so a block cannot be attributed.
   */
  #onlyRunner: Runnable | undefined | null = null;
  /** How much of the time since the last clock reading already has a known cause, ms. */
  #explainedMs = 0;
  #timedLeft = 0;
  #isTimed = false;

  constructor({ context, preciseNow, loopBlockedMs }: SchedulerOptions) {
    this.#context = context;
    this.#preciseNow = preciseNow;
    this.#loopBlockedMs = loopBlockedMs;
  }

  /** Runs `action` at the end of each turn in which a process had work or `touch` was called. It must not throw. */
  onEndOfTurn(action: () => void): void {
    this.#endOfTurn.push(action);
  }

  /** Makes the end-of-turn actions run at the end of this turn. */
  touch(): void {
    if (this.#turnOpen) return;
    this.#turnOpen = true;
    this.#exhausted = false;
    this.#lastReading = this.#preciseNow();
    this.#explainedMs = 0;
    this.#budgetEnds = this.#lastReading + BUDGET_MS;
    nextTurn(this.#onTurnEnd);
  }

  /** Records that `ms` of the time since the last clock reading has a known cause, such as a handler that was timed. */
  markExplained(ms: number): void {
    this.#explainedMs += ms;
  }

  /** Adds a process that has work to the queue. It must not be in the queue already. */
  ready(runnable: Runnable): void {
    this.touch();
    this.#append(runnable);
    if (this.#microtaskPending || this.#exhausted) return;
    this.#microtaskPending = true;
    void this.#microtask.then(this.#onMicrotask);
  }

  readonly #onMicrotask = (): void => {
    this.#microtaskPending = false;
    // Other code has run since the last clock reading.
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
    // Reads the clock although a block could not be attributed to a process: after a block is noticed, the next
    // messages are timed individually.
    if (this.#onlyRunner === null && this.#loopBlockedMs !== Number.POSITIVE_INFINITY) this.#readClock();
    this.#turnOpen = false;
    for (const action of this.#endOfTurn) action();
    if (this.#head === undefined) return;
    this.#onlyRunner = this.#turnOpen ? null : undefined;
    this.touch();
    this.#drain();
  };

  /**
   * Reads the clock, and returns whether the time budget of this turn has not been used up. Adapts how often the clock
   * is read: often with slow handlers, rarely with fast ones.
   */
  #withinBudget(): boolean {
    const spent = this.#readClock();
    if (this.#timedLeft > 0) {
      this.#timedLeft -= 1;
      this.#stride = 1;
    } else if (spent > BUDGET_MS / 5) this.#stride = Math.max(1, this.#stride >> 2);
    else this.#stride = Math.min(MAX_STRIDE, this.#stride * 2);
    this.#untilReading = this.#stride;
    // Timing a message takes two clock readings. They hardly matter if the clock is read for every message anyway.
    this.#isTimed = this.#stride === 1 && this.#loopBlockedMs !== Number.POSITIVE_INFINITY;
    this.#exhausted = this.#lastReading >= this.#budgetEnds;
    return !this.#exhausted;
  }

  /**
   * Reads the clock and returns the ms since the last reading. If the part without a known cause reaches
   * `loopBlockedMs`, the next messages are timed individually. If only one process ran, that process reports the block.
   */
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
