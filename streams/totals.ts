import type { MessagesHandled } from './events.js';
import { Table } from './immutable-table.js';

/**
 * The counts in totals, each with a help text for users. Within the life of a runtime a count never decreases, even
 * when the processes that were counted end.
 */
export const TOTAL_COUNTS = {
  started: 'Processes whose init is through',
  exited: 'Processes that have ended, for whatever reason',
  crashed: 'Handlers, init and terminate functions that threw',
  restarted: 'Processes that a supervisor started in place of one that had ended',
  handled: 'Messages handled: calls, casts and infos',
  dropped: 'Messages dropped because a mailbox was full',
  rejected: 'Messages refused with MailboxFullError because a mailbox was full',
  unhandled: 'Messages that were in the mailbox of a process when it ended',
} as const satisfies Record<string, string>;

export type TotalCountName = keyof typeof TOTAL_COUNTS;

export const TOTAL_COUNT_NAMES = Object.keys(TOTAL_COUNTS) as readonly TotalCountName[];

/** The upper bounds of the duration buckets in totals, ms. A further bucket counts durations above the last bound. */
export const DURATION_BOUNDS_MS: readonly number[] = Object.freeze([
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000,
]);

/** The number of duration buckets, including the one without an upper bound. */
export const DURATION_BUCKETS = DURATION_BOUNDS_MS.length + 1;

/**
 * A histogram of message durations. If there are many messages, only a sample of them is measured. No count ever
 * decreases.
 */
export interface DurationTotals {
  /**
   * For each bound in {@link DURATION_BOUNDS_MS}, the number of durations up to that bound and above the previous one.
   * The last number counts durations above all bounds.
   */
  readonly counts: readonly number[];
  /** The sum of all durations, ms. A sample counts as often as the number of messages that it stands for. */
  readonly sumMs: number;
}

/** What processes have done since the runtime was created, including processes that have ended. */
export interface ProcessTotals extends Readonly<Record<TotalCountName, number>> {
  /** Time in the mailbox. */
  readonly wait: DurationTotals;
  /** Time in the handler, including the time that the handler awaited. */
  readonly handle: DurationTotals;
}

/**
 * The totals of all processes with the same name, or with the same label and no name, whether they ran at the same time
 * or one after another.
 */
export interface NamedTotals extends ProcessTotals {
  /** `other`: the totals of all names and labels after the first {@link MAX_NAMED_TOTALS}. */
  readonly kind: 'name' | 'label' | 'other';
  /** Empty for `other`. */
  readonly name: string;
}

/**
 * The totals of one node. Totals start at zero in each life of the runtime, so code that sums totals over time must
 * treat each life of a node separately.
 */
export interface NodeTotals extends ProcessTotals {
  readonly named: readonly NamedTotals[];
}

/** Named totals as a row of a `NodeModel`. */
export interface NamedTotalsRow extends NamedTotals {
  /** `name:` or `label:` with the name or label, or `other`. */
  readonly id: string;
  /** The version of the model in which these totals last changed. */
  readonly version: number;
}

/**
 * The maximum number of names and labels with totals of their own. All further names and labels share the totals
 * `other`.
 */
export const MAX_NAMED_TOTALS = 1000;

/** All totals of a `NodeModel`. Immutable. */
export interface Totals {
  readonly all: ProcessTotals;
  readonly named: Table<NamedTotalsRow>;
}

const emptyDurations: DurationTotals = Object.freeze({
  counts: Object.freeze(new Array<number>(DURATION_BUCKETS).fill(0)),
  sumMs: 0,
});

const zeroCounts = Object.fromEntries(TOTAL_COUNT_NAMES.map((name) => [name, 0])) as Record<TotalCountName, number>;

const emptyProcessTotals: ProcessTotals = Object.freeze({
  ...zeroCounts,
  wait: emptyDurations,
  handle: emptyDurations,
});

export const emptyTotals: Totals = Object.freeze({ all: emptyProcessTotals, named: new Table<NamedTotalsRow>() });

/** The totals in the form of a snapshot. The list of named totals is built when `named` is first read. */
export function nodeTotals({ all, named }: Totals): NodeTotals {
  return Object.freeze({
    ...all,
    get named() {
      return named.rows;
    },
  });
}

/**
 * The name or label that a process is counted under. A name takes precedence over a label. A process without both is
 * counted only in the totals of all processes.
 */
export interface TotalsSubject {
  readonly name?: string;
  readonly label?: string;
}

/** Counts events on top of existing totals. The existing totals stay unchanged. */
export class TotalsDraft {
  readonly #before: Totals;
  #all: TotalsCounter | undefined;
  readonly #named = new Map<string, NamedCounter>();
  /** The number of named totals so far, including `other`. */
  #size: number;

