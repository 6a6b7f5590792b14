import type { ObserverCost } from '../../streams/snapshot.js';

/** Costs are averaged over this time, ms. */
const WINDOW_MS = 10_000;
/** The window moves in steps of this length, ms. */
const STEP_MS = 1000;

interface Totals {
  readonly ms: number;
  readonly events: number;
  readonly bytes: number;
}

/** Measures the cost of observing, in total and over the last ten seconds. */
export class CostMeter {
  readonly #now: () => number;
  readonly #startedAt: number;
  #totals: Totals = { ms: 0, events: 0, bytes: 0 };
  /** The totals at the beginning of each step in which costs arose, oldest first. */
  #marks: (Totals & { readonly at: number })[] = [];
  #measuring = false;

  /** @param now reads a monotonic clock, ms */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAt = now();
  }

  /** The time that observing has taken so far, ms. */
  get spentMs(): number {
    return this.#totals.ms;
  }

  /** Runs `work` and counts its time. Of nested calls, only the outermost call is counted. */
  measured<Result>(work: () => Result): Result {
    if (this.#measuring) return work();
    this.#measuring = true;
    const begun = this.#now();
    try {
      return work();
    } finally {
      this.#measuring = false;
      this.#add({ ms: this.#now() - begun });
    }
  }

  recordEvents(events: number): void {
    if (events > 0) this.#add({ events });
  }

  recordBytes(bytes: number): void {
    this.#add({ bytes });
  }

  /**
   * The cost per second over the last ten seconds. A younger meter averages over its age, but at least over one second.
   */
  cost(): ObserverCost {
    const now = this.#now();
    this.#marks = this.#marks.filter(({ at }) => at > now - WINDOW_MS);
    const [base = this.#totals] = this.#marks;
    const seconds = Math.min(WINDOW_MS, Math.max(STEP_MS, now - this.#startedAt)) / 1000;
    return {
      msPerSecond: rounded((this.#totals.ms - base.ms) / seconds),
      eventsPerSecond: rounded((this.#totals.events - base.events) / seconds),
      bytesPerSecond: rounded((this.#totals.bytes - base.bytes) / seconds),
    };
  }

  #add({ ms = 0, events = 0, bytes = 0 }: Partial<Totals>): void {
    const at = this.#now();
    const newest = this.#marks.at(-1);
    if (newest === undefined || at >= newest.at + STEP_MS) {
      this.#marks.push({ at, ...this.#totals });
      if (this.#marks.length > 2 * (WINDOW_MS / STEP_MS)) this.#marks.shift();
    }
    this.#totals = {
      ms: this.#totals.ms + ms,
      events: this.#totals.events + events,
      bytes: this.#totals.bytes + bytes,
    };
  }
}

/** Rounds to three decimals, which keeps reports short. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
