import { ChangeLog } from './change-log.js';
import type { TableEdit } from './immutable-table.js';
import { emptyModel, type ModelSums, type NodeModel, sumsOf } from './node-model.js';
import { type RegistrationColumns, registrationColumns, registrationsIn } from './registration-columns.js';
import type { Registrations } from './registrations.js';
import {
  type ServerColumns,
  type SupervisorColumns,
  serverColumns,
  serverRows,
  supervisorColumns,
  supervisorRows,
} from './row-encoding.js';
import type { GenServerStats, SupervisorStats } from './snapshot.js';
import type { Now } from './snapshot-rows.js';
import type { NamedTotalsRow } from './totals.js';
import { namedTotalsSince, type TotalsColumns, totalsColumns, withTotals } from './totals-columns.js';

/** Rows of GenServers and supervisors, with the totals and the counts over all processes. */
interface Rows {
  readonly servers: ServerColumns;
  readonly supervisors: SupervisorColumns;
  /**
   * Global names and groups of the rows; in a delta, only those that changed. Absent: there are none, or the sender
   * runs a version of noex without them.
   */
  readonly registrations?: RegistrationColumns | undefined;
  /** Absent: the sender runs a version of noex without totals. */
  readonly totals?: TotalsColumns | undefined;
  /** Counts over all processes. Present if the node has more than {@link MAX_ROWS} processes. */
  readonly sums?: ModelSums | undefined;
}

/** The answer to "what changed since version v?". Plain data. */
export type Changes =
  /** Nothing changed. */
  | { readonly type: 'none' }
  /**
   * The current state of the rows that changed after version `since`, and the ids of the rows that were removed after
   * it.
   */
  | (Rows & { readonly type: 'delta'; readonly since: number; readonly removed: readonly string[] })
  /** One page of all rows. The first page has the number 0. */
  | (Rows & {
      readonly type: 'page';
      readonly page: number;
      readonly isLast: boolean;
      /** The number of pages. Absent: the sender runs a version of noex that does not report it. */
      readonly pages?: number | undefined;
    });

type RowChanges = Exclude<Changes, { readonly type: 'none' }>;

/**
 * The number of rows of a page. A reader applies a page in one go, so a larger page would block its event loop for too
 * long.
 */
const PAGE_ROWS = 1000;

/**
 * The maximum number of rows in a delta. If more rows changed, or more than half of all rows, all rows are sent in
 * pages instead.
 */
export const MAX_CHANGED_ROWS = 2000;

/**
 * A node sends at most this many rows, and a reader holds at most this many rows of each node, to limit memory. Counts
 * and totals cover all processes nevertheless.
 */
export const MAX_ROWS = 100_000;

/**
 * If a node has more than {@link MAX_ROWS} processes, its deltas remove rows without sending other rows in their place.
 * So the rows of a reader may become too few. A reader requests all rows again when it holds less than this share of
 * the rows that it could hold: one for each process, but at most MAX_ROWS.
 */
const MIN_HELD_SHARE = 0.9;

/**
 * The answer to "what changed since `version`?". The answer is the first page of all rows in three cases: `version` is
 * `undefined`, `version` is not in the change log, or too many rows have changed since `version`. The cost of a delta
 * depends on the number of changes, and not on the number of rows.
 */
export function changesSince(model: NodeModel, version: number | undefined): Changes {
  if (version === model.version) return { type: 'none' };
  const ids = version === undefined || version > model.version ? undefined : model.log.since(version);
  const maxDeltaRows = Math.min(MAX_CHANGED_ROWS, rowCount(model) / 2);
  if (version === undefined || ids === undefined || ids.size > maxDeltaRows) {
    return pageOf(model, 0);
  }
  const servers: GenServerStats[] = [];
  const supervisors: SupervisorStats[] = [];
  const removed: string[] = [];
  for (const id of ids) {
    const server = model.servers.get(id);
    const supervisor = model.supervisors.get(id);
    if (server !== undefined) servers.push(server);
    else if (supervisor !== undefined) supervisors.push(supervisor);
    else removed.push(id);
  }
  const rows = {
    servers: serverColumns(servers, version),
    supervisors: supervisorColumns(supervisors),
    ...withRegistrations([...supervisors, ...servers], isTruncated(model) ? undefined : version),
    ...totalsAndSums(model, model.totals === undefined ? [] : namedTotalsSince(model.totals, version)),
  };
  return { type: 'delta', since: version, ...rows, removed };
}

/**
 * One page of all rows. Supervisors come first, so that a parent comes before its children; then GenServers, then named
 * totals.
 *
 * @param page the number of the page, from 0
 */
export function pageOf(model: NodeModel, page: number, pageRows = PAGE_ROWS): Changes {
  const begin = page * pageRows;
  const end = begin + pageRows;
  const rows = Math.min(MAX_ROWS, rowCount(model));
  const named = model.totals?.named.rows ?? [];
  /** The part of `list` that is on this page. Among all rows, `list` has the positions from `from` to before `to`. */
  const part = <Row>(list: readonly Row[], from: number, to: number): readonly Row[] =>
    list.slice(Math.max(0, begin - from), Math.max(0, Math.min(end, to) - from));
  const firstServer = model.supervisors.size;
  const servers = part(model.servers.rows, firstServer, rows);
  const supervisors = part(model.supervisors.rows, 0, rows);
  return {
    type: 'page',
    page,
    isLast: end >= rows + named.length,
    pages: Math.max(1, Math.ceil((rows + named.length) / pageRows)),
    servers: serverColumns(servers),
    supervisors: supervisorColumns(supervisors),
    ...withRegistrations([...supervisors, ...servers]),
    ...totalsAndSums(model, part(named, rows, rows + named.length)),
  };
}

