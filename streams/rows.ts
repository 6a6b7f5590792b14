import type { SupervisorStrategy } from './events.js';
import type { GenServerStats, ServerStatus, SupervisorStats } from './snapshot.js';

/** Tells the present time, ms since the epoch, by the clock that `startedAt` was read from. */
export type Now = () => number;

interface RowFields {
  readonly id: string;
  readonly name?: string | undefined;
  readonly parentId?: string | undefined;
  readonly startedAt: number;
}

interface ServerFields extends RowFields {
  readonly status: ServerStatus;
  readonly queueSize: number;
  readonly messageCount: number;
}

export interface SupervisorFields extends RowFields {
  readonly strategy: SupervisorStrategy;
  readonly childCount: number;
  readonly totalRestarts: number;
}

/** What both kinds of rows have. An absent name or parent is an absent property, so that rows read well as JSON. */
abstract class Row {
  readonly id: string;
  declare readonly name?: string;
  declare readonly parentId?: string;
  readonly startedAt: number;
  readonly #now: Now;

  constructor(fields: RowFields, now: Now) {
    this.id = fields.id;
    if (fields.name !== undefined) this.name = fields.name;
    if (fields.parentId !== undefined) this.parentId = fields.parentId;
    this.startedAt = fields.startedAt;
    this.#now = now;
  }

  get uptimeMs(): number {
    return Math.max(0, this.#now() - this.startedAt);
  }

  toJSON(): object {
    return { ...this, uptimeMs: this.uptimeMs };
  }
}

export class ServerRow extends Row implements GenServerStats {
  readonly status: ServerStatus;
  readonly queueSize: number;
  readonly messageCount: number;

  constructor(fields: ServerFields, now: Now) {
    super(fields, now);
    this.status = fields.status;
    this.queueSize = fields.queueSize;
    this.messageCount = fields.messageCount;
  }
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
  }
}
