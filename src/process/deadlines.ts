import type { Clock, Timer } from '../clock.js';

/** An element of a doubly linked ring. Each ring consists of one batch and its open deadlines. */
abstract class RingPlace {
  previous: RingPlace | undefined;
  next: RingPlace | undefined;
}

/**
 * A wait with a time limit. Deadlines are linked in a ring instead of a collection, so that adding a deadline allocates
 * nothing, and a settled deadline keeps no references.
 */
export abstract class Deadline extends RingPlace {
  /** Must settle the wait, which has lasted `timeoutMs`, with a time-out. The deadline has been removed before. */
  abstract expire(timeoutMs: number): void;

  /** Removes the deadline, so that it does not expire. Does nothing if it is not pending. */
  removeDeadline(): void {
    const { previous, next } = this;
    if (previous === undefined || next === undefined) return;
    previous.next = next;
    next.previous = previous;
    this.previous = this.next = undefined;
    if (next instanceof Batch && previous === next) next.emptied();
  }
}

/** Deadlines that were added in the same turn of the event loop with the same duration. They share one timer. */
class Batch extends RingPlace {
  readonly timeoutMs: number;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(timeoutMs: number, clock: Clock) {
    super();
    this.timeoutMs = timeoutMs;
    this.#clock = clock;
    this.previous = this.next = this;
  }

  add(deadline: Deadline): void {
    const last = this.previous ?? this;
    last.next = deadline;
    deadline.previous = last;
    deadline.next = this;
    this.previous = deadline;
  }

  /** Cancels the timer, because no deadline of the batch is open any more. */
  emptied(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Starts the timer if any deadline is still open. */
  start(): void {
    if (this.next !== this) this.#timer = this.#clock.setTimeout(this.#expire, this.timeoutMs);
  }

  readonly #expire = (): void => {
    this.#timer = undefined;
    // `expire` may remove other deadlines of this batch, so the loop takes the next one from the ring each time.
    while (this.next instanceof Deadline) {
      const deadline = this.next;
      deadline.removeDeadline();
      deadline.expire(this.timeoutMs);
    }
  };
}

/**
 * Time-outs for a large number of short waits. A wait that is settled within its turn of the event loop, as most calls
 * are, costs neither a timer nor a clock reading. All other waits are timed from the end of the turn in which they
 * began. Waits that began in the same turn with the same duration share one timer.
 */
export class Deadlines {
  readonly #clock: Clock;
  /** The batches of this turn, by duration in ms. */
  readonly #fresh = new Map<number, Batch>();
  /**
   * The batch that `add` used last. Successive calls mostly have the same time-out, so `add` tries this batch first.
   */
  #newest: Batch | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a deadline that expires after `timeoutMs`. With Infinity it never expires. */
  add(deadline: Deadline, timeoutMs: number): void {
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    if (this.#newest?.timeoutMs !== timeoutMs) this.#newest = this.#batchOf(timeoutMs);
    this.#newest.add(deadline);
  }

  /** Starts the timers of the deadlines added in this turn that are still open. */
  endTurn(): void {
    if (this.#newest === undefined) return;
    for (const batch of this.#fresh.values()) batch.start();
    this.#fresh.clear();
    this.#newest = undefined;
  }

  #batchOf(timeoutMs: number): Batch {
    let batch = this.#fresh.get(timeoutMs);
    if (batch === undefined) {
      batch = new Batch(timeoutMs, this.#clock);
      this.#fresh.set(timeoutMs, batch);
    }
    return batch;
  }
}
