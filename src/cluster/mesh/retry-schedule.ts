import type { Clock, Timer } from '../../clock.js';
import { type BackoffOptions, backoffDelayMs } from '../backoff.js';

export interface RetryOptions<Key> {
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: BackoffOptions;
  /**
   * Makes one attempt. When its outcome is known, the owner calls {@link RetrySchedule.failed} or {@link
   * RetrySchedule.end}.
   */
  readonly attempt: (key: Key) => void;
}

/**
 * The number of attempts in one batch. Each attempt takes CPU time. So the first attempt of a series is delayed by one
 * {@link BATCH_INTERVAL_MS} for every full batch of series that exist when it begins.
 */
const BATCH_SIZE = 16;
/** The delay between two batches, ms. */
const BATCH_INTERVAL_MS = 10;

/** The attempts for one key. */
interface Series {
  /** How many attempts of this series have failed. */
  failures: number;
  /** `undefined` while an attempt is under way. */
  timer: Timer | undefined;
}

/** Repeats the attempts for each key with a growing delay, until the owner ends them. */
export class RetrySchedule<Key> {
  readonly #options: RetryOptions<Key>;
  readonly #series = new Map<Key, Series>();
  #isStopped = false;

  constructor(options: RetryOptions<Key>) {
    this.#options = options;
  }

  has(key: Key): boolean {
    return this.#series.has(key);
  }

  /** Returns how many attempts of the series for a key have failed. Returns 0 if there is no series. */
  failures(key: Key): number {
    return this.#series.get(key)?.failures ?? 0;
  }

  /**
   * Begins a series of attempts for a key, unless there is one already. The first attempt waits for its batch, at least
   * until the next turn of the event loop.
   *
   * @param when `now`: without a further delay. `soon`: after the shortest delay of the backoff
   */
  begin(key: Key, when: 'now' | 'soon'): void {
    if (this.#isStopped || this.#series.has(key)) return;
    const series: Series = { failures: 0, timer: undefined };
    this.#series.set(key, series);
    const batchDelayMs = Math.floor(this.#series.size / BATCH_SIZE) * BATCH_INTERVAL_MS;
    this.#schedule(key, series, batchDelayMs + (when === 'now' ? 0 : this.#delay(0)));
  }

  /**
   * Records that the attempt for a key failed. Schedules the next attempt, after a delay that grows with the failures.
   * Does nothing if no attempt for this key is under way.
   */
  failed(key: Key): void {
    const series = this.#series.get(key);
    if (series === undefined || series.timer !== undefined) return;
    this.#schedule(key, series, this.#delay(series.failures));
    series.failures += 1;
  }

  end(key: Key): void {
    const timer = this.#series.get(key)?.timer;
    if (timer !== undefined) this.#options.clock.clearTimeout(timer);
    this.#series.delete(key);
  }

  stop(): void {
    this.#isStopped = true;
    for (const key of [...this.#series.keys()]) this.end(key);
  }

  #schedule(key: Key, series: Series, delayMs: number): void {
    series.timer = this.#options.clock.setTimeout(() => {
      series.timer = undefined;
      this.#options.attempt(key);
    }, delayMs);
  }

  #delay(failures: number): number {
    return backoffDelayMs(failures, this.#options.backoff, this.#options.random);
  }
}