function withRegistrations(
  rows: readonly (GenServerStats | SupervisorStats)[],
  since?: number,
): Pick<Rows, 'registrations'> {
  const registrations = registrationColumns(rows, since);
  return registrations === undefined ? {} : { registrations };
}

function totalsAndSums(model: NodeModel, named: readonly NamedTotalsRow[]): Pick<Rows, 'totals' | 'sums'> {
  const { totals } = model;
  return {
    ...(totals !== undefined && { totals: totalsColumns(totals, named) }),
    ...(isTruncated(model) && { sums: sumsOf(model) }),
  };
}

/**
 * Whether readers hold rows of only some processes. A row in a delta may then be the first row of its process that a
 * reader receives, so the delta needs all registrations of the row.
 */
function isTruncated(model: NodeModel): boolean {
  return model.truncated !== undefined || rowCount(model) > MAX_ROWS;
}

function rowCount({ servers, supervisors }: NodeModel): number {
  return servers.size + supervisors.size;
}

/**
 * Applies changes to the model that a reader holds, and returns the model at `version`. After a page, the model is
 * partial until the last page is applied. Returns `undefined` if the reader must request all rows: the changes do not
 * fit the held model, or a delta leaves too few rows.
 *
 * @param held the model that the reader holds; `undefined` if none
 * @param now the clock of the node, for a reader that holds no model
 * @throws TypeError if there would be more than {@link MAX_ROWS} rows and the changes have no `sums`
 */
export function applyChanges(
  held: NodeModel | undefined,
  version: number,
  changes: Changes,
  now: Now,
): NodeModel | undefined {
  if (changes.type === 'none') return held?.version === version ? held : undefined;
  if (!buildsOn(held, version, changes)) return undefined;
  const isFirst = changes.type === 'page' && changes.page === 0;
  const base = isFirst || held === undefined ? emptyModel(held?.now ?? now) : held;
  const { sums } = changes;
  const totals = changes.totals && withTotals(isFirst ? undefined : base.totals, changes.totals, version);
  const { servers, supervisors } = withRows(base, version, changes);
  const model: NodeModel = {
    version,
    servers,
    supervisors,
    ...(totals !== undefined && { totals }),
    ...(sums !== undefined && { truncated: sums }),
    log: ChangeLog.from(version),
    now: base.now,
  };
  if (sums === undefined && rowCount(model) > MAX_ROWS) throw new TypeError(`more than ${MAX_ROWS} processes`);
  return changes.type === 'page' || hasEnoughRows(model, base) ? model : undefined;
}

/** Whether these changes can be applied to the held model. */
function buildsOn(held: NodeModel | undefined, version: number, changes: RowChanges): boolean {
  if (changes.type === 'page' && changes.page === 0) return true;
  if (held === undefined || held.version > version) return false;
  return changes.type === 'page' || held.version >= changes.since;
}

/**
 * Whether a delta leaves enough rows. The delta of a truncated node has no other row in place of a removed row. If the
 * node is not truncated any more, the reader still lacks rows.
 */
function hasEnoughRows(model: NodeModel, before: NodeModel): boolean {
  if (model.truncated === undefined) return before.truncated === undefined;
  const { servers, supervisors } = model.truncated;
  return rowCount(model) >= MIN_HELD_SHARE * Math.min(MAX_ROWS, servers + supervisors);
}

function withRows(base: NodeModel, version: number, changes: RowChanges): Pick<NodeModel, 'servers' | 'supervisors'> {
  const servers = base.servers.edit();
  const supervisors = base.supervisors.edit();
  for (const id of changes.type === 'delta' ? changes.removed : []) {
    servers.delete(id);
    supervisors.delete(id);
  }
  const hasSums = changes.sums !== undefined;
  /** Sets a row. Does not add a row to a truncated model that has {@link MAX_ROWS} rows already. */
  const set = <Row extends { readonly id: string }>(rows: TableEdit<Row>, row: Row): void => {
    if (hasSums && rows.get(row.id) === undefined && servers.size + supervisors.size >= MAX_ROWS) return;
    rows.set(row);
  };
  const { now } = base;
  // A delta has only the parts of a row that changed. The other parts are taken from the held row.
  const held = changes.type === 'delta' ? (id: string) => servers.get(id) : undefined;
  const received = registrationsIn(changes.registrations, version);
  const registrations = (id: string): Registrations | undefined =>
    received.get(id) ?? (held && (servers.get(id) ?? supervisors.get(id))?.registrations);
  // The id of a row may have belonged to a process of the other kind before. The old row is deleted.
  for (const row of serverRows(changes.servers, { version, now, registrations, ...(held && { held }) })) {
    supervisors.delete(row.id);
    set(servers, row);
  }
  for (const row of supervisorRows(changes.supervisors, { now, registrations })) {
    servers.delete(row.id);
    set(supervisors, row);
  }
  return { servers: servers.done(), supervisors: supervisors.done() };
}
