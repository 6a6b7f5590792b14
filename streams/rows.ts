import type { SupervisorStrategy } from './events.js';
import { latencyStats, latencyWindowOf, mergeLatency } from './latency.js';
import { currentSlices, type LatencyWindow } from './latency-window.js';
import { LATER_COUNTS, SERVER_COUNT_NAMES, type ServerCountName, type ServerCounts } from './server-fields.js';
import type { GenServerStats, LatencyStats, ServerStatus, SupervisorStats } from './snapshot.js';

/** The present reading of the monotonic clock that `startedMonotonic` was read from, ms. */
export type Now = () => number;

interface RowFields {
  readonly id: string;
  readonly name?: string | undefined;
  readonly label?: string | undefined;
  readonly parentId?: string | undefined;
  readonly childId?: string | undefined;
  readonly startedAt: number;
  readonly startedMonotonic: number;
}

type CountFields = { readonly [Name in ServerCountName]?: number | undefined };

/** What handling messages changes. */
interface ServerActivity {
  readonly queueSize: number;
  readonly messageCount: number;
  /** What was measured lately; none by default. */
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

/** What both kinds of rows have. Frozen: snapshots share them. What is absent is an absent property, so that rows read well as JSON. */
abstract class Row {
  readonly id: string;
  declare readonly name?: string;
  declare readonly label?: string;
  declare readonly parentId?: string;
  declare readonly childId?: string;
  readonly startedAt: number;
  readonly startedMonotonic: number;
  /** No property of its own, or it would be part of a row as data. */
  readonly #now: Now;

  constructor(fields: RowFields, now: Now) {
    this.id = fields.id;
    if (fields.name !== undefined) this.name = fields.name;
    if (fields.label !== undefined) this.label = fields.label;
    if (fields.parentId !== undefined) this.parentId = fields.parentId;
    if (fields.childId !== undefined) this.childId = fields.childId;
    this.startedAt = fields.startedAt;
    // Whole ms: short on the wire, and exact enough for an uptime.
    this.startedMonotonic = Math.round(fields.startedMonotonic);
    this.#now = now;
  }

  get uptimeMs(): number {
    return Math.max(0, Math.round(this.#now() - this.startedMonotonic));
  }

  /** The monotonic clock of its node, ms. */
  protected now(): number {
    return this.#now();
  }

  toJSON(): object {
    return { ...this, uptimeMs: this.uptimeMs };
  }
}

/** The counts that a row shows. Of a count that all versions of noex send, 0 is left out; of a later one, it says that the node reports it. */
export function shownCounts(fields: CountFields): ServerCounts {
  const counts: { -readonly [Name in ServerCountName]?: number } = {};
  for (const name of SERVER_COUNT_NAMES) {
    const count = fields[name];
    if (count || (count === 0 && LATER_COUNTS.includes(name))) counts[name] = count;
  }
  return Object.freeze(counts);
}

/** As Object.assign, which takes twice as long. */
function copyCounts(counts: ServerCounts, row: { -readonly [Name in ServerCountName]?: number }): void {
  for (const name in counts) row[name as ServerCountName] = counts[name as ServerCountName] ?? 0;
}

// The counts are properties, too: see the constructor.
const RowWithCounts = Row as abstract new (fields: RowFields, now: Now) => Row & ServerCounts;

const NOTHING_MEASURED: LatencyWindow = Object.freeze([]);

export class ServerRow extends RowWithCounts implements GenServerStats {
  readonly status: ServerStatus;
  readonly queueSize: number;
  readonly messageCount: number;
  readonly #counts: ServerCounts;
  readonly #window: LatencyWindow;
  /** What `latency` was when it was last read, and of how many slices it is made. */
  #latency: { readonly slices: number; readonly stats: LatencyStats | undefined } | undefined;

  /** @param after takes the place of the same fields: of a whole row, mostly only these change */
  constructor(fields: ServerFields, now: Now, after: ServerActivity = fields, counts = shownCounts(fields)) {
    super(fields, now);
    this.status = fields.status;
    this.queueSize = after.queueSize;
    this.messageCount = after.messageCount;
    copyCounts(counts, this);
    this.#counts = counts;
    this.#window = after.latencyWindow ?? NOTHING_MEASURED;
    Object.freeze(this);
  }

  /** Its counts, shared with the rows before and after it that have the same. */
  get counts(): ServerCounts {
    return this.#counts;
  }

  /** What `latency` is computed from, to be merged with that of other rows. Slices that are over may be among it. */
  get latencyWindow(): LatencyWindow {
    return this.#window;
  }

  get latency(): LatencyStats | undefined {
    if (this.#window.length === 0) return undefined;
    const slices = currentSlices(this.#window, this.now());
    // The oldest are the first to go, so their number says which are left.
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

/** The row after some messages. Changed rows are made by the ten thousand: no field is copied twice. */
export function activeServer(
  row: GenServerStats,
  activity: ServerActivity,
  counted: CountFields | undefined,
  now: Now,
): ServerRow {
  const counts = row instanceof ServerRow ? row.counts : shownCounts(row);
  return new ServerRow(row, now, activity, counted === undefined ? counts : shownCounts({ ...counts, ...counted }));
}

/** The row with some of its fields changed. */
export function changedServer(row: GenServerStats, changes: Partial<ServerFields>, now: Now): ServerRow {
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
