import type { SupervisorStrategy } from './events.js';
import { latencyStats, latencyWindowOf, mergeLatency } from './latency.js';
import { currentSlices, emptyLatencyWindow, type LatencyWindow } from './latency-window.js';
import type { Registrations } from './registrations.js';
import { OPTIONAL_COUNTS, SERVER_COUNT_NAMES, type ServerCountName, type ServerCounts } from './server-counts.js';
import type { GenServerStats, LatencyStats, ServerStatus, SupervisorStats } from './snapshot.js';

/**
 * Reads the monotonic clock of the node that a row belongs to, ms. `startedMonotonic` is a time of the same clock. The
 * clock of another node stands still between its reports.
 */
export type Now = () => number;

interface RowFields {
  readonly id: string;
  readonly name?: string | undefined;
  readonly label?: string | undefined;
  readonly parentId?: string | undefined;
  readonly childId?: string | undefined;
  readonly distributedSupervisor?: string | undefined;
  readonly startedAt: number;
  readonly startedMonotonic: number;
  readonly registrations?: Registrations | undefined;
}

type CountFields = { readonly [Name in ServerCountName]?: number | undefined };

/** The fields of a row that change when its process handles messages. */
interface ServerActivity {
  readonly queueSize: number;
  readonly messageCount: number;
  /** Latency measurements of the last minute. Default: none. */
  readonly latencyWindow?: LatencyWindow;
}

interface ServerFields extends RowFields, CountFields, ServerActivity {
  readonly status: ServerStatus;
}

export interface SupervisorFields extends RowFields {
  readonly strategy: SupervisorStrategy;
  readonly childCount: number;
  readonly totalRestarts: number;
}

/**
 * What the rows of GenServers and supervisors have in common. Rows are frozen, because snapshots share them. A field
 * without a value is absent, and not `undefined`: the types of the rows promise this (`exactOptionalPropertyTypes`).
 */
abstract class Row {
  readonly id: string;
  declare readonly name?: string;
  declare readonly label?: string;
  declare readonly parentId?: string;
  declare readonly childId?: string;
  declare readonly distributedSupervisor?: string;
  readonly startedAt: number;
  readonly startedMonotonic: number;
  declare readonly registrations?: Registrations;
  /** A private field, because an enumerable property would become part of the data of the row. */
  readonly #now: Now;

  constructor(fields: RowFields, now: Now) {
    this.id = fields.id;
    if (fields.name !== undefined) this.name = fields.name;
    if (fields.label !== undefined) this.label = fields.label;
    if (fields.parentId !== undefined) this.parentId = fields.parentId;
    if (fields.childId !== undefined) this.childId = fields.childId;
    if (fields.distributedSupervisor !== undefined) this.distributedSupervisor = fields.distributedSupervisor;
    this.startedAt = fields.startedAt;
    // Rounded to whole ms, because whole numbers are shorter on the wire.
    this.startedMonotonic = Math.round(fields.startedMonotonic);
    if (fields.registrations !== undefined) this.registrations = fields.registrations;
    this.#now = now;
  }

