import type { EventBatch } from '../../streams/local-model.js';
import type { Clock, Timer } from '../clock.js';
import { FlushInterval } from './flush-interval.js';

/** A batch reports the counters of at most this many processes, and folds as many events. This takes 1 to 2 ms. */
const BATCH_SIZE = 500;
/**
 * If many events wait, a batch folds more than {@link BATCH_SIZE}: this share of them. The backlog therefore stays
 * bounded, however fast events are emitted.
 */
const MIN_SHARE = 1 / 16;

interface FlusherOptions {
  readonly clock: Clock;
  /** The minimum interval between two requested flushes, ms. */
  readonly intervalMs: number;
  /** The share of one core that observing may take. If it took more, the interval grows. */
  readonly budget: number;
  /** The time that observing has taken so far, ms. */
  spentMs(): number;
  /** The number of processes with counters that are not reported yet. */
  dirtyCount(): number;
  /** Emits the counters of at most `maxProcesses` processes as events, those that have waited longest first. */
  report(maxProcesses: number): void;
  /** The number of events emitted so far. */
  eventCount(): number;
  /** Runs `work`, measures its time as cost of observing, and returns its result. */
  run<Result>(work: () => Result): Result;
}

/**
 * Turns pending counters of processes into events, and makes the model fold all events. Requested flushes run at most
 * once per interval. A requested flush is split into batches, and other work runs between two batches. A flush for a
 * synchronous read runs at once and as a whole. While nothing happens, no timer is pending.
 */
export class Flusher {
  readonly #options: FlusherOptions;
  readonly #interval: FlushInterval;
  readonly #listeners = new Set<(batch: EventBatch) => void>();
  #flushedAt = Number.NEGATIVE_INFINITY;
  /** The timer for the next flush, or for the next batch of the current flush. */
  #timer: Timer | undefined;
  /** Whether further batches of the current flush follow. */
  #isBetweenBatches = false;
  #isReporting = false;
  /** Callbacks to call after the last batch. */
  #waiting: (() => void)[] = [];
  /** The number of processes that the current flush still has to report. */
  #unreported = 0;
  /** The number of events folded so far. */
  #folded = 0;
  /** The value of `#folded` at which the current flush is complete. */
  #target = 0;

  constructor(options: FlusherOptions) {
    const { budget, intervalMs } = options;
    this.#options = options;
    this.#interval = new FlushInterval({ minMs: intervalMs, budget, spentMs: () => options.spentMs() });
  }

  /** The current interval between flushes, ms. */
  get intervalMs(): number {
    return this.#interval.ms;
  }

  /** Whether a flush emits events now. It folds these events itself, so they must not request another flush. */
  get isReporting(): boolean {
    return this.#isReporting;
  }

  /** Whether a flush would report or fold anything. */
  get isPending(): boolean {
    return this.#options.dirtyCount() > 0 || this.#options.eventCount() > this.#folded;
  }

  /** Calls `listener` for each batch of events to fold. Returns the unsubscribe function. */
  onFlushed(listener: (batch: EventBatch) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Starts a flush in batches, now or at the end of the interval since the last flush. Does nothing if nothing is
   * pending, or if a flush is scheduled or in progress.
   */
  requestFlush(): void {
    if (this.#timer !== undefined || !this.isPending) return;
    const rest = this.#flushedAt + this.#interval.ms - this.#options.clock.monotonic();
    if (rest <= 0) this.#startBatches();
    else this.#schedule(rest, this.#startBatches);
  }

  /** Reports and folds everything that is pending before it returns. Also completes a flush in progress. */
  flushNow(): void {
    this.#cancelTimer();
    this.#isBetweenBatches = false;
    this.#options.run(() => {
      this.#setTarget();
      this.#report(this.#unreported);
      this.#fold({ events: this.#target - this.#folded, isLast: true });
    });
    this.#callWaiting();
  }

  /**
   * Flushes in batches, for readers that can wait. Calls `ready` once everything that was pending at the call is
   * folded; if nothing is pending, calls it before returning. The flush begins at once, or extends a flush in progress.
   * If observing exceeds its budget, the flush begins at the end of the interval.
   */
  flushSoon(ready: () => void): void {
    if (!this.isPending) {
      ready();
      return;
    }
    this.#waiting.push(ready);
    if (this.#isBetweenBatches) {
      this.#setTarget();
      return;
    }
    if (this.#interval.isLengthened) {
      this.requestFlush();
      return;
    }
    this.#cancelTimer();
    this.#startBatches();
  }

  readonly #startBatches = (): void => {
    this.#setTarget();
    this.#flushBatch();
  };

  readonly #flushBatch = (): void => {
    this.#isBetweenBatches = !this.#options.run(() => this.#nextBatch());
    if (this.#isBetweenBatches) {
      // The next batch runs in a timer and not in a microtask, so that sockets are read between two batches.
      this.#schedule(0, this.#flushBatch);
      return;
    }
    this.#flushedAt = this.#options.clock.monotonic();
    this.#interval.review();
    this.#callWaiting();
  };

  /** Makes the flush cover everything that is pending now, and the events that reporting it causes. */
  #setTarget(): void {
    this.#unreported = this.#options.dirtyCount();
    this.#target = this.#options.eventCount();
  }

  /** Reports and folds one batch. Returns whether it was the last one. */
  #nextBatch(): boolean {
    if (this.#unreported > 0) this.#report(Math.min(BATCH_SIZE, this.#unreported));
    const waiting = this.#options.eventCount() - this.#folded;
    const most = Math.max(BATCH_SIZE, Math.ceil(waiting * MIN_SHARE));
    const events = Math.min(this.#target - this.#folded, most);
    const isLast = this.#unreported === 0 && this.#folded + events === this.#target;
    this.#fold({ events, isLast });
    return isLast;
  }

  #report(count: number): void {
    // Must come before `report`: a listener of the reported events may read synchronously, which reports everything
    // else.
    this.#unreported -= count;
    this.#isReporting = true;
    this.#options.report(count);
    this.#isReporting = false;
    this.#target = this.#options.eventCount();
  }

  #fold(batch: EventBatch): void {
    // Must come before the listeners: a listener may read synchronously, and that flush must not fold these events
    // again.
    this.#folded += batch.events;
    for (const listener of this.#listeners) listener(batch);
  }

  #schedule(ms: number, action: () => void): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      action();
    }, ms);
    this.#timer.unref();
  }

  #cancelTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #callWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const ready of waiting) ready();
  }
}
