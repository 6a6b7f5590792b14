import type { SupervisorStrategy } from './events.js';
import { histogramsOf, type LatencyHistograms, latencyStats } from './latency.js';
import { LATER_COUNTS, SERVER_COUNT_NAMES, type ServerCountName, type ServerCounts } from './server-fields.js';
import type { GenServerStats, LatencyStats, ServerStatus, SupervisorStats } from './snapshot.js';

/** The present reading of the monotonic clock that `startedMonotonic` was read from, ms. */
export type Now = () => number;

interface RowFields {
  readonly id: string;
  readonly name?: string | undefined;
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
  readonly histograms?: LatencyHistograms | undefined;
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
  declare readonly parentId?: string;
  declare readonly childId?: string;
  readonly startedAt: number;
  readonly startedMonotonic: number;
  readonly #now: Now;

  constructor(fields: RowFields, now: Now) {
    this.id = fields.id;
    if (fields.name !== undefined) this.name = fields.name;
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

export class ServerRow extends RowWithCounts implements GenServerStats {
  readonly status: ServerStatus;
  readonly queueSize: number;
  readonly messageCount: number;
  readonly #histograms: LatencyHistograms | undefined;
  #latency: LatencyStats | undefined;

  constructor(fields: ServerFields, now: Now) {
    super(fields, now);
    this.status = fields.status;
    this.queueSize = fields.queueSize;
    this.messageCount = fields.messageCount;
    setCounts(this, fields);
    this.#histograms = fields.histograms;
    Object.freeze(this);
  }

  /** What `latency` is computed from, to be merged with that of other rows. */
  get histograms(): LatencyHistograms | undefined {
    return this.#histograms;
  }

  get latency(): LatencyStats | undefined {
    this.#latency ??= latencyStats(this.#histograms);
    return this.#latency;
  }

  override toJSON(): object {
    const { latency } = this;
    return { ...super.toJSON(), ...(latency !== undefined && { latency }) };
  }
}

/** The row with some of its fields changed. */
export function changedServer(row: GenServerStats, changes: Partial<ServerFields>, now: Now): ServerRow {
  return new ServerRow({ ...row, histograms: histogramsOf(row), ...changes }, now);
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
