import type { Clock, Timer } from '../clock.js';

/** Something with a time limit. */
export abstract class Deadline {
  // Its index in its batch; used only by the batch.
  batch: Batch | undefined;
  place = 0;

  /** Called when the wait has taken `timeoutMs`. */
  abstract expire(timeoutMs: number): void;

  /** Cancels the deadline: the wait it limits has been settled. */
  protected removeDeadline(): void {
    this.batch?.remove(this);
  }
}

/** Deadlines of one turn and one duration: they expire together. */
class Batch {
  readonly timeoutMs: number;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  /** Released at once: a settled call can be collected while it is young. */
  readonly #open: (Deadline | undefined)[] = [];
  /** One past the index of the last open deadline. */
  #end = 0;
  #count = 0;

  constructor(timeoutMs: number, clock: Clock) {
    this.timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  add(deadline: Deadline): void {
    deadline.batch = this;
    deadline.place = this.#end;
    this.#open[this.#end] = deadline;
    this.#end += 1;
    this.#count += 1;
  }

  remove(deadline: Deadline): void {
    const { place } = deadline;
    deadline.batch = undefined;
    this.#open[place] = undefined;
    // Calls made one after another reuse one slot.
    if (place === this.#end - 1) this.#end = place;
    this.#count -= 1;
    if (this.#count > 0 || this.#timer === undefined) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Starts the timer if any deadline is still open. */
  start(): void {
    if (this.#count > 0) this.#timer = this.#clock.setTimeout(this.#expire, this.timeoutMs);
  }

  readonly #expire = (): void => {
    this.#timer = undefined;
    for (const deadline of this.#open) {
      if (deadline === undefined) continue;
      this.remove(deadline);
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
