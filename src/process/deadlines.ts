import type { Clock, Timer } from '../clock.js';

/** A place in the ring of the deadlines of one batch; the batch itself has one, and is the last to leave. */
abstract class RingPlace {
  previous: RingPlace | undefined;
  next: RingPlace | undefined;
}

/**
 * Something with a time limit. Very many are open at once: it stands in a ring with the others, so that adding one allocates
 * nothing, and one that is over holds nothing.
 */
export abstract class Deadline extends RingPlace {
  /** Called when the wait has taken `timeoutMs`. */
  abstract expire(timeoutMs: number): void;

  /** Cancels the deadline: the wait it limits has been settled. */
  removeDeadline(): void {
    const { previous, next } = this;
    if (previous === undefined || next === undefined) return;
    previous.next = next;
    next.previous = previous;
    this.previous = this.next = undefined;
    if (next instanceof Batch && previous === next) next.emptied();
  }
}

/** Deadlines of one turn and one duration: they expire together. */
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

  /** Called when no deadline is left. */
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
    // What expires may remove others.
    while (this.next instanceof Deadline) {
      const deadline = this.next;
      deadline.removeDeadline();
      deadline.expire(this.timeoutMs);
    }
  };
}

/**
 * Time-outs for very many short waits. One that is over within its turn of the event loop, as most calls are, costs
 * neither a timer nor a look at the clock: those still open at the end of the turn are counted from there, and share one
 * timer per duration.
 */
export class Deadlines {
  readonly #clock: Clock;
  /** The batches of this turn. */
  readonly #fresh = new Map<number, Batch>();
  /** Cached because successive calls mostly have the same time-out. */
  #newest: Batch | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param timeoutMs Infinity: for ever */
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