  constructor(before: Totals) {
    this.#before = before;
    this.#size = before.named.size;
  }

  count(name: TotalCountName, subject: TotalsSubject, version: number, amount = 1): void {
    this.#counterOfAll().counts[name] += amount;
    const named = this.#counterOf(subject, version);
    if (named !== undefined) named.counts[name] += amount;
  }

  handled(event: MessagesHandled, subject: TotalsSubject, version: number): void {
    this.#counterOfAll().handled(event);
    this.#counterOf(subject, version)?.handled(event);
  }

  done(): Totals {
    if (this.#all === undefined) return this.#before;
    const named = this.#before.named.edit();
    for (const [id, counter] of this.#named) named.set(Object.freeze({ id, ...counter.key, ...counter.done() }));
    return Object.freeze({ all: Object.freeze(this.#all.done()), named: named.done() });
  }

  #counterOfAll(): TotalsCounter {
    this.#all ??= new TotalsCounter(this.#before.all);
    return this.#all;
  }

  #counterOf({ name, label }: TotalsSubject, version: number): NamedCounter | undefined {
    if (name === undefined && label === undefined) return undefined;
    const key = name === undefined ? { kind: 'label' as const, name: label ?? '' } : { kind: 'name' as const, name };
    const id = `${key.kind}:${key.name}`;
    const counter = this.#named.get(id) ?? this.#newCounter(id, key);
    counter.key.version = version;
    return counter;
  }

  #newCounter(id: string, key: Pick<NamedTotals, 'kind' | 'name'>): NamedCounter {
    const before = this.#before.named.get(id);
    if (before === undefined) {
      if (this.#size >= MAX_NAMED_TOTALS && key.kind !== 'other') {
        return this.#named.get('other') ?? this.#newCounter('other', { kind: 'other', name: '' });
      }
      this.#size += 1;
    }
    const counter = new NamedCounter(before ?? emptyProcessTotals, key);
    this.#named.set(id, counter);
    return counter;
  }
}

class TotalsCounter {
  readonly counts: Record<TotalCountName, number>;
  readonly #before: ProcessTotals;
  /** Created by the first sample, because most batches of counts have no samples. */
  #wait: DurationCounter | undefined;
  /** Created together with `#wait`. */
  #handle: DurationCounter | undefined;

  constructor(before: ProcessTotals) {
    this.#before = before;
    const { started, exited, crashed, restarted, handled, dropped, rejected, unhandled } = before;
    this.counts = { started, exited, crashed, restarted, handled, dropped, rejected, unhandled };
  }

  handled({ calls, casts, infos, dropped, rejected, samples }: MessagesHandled): void {
    const { counts } = this;
    counts.handled += calls + casts + infos;
    if (dropped !== undefined) counts.dropped += dropped;
    if (rejected !== undefined) counts.rejected += rejected;
    if (samples === undefined) return;
    this.#wait ??= new DurationCounter(this.#before.wait);
    this.#handle ??= new DurationCounter(this.#before.handle);
    for (let at = 0; at + 2 < samples.length; at += 3) {
      const weight = samples[at + 2] ?? 0;
      this.#wait.add(samples[at] ?? 0, weight);
      this.#handle.add(samples[at + 1] ?? 0, weight);
    }
  }

  done(): ProcessTotals {
    const { wait, handle } = this.#before;
    return { ...this.counts, wait: this.#wait?.done() ?? wait, handle: this.#handle?.done() ?? handle };
  }
}

class NamedCounter extends TotalsCounter {
  readonly key: Pick<NamedTotals, 'kind' | 'name'> & { version: number };

  constructor(before: ProcessTotals, key: Pick<NamedTotals, 'kind' | 'name'>) {
    super(before);
    this.key = { ...key, version: 0 };
  }
}

class DurationCounter {
  readonly #counts: number[];
  #sumMs: number;

  constructor({ counts, sumMs }: DurationTotals) {
    this.#counts = [...counts];
    this.#sumMs = sumMs;
  }

  add(us: number, weight: number): void {
    const bucket = bucketOf(us / 1000);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + weight;
    // Rounded to whole microseconds at each step, so that floating-point errors do not add up.
    this.#sumMs = Math.round(1000 * this.#sumMs + us * weight) / 1000;
  }

  done(): DurationTotals {
    return Object.freeze({ counts: Object.freeze(this.#counts), sumMs: this.#sumMs });
  }
}

function bucketOf(ms: number): number {
  // A linear search is fast here, because most durations are short.
  let bucket = 0;
  while (bucket < DURATION_BOUNDS_MS.length && ms > (DURATION_BOUNDS_MS[bucket] ?? 0)) bucket += 1;
  return bucket;
}
