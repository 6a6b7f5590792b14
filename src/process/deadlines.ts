import type { Clock, Timer } from '../clock.js';

/** Something that may take only so long. */
export abstract class Deadline {
  readonly timeoutMs: number;
  /** Whole ms of the monotonic clock. */
  expiresAt = 0;
  // Where it stands; used by its queue alone.
  queue: DeadlineQueue | undefined;
  previous: Deadline | undefined;
  next: Deadline | undefined;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  /** Time is up. */
  abstract expire(): void;
}

/** A list that anything can leave at once: nobody holds on to what is over, and its memory is free while it is young. */
class DeadlineQueue {
  first: Deadline | undefined;
  #last: Deadline | undefined;

  append(deadline: Deadline): void {
    deadline.queue = this;
    deadline.previous = this.#last;
    deadline.next = undefined;
    if (this.#last === undefined) this.first = deadline;
    else this.#last.next = deadline;
    this.#last = deadline;
  }

  remove(deadline: Deadline): void {
    const { previous, next } = deadline;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    deadline.queue = deadline.previous = deadline.next = undefined;
  }
}

/** Deadlines of one duration: the first to come is the first to expire, so one timer serves all. */
class TimedQueue extends DeadlineQueue {
  readonly timeoutMs: number;
  timer: Timer;

  constructor(timeoutMs: number, timer: Timer) {
    super();
    this.timeoutMs = timeoutMs;
    this.timer = timer;
  }
}

/**
 * Time-outs for very many short waits. One that is over within its turn of the event loop, as most calls are, costs
 * neither a timer nor a look at the clock: those still open at the end of the turn are counted from there.
 */
export class Deadlines {
  readonly #clock: Clock;
  /** Those of this turn. */
  readonly #fresh = new DeadlineQueue();
  readonly #timed = new Map<number, TimedQueue>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(deadline: Deadline): void {
    this.#fresh.append(deadline);
  }

  /** Whatever it was for is settled. */
  remove(deadline: Deadline): void {
    const { queue } = deadline;
    if (queue === undefined) return;
    queue.remove(deadline);
    if (queue.first !== undefined || !(queue instanceof TimedQueue)) return;
    this.#clock.clearTimeout(queue.timer);
    this.#timed.delete(queue.timeoutMs);
  }

  /** Starts the time of those added in this turn that are still open. */
  endTurn(): void {
    if (this.#fresh.first === undefined) return;
    const now = Math.ceil(this.#clock.monotonic());
    let queue: TimedQueue | undefined;
    while (this.#fresh.first !== undefined) {
      const deadline = this.#fresh.first;
      const { timeoutMs } = deadline;
      this.#fresh.remove(deadline);
      if (timeoutMs === Number.POSITIVE_INFINITY) continue;
      deadline.expiresAt = now + Math.ceil(timeoutMs);
      // Neighbours mostly have the same time-out.
      if (queue?.timeoutMs !== timeoutMs) queue = this.#queueOf(timeoutMs);
      queue.append(deadline);
    }
  }

  #queueOf(timeoutMs: number): TimedQueue {
    let queue = this.#timed.get(timeoutMs);
    if (queue === undefined) {
      queue = new TimedQueue(
        timeoutMs,
        this.#clock.setTimeout(() => this.#expire(timeoutMs), timeoutMs),
      );
      this.#timed.set(timeoutMs, queue);
    }
    return queue;
  }

  #expire(timeoutMs: number): void {
    const queue = this.#timed.get(timeoutMs);
    const now = this.#clock.monotonic();
    while (queue?.first !== undefined && queue.first.expiresAt <= now) {
      const deadline = queue.first;
      this.remove(deadline);
      deadline.expire();
    }
    if (queue?.first === undefined) return;
    queue.timer = this.#clock.setTimeout(() => this.#expire(timeoutMs), Math.max(1, queue.first.expiresAt - now));
  }
}
