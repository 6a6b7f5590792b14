import type { Clock, Timer } from '../clock.js';

/** Something that may take only so long. */
export abstract class Deadline {
  readonly timeoutMs: number;
  /** Used by {@link Deadlines} alone: where it stands in its queue. */
  queue: DeadlineQueue | undefined;
  previous: Deadline | undefined;
  next: Deadline | undefined;
  expiresAt = 0;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  abstract readonly settled: boolean;
  /** Time is up. */
  abstract expire(): void;
}

/** Deadlines of one duration: the first to be added is the first to expire, so one timer serves all. */
interface DeadlineQueue {
  first: Deadline | undefined;
  last: Deadline | undefined;
  timer: Timer;
}

/**
 * Time-outs for very many short waits. One that is over within its turn of the event loop, as most calls are, costs
 * neither a timer nor a look at the clock: those still open at the end of the turn are counted from there.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #queues = new Map<number, DeadlineQueue>();
  #fresh: Deadline[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(deadline: Deadline): void {
    this.#fresh.push(deadline);
  }

  /** Starts the time of those added in this turn that are still open. */
  endTurn(): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh;
    this.#fresh = [];
    let now: number | undefined;
    for (const deadline of fresh) {
      if (deadline.settled || deadline.timeoutMs === Number.POSITIVE_INFINITY) continue;
      now ??= this.#clock.monotonic();
      this.#enqueue(deadline, now);
    }
  }

  remove(deadline: Deadline): void {
    const { queue, previous, next, timeoutMs } = deadline;
    if (queue === undefined) return;
    if (previous === undefined) queue.first = next;
    else previous.next = next;
    if (next === undefined) queue.last = previous;
    else next.previous = previous;
    deadline.queue = deadline.previous = deadline.next = undefined;
    if (queue.first !== undefined) return;
    this.#clock.clearTimeout(queue.timer);
    this.#queues.delete(timeoutMs);
  }

  #enqueue(deadline: Deadline, now: number): void {
    const { timeoutMs } = deadline;
    deadline.expiresAt = now + timeoutMs;
    const queue = this.#queues.get(timeoutMs) ?? this.#open(timeoutMs);
    deadline.queue = queue;
    deadline.previous = queue.last;
    if (queue.last === undefined) queue.first = deadline;
    else queue.last.next = deadline;
    queue.last = deadline;
  }

  #open(timeoutMs: number): DeadlineQueue {
    const timer = this.#clock.setTimeout(() => this.#expire(timeoutMs), timeoutMs);
    const queue: DeadlineQueue = { first: undefined, last: undefined, timer };
    this.#queues.set(timeoutMs, queue);
    return queue;
  }

  #expire(timeoutMs: number): void {
    const queue = this.#queues.get(timeoutMs);
    if (queue === undefined) return;
    const now = this.#clock.monotonic();
    // Node's timers may fire up to a millisecond early.
    while (queue.first !== undefined && queue.first.expiresAt <= now + 1) {
      const deadline = queue.first;
      this.remove(deadline);
      deadline.expire();
    }
    if (queue.first === undefined) return;
    queue.timer = this.#clock.setTimeout(() => this.#expire(timeoutMs), queue.first.expiresAt - now);
  }
}