  get uptimeMs(): number {
    return Math.max(0, Math.round(this.#now() - this.startedMonotonic));
  }

  /** The current time of the monotonic clock of the row's node, ms. */
  protected now(): number {
    return this.#now();
  }

  toJSON(): object {
    return { ...this, uptimeMs: this.uptimeMs };
  }
}

/**
 * The counts that become properties of a row. A count of 0 is left out, unless the count is optional: the 0 of an
 * optional count shows that the node reports this count.
 */
export function shownCounts(fields: CountFields): ServerCounts {
  const counts: { -readonly [Name in ServerCountName]?: number } = {};
  let shown = 0;
  let total = 0;
  for (const name of SERVER_COUNT_NAMES) {
    const count = fields[name];
    if (count === undefined || (count === 0 && !OPTIONAL_COUNTS.includes(name))) continue;
    counts[name] = count;
    shown += 1;
    total += count;
  }
  if (shown === 0) return NO_COUNTS;
  return total === 0 && shown === OPTIONAL_COUNTS.length ? ZERO_COUNTS : Object.freeze(counts);
}

/**
 * The counts of all rows without counts. Most rows share this object or {@link ZERO_COUNTS}, which saves memory.
 */
const NO_COUNTS: ServerCounts = Object.freeze({});
/** The counts of all rows that have every optional count as 0, and no other count. */
const ZERO_COUNTS: ServerCounts = Object.freeze(Object.fromEntries(OPTIONAL_COUNTS.map((name) => [name, 0])));

/** Does the same as `Object.assign(row, counts)` in half the time. */
function copyCounts(counts: ServerCounts, row: { -readonly [Name in ServerCountName]?: number }): void {
  for (const name in counts) row[name as ServerCountName] = counts[name as ServerCountName] ?? 0;
}

// Adds the counts to the type of a row. The constructor of ServerRow sets them with `copyCounts`.
const RowWithCounts = Row as abstract new (fields: RowFields, now: Now) => Row & ServerCounts;

export class ServerRow extends RowWithCounts implements GenServerStats {
  readonly status: ServerStatus;
  readonly queueSize: number;
  readonly messageCount: number;
  readonly #counts: ServerCounts;
  readonly #window: LatencyWindow;
  /** The result of the last read of `latency`, and the number of slices that it was computed from. */
  #latency: { readonly slices: number; readonly stats: LatencyStats | undefined } | undefined;

  /**
   * @param fields the fields of the row, or an existing row, which saves a copy if only the activity changed
   * @param activity replaces the fields of the same names in `fields`
   * @param counts replaces the counts in `fields`
   */
  constructor(fields: ServerFields, now: Now, activity: ServerActivity = fields, counts = shownCounts(fields)) {
    super(fields, now);
    this.status = fields.status;
    this.queueSize = activity.queueSize;
    this.messageCount = activity.messageCount;
    copyCounts(counts, this);
    this.#counts = counts;
    this.#window = activity.latencyWindow ?? emptyLatencyWindow;
    Object.freeze(this);
  }

  /** The counts of this row as one object. Successive rows of a process share the object while no count changes. */
  get counts(): ServerCounts {
    return this.#counts;
  }

  /** The histograms that `latency` is computed from. Expired slices may be among them. */
  get latencyWindow(): LatencyWindow {
    return this.#window;
  }

  get latency(): LatencyStats | undefined {
    if (this.#window.length === 0) return undefined;
    const slices = currentSlices(this.#window, this.now());
    // Slices of this row only expire, so the same number of slices means the same slices.
    if (this.#latency?.slices !== slices.length) {
      this.#latency = { slices: slices.length, stats: latencyStats(mergeLatency(slices)) };
    }
    return this.#latency.stats;
  }

  override toJSON(): object {
    const { latency } = this;
    return { ...super.toJSON(), ...(latency !== undefined && { latency }) };
  }
}

/**
 * Returns the row after its process handled messages. A flush can change ten thousand rows, so this function copies no
 * field twice.
 *
 * @param counted the counts that changed; `undefined` if none did
 */
export function withActivity(
  row: GenServerStats,
  activity: ServerActivity,
  counted: CountFields | undefined,
  now: Now,
): ServerRow {
  const counts = row instanceof ServerRow ? row.counts : shownCounts(row);
  return new ServerRow(row, now, activity, counted === undefined ? counts : shownCounts({ ...counts, ...counted }));
}

/** Returns the row with some of its fields changed. */
export function withFields(row: GenServerStats, changes: Partial<ServerFields>, now: Now): ServerRow {
  return new ServerRow({ ...row, latencyWindow: latencyWindowOf(row), ...changes }, now);
}

export class SupervisorRow extends Row implements SupervisorStats {
  readonly strategy: SupervisorStrategy;
  readonly childCount: number;
  readonly totalRestarts: number;

  constructor(fields: SupervisorFields, now: Now) {
    super(fields, now);
    this.strategy = fields.strategy;
    this.childCount = fields.childCount;
    this.totalRestarts = fields.totalRestarts;
    Object.freeze(this);
  }
}
