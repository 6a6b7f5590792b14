import type { Clock, Timer } from '../clock.js';

/** How long reports are counted before a summary, ms. */
const INTERVAL_MS = 10_000;
/** Full reports in that time: of one subject, of its group, and of all. */
const LIMITS = [5, 20, 100] as const;
/** Subjects and groups that are counted at once; those beyond it count for their group, or for all. */
const MAX_COUNTERS = 200;
/** The widest subject. */
const ALL = 'other processes';

/** What a report is about, from the narrowest to the widest: the process, then its supervisor. */
export interface Subject {
  /** What happened, as in `crashed`. Reports of different kinds are counted apart. */
  readonly verb: string;
  readonly level: 'error' | 'warn';
  /** Text fields that distinguish the subjects of reports. */
  readonly own: string;
  readonly group: string;
  /** One line about this time. */
  readonly last: string;
}

/** Reports that were not written in full. */
export interface Summary {
  readonly subject: string;
  readonly verb: string;
  readonly level: 'error' | 'warn';
  readonly count: number;
  /** In how many ms. */
  readonly withinMs: number;
  readonly last: string;
}

interface Counter {
  readonly key: string;
  readonly subject: string;
  begun: number;
  /** Full reports since the interval began. */
  reported: number;
  /** The flood continues: no full reports until an interval passes without any. */
  isLoop: boolean;
  suppressed: number;
  latest: Subject;
}

/**
 * Decides which reports are written in full. The first few of each subject are; after that they are counted, and each
 * interval ends with one summary, until an interval passes without any. Memory is bounded.
 */
export class ReportThrottle {
  readonly #clock: Clock;
  readonly #summarise: (summary: Summary) => void;
  /** In the order in which their intervals began. */
  readonly #counters = new Map<string, Counter>();
  #timer: Timer | undefined;

  constructor(clock: Clock, summarise: (summary: Summary) => void) {
    this.#clock = clock;
    this.#summarise = summarise;
  }

  /** Whether the report is to be written in full; otherwise it is counted. */
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

  /** Writes the summaries that are due later now, and forgets what was counted. */
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
    // The widest group of subjects always has room.
    const isFull = this.#counters.size >= MAX_COUNTERS && subject !== ALL;
    if (known !== undefined || isFull) return known;
    const begun = this.#clock.monotonic();
    const counter: Counter = { key, subject, begun, reported: 0, isLoop: false, suppressed: 0, latest };
    this.#counters.set(key, counter);
    this.#schedule();
    return counter;
  }

  /** Ends the intervals that are over. Counters in a loop begin another one. */
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
