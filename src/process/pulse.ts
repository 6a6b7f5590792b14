import type { Clock, Timer } from '../clock.js';

/** The longest that processes keep what they did to themselves, however much telling it costs, ms. */
const MAX_INTERVAL_MS = 1000;
/** How long costs are watched before the interval is changed, ms. */
const REVIEW_MS = 1000;

/** What there is to tell; told in portions, or all at once. */
export interface Work {
  isPending(): boolean;
  /** From here on, portions tell what there is now; what comes later is for later. */
  begin(): void;
  /** Tells a portion; `true`: that was the last. */
  portion(): boolean;
  /** Tells everything. */
  flush(): void;
}

interface PulseOptions {
  readonly clock: Clock;
  /** How often to flush at most, ms. */
  readonly intervalMs: number;
  /** The share of the time that observing may take. */
  readonly budget: number;
  /** How much time it has taken so far, ms. */
  spentMs(): number;
  readonly work: Work;
}

/**
 * When processes tell what they did: at the end of a turn of the event loop, but not much more often than the interval;
 * by a timer what is left then. While nobody waits for it, it is done in portions, one in a turn of the event loop.
 * Nothing is pending while nothing happens. The interval grows while observing costs more than its budget, and shrinks
 * back when it costs less than half.
 */
export class Pulse {
  readonly #options: PulseOptions;
  #intervalMs: number;
  #flushedAt = Number.NEGATIVE_INFINITY;
  /** Of the next flush, or of the next portion of this one. */
  #timer: Timer | undefined;
  /** Whether portions are under way. */
  #isTelling = false;
  /** Those who wait for the last of them. */
  #settled: (() => void)[] = [];
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
    const { clock, work } = this.#options;
    if (this.#timer !== undefined || !work.isPending()) return;
    const rest = this.#flushedAt + this.#intervalMs - clock.monotonic();
    if (rest <= 0) this.#beat();
    else this.#after(rest, this.#beat);
  }

  /** Somebody reads: all is told here and now. */
  flush(): void {
    this.#cancel();
    this.#isTelling = false;
    this.#options.work.flush();
    this.#settle();
  }

  /** Somebody wants to read, but can wait: calls `ready` when all that happened so far is told. */
  whenSettled(ready: () => void): void {
    if (!this.#options.work.isPending()) {
      ready();
      return;
    }
    this.#settled.push(ready);
    if (this.#isTelling) {
      this.#options.work.begin();
      return;
    }
    this.#cancel();
    this.#beat();
  }

  readonly #beat = (): void => {
    this.#options.work.begin();
    this.#portion();
  };

  readonly #portion = (): void => {
    this.#isTelling = !this.#options.work.portion();
    if (this.#isTelling) {
      // By a timer: between two of them, sockets have their turn.
      this.#after(0, this.#portion);
      return;
    }
    this.#flushedAt = this.#options.clock.monotonic();
    this.#review();
    this.#settle();
  };

  #after(ms: number, action: () => void): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      action();
    }, ms);
    this.#timer.unref();
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #settle(): void {
    const settled = this.#settled;
    this.#settled = [];
    for (const ready of settled) ready();
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
