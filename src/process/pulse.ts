import type { Clock, Timer } from '../clock.js';

/** The longest that processes keep what they did to themselves, however much telling it costs, ms. */
const MAX_INTERVAL_MS = 1000;
/** How long costs are watched before the interval is changed, ms. */
const REVIEW_MS = 1000;

interface PulseOptions {
  readonly clock: Clock;
  /** How often to flush at most, ms. */
  readonly intervalMs: number;
  /** The share of the time that observing may take. */
  readonly budget: number;
  /** How much time it has taken so far, ms. */
  spentMs(): number;
  /** Whether there is anything to tell. */
  isPending(): boolean;
  flush(): void;
}

/**
 * When processes tell what they did: at the end of a turn of the event loop, but not much more often than the interval;
 * by a timer what is left then. Nothing is pending while nothing happens. The interval grows while observing costs more
 * than its budget, and shrinks back when it costs less than half.
 */
export class Pulse {
  readonly #options: PulseOptions;
  #intervalMs: number;
  #flushedAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #reviewedAt: number;
  #spentThen = 0;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs;
    this.#reviewedAt = options.clock.monotonic();
  }

  /** The present interval, ms. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** A turn is over in which something happened. */
  endTurn(): void {
    if (this.#timer !== undefined || !this.#options.isPending()) return;
    const { clock } = this.#options;
    const rest = this.#flushedAt + this.#intervalMs - clock.monotonic();
    if (rest <= 0) {
      this.#beat();
      return;
    }
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      this.#beat();
    }, rest);
    this.#timer.unref();
  }

  /** Somebody reads: all is told here and now. */
  flush(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.flush();
  }

  #beat(): void {
    this.#options.flush();
    this.#flushedAt = this.#options.clock.monotonic();
    this.#review();
  }

  #review(): void {
    const elapsed = this.#flushedAt - this.#reviewedAt;
    if (elapsed < REVIEW_MS) return;
    const { budget, intervalMs, spentMs } = this.#options;
    const spent = spentMs();
    const share = (spent - this.#spentThen) / elapsed;
    this.#reviewedAt = this.#flushedAt;
    this.#spentThen = spent;
    if (share > budget) this.#intervalMs = Math.min(2 * this.#intervalMs, Math.max(intervalMs, MAX_INTERVAL_MS));
    else if (share < budget / 2) this.#intervalMs = Math.max(this.#intervalMs / 2, intervalMs);
  }
}
