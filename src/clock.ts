// These functions are captured when noex is loaded. So fake timers that a test installs later do not stop a running
// runtime.
const { setTimeout, clearTimeout, setImmediate } = globalThis;
const wallClock = Date.now;
const monotonic = performance.now.bind(performance);

/** Calls `action` in the next turn of the event loop. */
export function nextTurn(action: () => void): void {
  setImmediate(action);
}

/** A timer that `setTimeout` of a {@link Clock} returned. Pass it to `clearTimeout` of the same clock. */
export interface Timer {
  /** Lets the Node.js process end while this timer is pending. */
  unref(): unknown;
}

/** A source of time and timers. `now` is wall-clock time, which may jump. Use `monotonic` to compute durations. */
export interface Clock {
  /** Wall-clock time, ms since the epoch. Jumps when the machine's clock is set. */
  now(): number;
  /** Monotonic time, ms since an arbitrary start. Never goes back. */
  monotonic(): number;
  setTimeout(callback: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** The maximum delay of a timer, ms (about 24.8 days). Node.js fires timers with a longer delay at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock and timers of this machine. */
export const systemClock: Clock = {
  now: wallClock,
  monotonic,
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

interface Scheduled extends Timer {
  readonly due: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/**
 * A clock on which time passes only during `advance`. `stepWallClock` sets the wall clock alone.
 *
 * @example
 * const clock = new SimulatedClock();
 * clock.setTimeout(() => console.log('five seconds later'), 5000);
 * clock.advance(5000); // prints before it returns
 */
export class SimulatedClock implements Clock {
  #monotonic = 0;
  #epoch: number;
  #order = 0;
  /** A binary heap with the earliest timer first. Timers with equal times fire in the order in which they were set. */
  readonly #timers: Scheduled[] = [];

  /** @param now the first result of `now()`, ms since the epoch */
  constructor(now = Date.UTC(2024, 0, 15, 10, 30)) {
    this.#epoch = now;
  }

  now(): number {
    return this.#epoch + this.#monotonic;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    const delay = Math.max(0, ms);
    const timer: Scheduled = { due: this.#monotonic + delay, order: this.#order++, callback, unref: () => timer };
    siftUp(this.#timers, timer);
    return timer;
  }

  clearTimeout(timer: Timer): void {
    (timer as Scheduled).callback = undefined;
  }

  /** The number of timers that are set, and have neither fired nor been cleared. */
  get pendingTimers(): number {
    return this.#timers.filter(({ callback }) => callback !== undefined).length;
  }

  /** Advances time by `ms`. Fires all timers that are due by then, each at its due time, also those set meanwhile. */
  advance(ms: number): void {
    const end = this.#monotonic + ms;
    for (let next = this.#timers[0]; next !== undefined && next.due <= end; next = this.#timers[0]) {
      removeFirst(this.#timers);
      const { callback } = next;
      if (callback === undefined) continue;
      next.callback = undefined;
      this.#monotonic = Math.max(this.#monotonic, next.due);
      callback();
    }
    // A callback may have called `advance` itself, beyond `end`. Time must not go back.
    this.#monotonic = Math.max(this.#monotonic, end);
  }

  /** Sets the wall clock forward by `ms`, or back if `ms` is negative. Monotonic time and timers are not affected. */
  stepWallClock(ms: number): void {
    this.#epoch += ms;
  }
}

function before(a: Scheduled, b: Scheduled): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

function siftUp(heap: Scheduled[], timer: Scheduled): void {
  let at = heap.length;
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = heap[parentAt] as Scheduled;
    if (!before(timer, parent)) break;
    heap[at] = parent;
    at = parentAt;
  }
  heap[at] = timer;
}

function removeFirst(heap: Scheduled[]): void {
  const last = heap.pop() as Scheduled;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let childAt = 2 * at + 1;
    if (childAt >= heap.length) break;
    const right = heap[childAt + 1];
    if (right !== undefined && before(right, heap[childAt] as Scheduled)) childAt += 1;
    const child = heap[childAt] as Scheduled;
    if (!before(child, last)) break;
    heap[at] = child;
    at = childAt;
  }
  heap[at] = last;
}
