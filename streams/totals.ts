import type { MessagesHandled } from './events.js';
import { Table } from './immutable-table.js';

/**
 * What is counted in totals, with a text for the user. Each count only grows within the life of a runtime, whatever becomes of
 * the processes.
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

/** The upper bounds of the buckets of durations in totals, ms. One more bucket holds what is longer. */
export const DURATION_BOUNDS_MS: readonly number[] = Object.freeze([
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000,
]);

/** Every bucket of durations, the unbounded one included. */
export const DURATION_BUCKETS = DURATION_BOUNDS_MS.length + 1;

/** Durations of messages, estimated from a sample when there are many. Each figure only grows. */
export interface DurationTotals {
  /** How many were up to each of {@link DURATION_BOUNDS_MS}, and above the bound before; the last: longer than all. */
  readonly counts: readonly number[];
  /** ms */
  readonly sumMs: number;
}

/** What processes have done since the runtime was created, those that have ended included. */
export interface ProcessTotals extends Readonly<Record<TotalCountName, number>> {
  /** Time in the mailbox. */
  readonly wait: DurationTotals;
  /** Time in the handler, what it awaited included. */
  readonly handle: DurationTotals;
}

/** The totals of all processes that had one name or label, one after another or at once. */
export interface NamedTotals extends ProcessTotals {
  /** `other`: of all names and labels beyond the first {@link MAX_NAMED_TOTALS}. */
  readonly kind: 'name' | 'label' | 'other';
  /** Empty for `other`. */
  readonly name: string;
}

/** The totals of one node. They begin with its runtime: readers that add them up do so by node and life. */
export interface NodeTotals extends ProcessTotals {
  readonly named: readonly NamedTotals[];
}

/** Named totals as a model holds them. */
export interface NamedTotalsRow extends NamedTotals {
  /** Unique among them. */
  readonly id: string;
  /** The version of the model that changed it last. */
  readonly version: number;
}

/** How many names and labels have totals of their own; those of all others are counted in one. */
export const MAX_NAMED_TOTALS = 1000;

/** All totals of a model. Immutable. */
export interface Totals {
  readonly all: ProcessTotals;
  readonly named: Table<NamedTotalsRow>;
}

const noDurations: DurationTotals = Object.freeze({
  counts: Object.freeze(new Array<number>(DURATION_BUCKETS).fill(0)),
  sumMs: 0,
});

const noCounts = Object.fromEntries(TOTAL_COUNT_NAMES.map((name) => [name, 0])) as Record<TotalCountName, number>;

const emptyProcessTotals: ProcessTotals = Object.freeze({ ...noCounts, wait: noDurations, handle: noDurations });

export const emptyTotals: Totals = Object.freeze({ all: emptyProcessTotals, named: new Table<NamedTotalsRow>() });

/** The totals as a snapshot shows them. Computed when read, with the rows as they are. */
export function nodeTotals({ all, named }: Totals): NodeTotals {
  return Object.freeze({
    ...all,
    get named() {
      return named.rows;
    },
  });
}

/** What a process is counted under, besides its node. */
export interface TotalsSubject {
  readonly name?: string;
  readonly label?: string;
}

/** Totals that are being counted up: those they began with stay as they are. */
export class TotalsDraft {
  readonly #before: Totals;
  #all: TotalsCounter | undefined;
  readonly #named = new Map<string, NamedCounter>();
  /** How many totals there are by now, `other` included. */
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
    for (const [id, counter] of this.#named) named.set(Object.freeze({ id, ...counter.about, ...counter.done() }));
    return Object.freeze({ all: Object.freeze(this.#all.done()), named: named.done() });
  }

  #counterOfAll(): TotalsCounter {
    this.#all ??= new TotalsCounter(this.#before.all);
    return this.#all;
  }

  #counterOf({ name, label }: TotalsSubject, version: number): NamedCounter | undefined {
    if (name === undefined && label === undefined) return undefined;
    const about = name === undefined ? { kind: 'label' as const, name: label ?? '' } : { kind: 'name' as const, name };
    const id = `${about.kind}:${about.name}`;
    const counter = this.#named.get(id) ?? this.#newCounter(id, about);
    counter.about.version = version;
    return counter;
  }

  #newCounter(id: string, about: Pick<NamedTotals, 'kind' | 'name'>): NamedCounter {
    const before = this.#before.named.get(id);
    if (before === undefined) {
      if (this.#size >= MAX_NAMED_TOTALS && about.kind !== 'other') {
        return this.#named.get('other') ?? this.#newCounter('other', { kind: 'other', name: '' });
      }
      this.#size += 1;
    }
    const counter = new NamedCounter(before ?? emptyProcessTotals, about);
    this.#named.set(id, counter);
    return counter;
  }
}

class TotalsCounter {
  readonly counts: Record<TotalCountName, number>;
  readonly #before: ProcessTotals;
  // Copied with the first sample.
  #wait: DurationCounter | undefined;
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
  readonly about: Pick<NamedTotals, 'kind' | 'name'> & { version: number };

  constructor(before: ProcessTotals, about: Pick<NamedTotals, 'kind' | 'name'>) {
    super(before);
    this.about = { ...about, version: 0 };
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
    // Whole microseconds stay whole, however many are added.
    this.#sumMs = Math.round(1000 * this.#sumMs + us * weight) / 1000;
  }

  done(): DurationTotals {
    return Object.freeze({ counts: Object.freeze(this.#counts), sumMs: this.#sumMs });
  }
}

function bucketOf(ms: number): number {
  // Most durations are short: the first bounds are tried first.
  let bucket = 0;
  while (bucket < DURATION_BOUNDS_MS.length && ms > (DURATION_BOUNDS_MS[bucket] ?? 0)) bucket += 1;
  return bucket;
}
