import type { Clock, Timer } from '../clock.js';

/** The length of a counting interval, ms. At its end, a summary counts the reports that were not written in full. */
const INTERVAL_MS = 10_000;
/** The maximum numbers of full reports with one verb in an interval: about one subject, one group, and all subjects. */
const LIMITS = [5, 20, 100] as const;
/**
 * When this many counters exist, only counters for {@link ALL} are added. A report about a subject or group without a
 * counter is limited by its other counters only.
 */
const MAX_COUNTERS = 200;
/** The subject of the counter for all reports with one verb. */
const ALL = 'other processes';

/** What a report is about. */
export interface Subject {
  /** What happened, such as `crashed`. Reports with different verbs are counted separately. */
  readonly verb: string;
  readonly level: 'error' | 'warn';
  /** The narrow subject as text, such as `process 'a'`. Reports with the same text are counted together. */
  readonly own: string;
  /** The wider subject as text, such as `children of supervisor s`. */
  readonly group: string;
  /** One line about this report. A summary shows the line of the latest report. */
  readonly last: string;
}

/** A summary of reports that were not written in full. */
export interface Summary {
  readonly subject: string;
  readonly verb: string;
  readonly level: 'error' | 'warn';
  readonly count: number;
  /** The length of the counted interval, ms. */
  readonly withinMs: number;
  readonly last: string;
}

interface Counter {
  readonly key: string;
  readonly subject: string;
  /** When the interval began, ms of the monotonic clock. */
  begun: number;
  /** Full reports since the interval began. */
  reported: number;
  /**
   * Whether the previous interval suppressed reports. If so, all reports are suppressed, until an interval passes
   * without a report.
   */
  isLoop: boolean;
  /** Reports since the interval began that were not written in full. */
  suppressed: number;
  latest: Subject;
}

/**
 * Decides which reports are written in full. For each subject, the first few reports of an interval are written in
 * full. Further reports are counted, and the interval ends with one summary. Full reports resume after an interval
 * without reports. Memory is bounded.
 */
export class ReportThrottle {
  readonly #clock: Clock;
  readonly #summarise: (summary: Summary) => void;
  /** The counters, in the order in which their intervals began. */
  readonly #counters = new Map<string, Counter>();
  #timer: Timer | undefined;

  constructor(clock: Clock, summarise: (summary: Summary) => void) {
    this.#clock = clock;
    this.#summarise = summarise;
  }

  /** Counts a report about `subject`. Returns whether to write the report in full. */
  admits(subject: Subject): boolean {
    this.#endIntervals();
    const { own, group } = subject;
    const counters = [own, group, ALL].map((name) => this.#counter(name, subject));
    for (const [level, counter] of counters.entries()) {
      if (counter === undefined) continue;
      if (!counter.isLoop && counter.reported < (LIMITS[level] ?? 0)) continue;
      counter.suppressed += 1;
      counter.latest = subject;
      return false;
    }
    for (const counter of counters) if (counter !== undefined) counter.reported += 1;
    return true;
  }

  /** Writes the summaries of all intervals now, and resets all counters. */
  flush(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const counters = [...this.#counters.values()];
    this.#counters.clear();
    for (const counter of counters) this.#conclude(counter);
  }

  #counter(subject: string, latest: Subject): Counter | undefined {
    const key = `${latest.verb} ${subject}`;
    const known = this.#counters.get(key);
    // The counter for all reports with one verb always has room.
    const isFull = this.#counters.size >= MAX_COUNTERS && subject !== ALL;
    if (known !== undefined || isFull) return known;
    const begun = this.#clock.monotonic();
    const counter: Counter = { key, subject, begun, reported: 0, isLoop: false, suppressed: 0, latest };
    this.#counters.set(key, counter);
    this.#schedule();
    return counter;
  }

  /**
   * Ends the intervals that are over. A counter that suppressed reports begins another interval; others are removed.
   */
  #endIntervals(): void {
    const now = this.#clock.monotonic();
    for (const counter of this.#counters.values()) {
      if (now - counter.begun < INTERVAL_MS) return;
      this.#counters.delete(counter.key);
      const { suppressed } = counter;
      this.#conclude(counter);
      if (suppressed === 0) continue;
      counter.begun = now;
      counter.isLoop = true;
      counter.suppressed = 0;
      this.#counters.set(counter.key, counter);
    }
  }

  #conclude({ subject, suppressed, begun, latest: { verb, level, last } }: Counter): void {
    if (suppressed === 0) return;
    const withinMs = this.#clock.monotonic() - begun;
    this.#summarise({ subject, verb, level, count: suppressed, withinMs, last });
  }

  #schedule(): void {
    const [oldest] = this.#counters.values();
    if (this.#timer !== undefined || oldest === undefined) return;
    const left = oldest.begun + INTERVAL_MS - this.#clock.monotonic();
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#endIntervals();
        this.#schedule();
      },
      Math.max(0, left),
    );
    this.#timer.unref();
  }
}
