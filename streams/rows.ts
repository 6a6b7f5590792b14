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

interface ServerFields extends RowFields, CountFields {
  readonly status: ServerStatus;
  readonly queueSize: number;
  readonly messageCount: number;
  /** What was measured lately; none by default. */
  readonly latencyWindow?: LatencyWindow;
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

const EARLY_COUNTS = SERVER_COUNT_NAMES.filter((name) => !LATER_COUNTS.includes(name));

/** Of a later count, 0 says that the node reports it. */
function setCounts(row: { -readonly [Name in ServerCountName]?: number }, fields: CountFields): void {
  for (const name of EARLY_COUNTS) {
    const count = fields[name];
    if (count) row[name] = count;
  }
  for (const name of LATER_COUNTS) {
    const count = fields[name];
    if (count !== undefined) row[name] = count;
  }
}

// The counts are properties, too: see setCounts.
const RowWithCounts = Row as abstract new (fields: RowFields, now: Now) => Row & ServerCounts;

const NOTHING_MEASURED: LatencyWindow = Object.freeze([]);

export class ServerRow extends RowWithCounts implements GenServerStats {
  readonly status: ServerStatus;
  readonly queueSize: number;
  readonly messageCount: number;
  readonly #window: LatencyWindow;
  /** What `latency` was when it was last read, and of how many slices it is made. */
  #latency: { readonly slices: number; readonly stats: LatencyStats | undefined } | undefined;

  constructor(fields: ServerFields, now: Now) {
    super(fields, now);
    this.status = fields.status;
    this.queueSize = fields.queueSize;
    this.messageCount = fields.messageCount;
    setCounts(this, fields);
    this.#window = fields.latencyWindow ?? NOTHING_MEASURED;
    Object.freeze(this);
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
