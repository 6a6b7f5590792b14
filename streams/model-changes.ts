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
  /** Global names and groups that changed. Absent: none changed, or the sender runs a version of noex without them. */
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
  /** The current state of the rows that changed after version `since`, and the ids of the rows that were removed after it. */
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
 * The number of rows of a page. A reader applies a page in one go: a larger page would block its event loop for too
 * long.
 */
const PAGE_ROWS = 1000;

/** If more rows than this changed, all rows are sent in pages instead of a delta. */
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
 * The answer to "what changed since `version`?". A reader without any state has the version `undefined`, and gets the first
 * page of all rows. The cost of a delta depends on the number of changes, and not on the number of rows.
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

/** Whether readers do not hold a row of each process. A delta may then be the first that they receive of a process. */
function isTruncated(model: NodeModel): boolean {
  return model.truncated !== undefined || rowCount(model) > MAX_ROWS;
}

function rowCount({ servers, supervisors }: NodeModel): number {
  return servers.size + supervisors.size;
}

/**
 * Applies changes to the model that a reader holds, and returns the model at `version`. After a page, the model is
 * partial until the last page is applied. Returns `undefined` if the changes do not fit the held model; the reader then
 * requests everything.
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

/** Whether enough rows are left after a delta. A truncated node does not send another row in place of a removed one. */
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
  // An id of a GenServer may now belong to a supervisor, or the reverse. Its row of the other kind is deleted.
  const held = changes.type === 'delta' ? (id: string) => servers.get(id) : undefined;
  const received = registrationsIn(changes.registrations, version);
  const registrations = (id: string): Registrations | undefined =>
    received.get(id) ?? (held && (servers.get(id) ?? supervisors.get(id))?.registrations);
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
