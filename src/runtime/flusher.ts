import type { EventBatch } from '../../streams/local-model.js';
import type { Clock, Timer } from '../clock.js';
import { FlushInterval } from './flush-interval.js';

/** The most processes whose counters one batch reports, and the most events it folds: together 1 to 2 ms. */
const BATCH_SIZE = 500;
/** A batch folds at least this share of the waiting events, so that they cannot pile up. */
const MIN_SHARE = 1 / 16;

interface FlusherOptions {
  readonly clock: Clock;
  /** The shortest interval between two flushes, ms. */
  readonly intervalMs: number;
  /** The share of one core that observing may take; above it, the interval grows. */
  readonly budget: number;
  /** The time that observing has taken so far, ms. */
  spentMs(): number;
  /** The number of processes with counters that are not reported yet. */
  dirtyCount(): number;
  /** Emits the counters of at most `most` processes, those first that have waited longest. */
  report(most: number): void;
  /** The number of events emitted so far. */
  eventCount(): number;
  /** Runs the work of a flush, and measures what it costs. */
  run<Result>(work: () => Result): Result;
}

/**
 * Turns pending counters of processes into events, and has all events folded into the model. A requested flush runs at
 * the end of a turn of the event loop, at most once per interval, in batches: between two batches other work has its turn.
 * A flush for a reader runs at once. While nothing happens, no timer is pending.
 */
export class Flusher {
  readonly #options: FlusherOptions;
  readonly #interval: FlushInterval;
  readonly #listeners = new Set<(batch: EventBatch) => void>();
  #flushedAt = Number.NEGATIVE_INFINITY;
  /** Of the next flush, or of the next batch of this one. */
  #timer: Timer | undefined;
  /** More batches of this flush follow. */
  #isBetweenBatches = false;
  #isReporting = false;
  /** Callbacks to call after the last batch. */
  #waiting: (() => void)[] = [];
  /** The processes that this flush still has to report. */
  #unreported = 0;
  #folded = 0;
  /** The number of events that are folded when this flush is over. */
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

  /** The events emitted now come from a flush, which folds them itself: they are no reason for another flush. */
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

  /** Flushes now if the interval since the last flush is over, otherwise when it is. Does nothing when nothing is pending. */
  requestFlush(): void {
    if (this.#timer !== undefined || !this.isPending) return;
    const rest = this.#flushedAt + this.#interval.ms - this.#options.clock.monotonic();
    if (rest <= 0) this.#startBatches();
    else this.#schedule(rest, this.#startBatches);
  }

  /** For a synchronous read: reports and folds everything before it returns. */
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
   * For a reader that can wait: flushes in batches, and calls `ready` when all that happened so far is folded. The flush begins at
   * once, unless observing has used up its budget: then at the end of the interval.
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
      // A timer rather than a microtask: sockets are read between two batches.
      this.#schedule(0, this.#flushBatch);
      return;
    }
    this.#flushedAt = this.#options.clock.monotonic();
    this.#interval.review();
    this.#callWaiting();
  };

  /** The flush covers what is pending now; what comes later belongs to the next one. */
  #setTarget(): void {
    this.#unreported = this.#options.dirtyCount();
    this.#target = this.#options.eventCount();
  }

  /** Returns whether it was the last batch. */
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
    // Subtracted first: a listener of these events may read, which reports the rest.
    this.#unreported -= count;
    this.#isReporting = true;
    this.#options.report(count);
    this.#isReporting = false;
    this.#target = this.#options.eventCount();
  }

  #fold(batch: EventBatch): void {
    // Counted first: events that a subscriber of the model emits belong to the next flush.
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
