import { ChangeLog } from './change-log.js';
import {
  type ServerColumns,
  type SupervisorColumns,
  serverColumns,
  serverRows,
  supervisorColumns,
  supervisorRows,
} from './columns.js';
import { emptyModel, type ModelSums, type NodeModel, sumsOf } from './evolve.js';
import type { TableEdit } from './immutable-table.js';
import type { Now } from './rows.js';
import type { GenServerStats, SupervisorStats } from './snapshot.js';
import type { NamedTotalsRow } from './totals.js';
import { namedTotalsSince, type TotalsColumns, totalsColumns, withTotals } from './totals-columns.js';

/** Rows of both kinds, with what is known of all processes together. */
interface Rows {
  readonly servers: ServerColumns;
  readonly supervisors: SupervisorColumns;
  /** Not sent by versions of noex without totals. */
  readonly totals?: TotalsColumns | undefined;
  /** Present where the node has more processes than it sends rows. */
  readonly sums?: ModelSums | undefined;
}

/** The answer to "what changed since version v?". Plain data. */
export type Changes =
  /** Nothing. */
  | { readonly type: 'none' }
  /** The rows that changed after `since`, as they are now, and the ids of those that are gone. */
  | (Rows & { readonly type: 'delta'; readonly since: number; readonly removed: readonly string[] })
  /** All rows, a page at a time; the first page is 0. */
  | (Rows & {
      readonly type: 'page';
      readonly page: number;
      readonly isLast: boolean;
      /** How many pages there are. Absent: a version of noex that does not say. */
      readonly pages?: number | undefined;
    });

type RowChanges = Exclude<Changes, { readonly type: 'none' }>;

/** The number of rows of a page. A reader applies a page at once: a larger one would block its event loop too long. */
const PAGE_ROWS = 1000;

/** When more rows changed, all rows are sent in pages. */
export const MAX_CHANGED_ROWS = 2000;

/**
 * A node sends at most this many rows, and a reader holds at most this many of each node: more would fill its memory. Counts
 * and totals are of all processes nevertheless.
 */
export const MAX_ROWS = 100_000;

/** A reader that holds a smaller share of the rows it could hold asks for all of them again. */
const MIN_HELD_SHARE = 0.9;

/**
 * The answer to "what changed since `version`?"; `undefined`: the reader knows nothing yet. Costs what changed, not what
 * exists, unless the answer is a page.
 */
export function changesSince(model: NodeModel, version: number | undefined): Changes {
  if (version === model.version) return { type: 'none' };
  const ids = version === undefined || version > model.version ? undefined : model.log.since(version);
  const few = Math.min(MAX_CHANGED_ROWS, rowCount(model) / 2);
  if (version === undefined || ids === undefined || ids.size > few) {
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
    ...figuresOf(model, model.totals === undefined ? [] : namedTotalsSince(model.totals, version)),
  };
  return { type: 'delta', since: version, ...rows, removed };
}

/** A page of all rows: supervisors first, so that a parent comes before its children; then servers, then named totals. */
export function pageOf(model: NodeModel, page: number, pageRows = PAGE_ROWS): Changes {
  const begin = page * pageRows;
  const end = begin + pageRows;
  const rows = Math.min(MAX_ROWS, rowCount(model));
  const named = model.totals?.named.rows ?? [];
  /** The part of a list that belongs to this page, where it begins and ends at these rows. */
  const part = <Row>(list: readonly Row[], from: number, to: number): readonly Row[] =>
    list.slice(Math.max(0, begin - from), Math.max(0, Math.min(end, to) - from));
  const firstServer = model.supervisors.size;
  return {
    type: 'page',
    page,
    isLast: end >= rows + named.length,
    pages: Math.max(1, Math.ceil((rows + named.length) / pageRows)),
    servers: serverColumns(part(model.servers.rows, firstServer, rows)),
    supervisors: supervisorColumns(part(model.supervisors.rows, 0, rows)),
    ...figuresOf(model, part(named, rows, rows + named.length)),
  };
}

function figuresOf(model: NodeModel, named: readonly NamedTotalsRow[]): Pick<Rows, 'totals' | 'sums'> {
  const { totals } = model;
  return {
    ...(totals !== undefined && { totals: totalsColumns(totals, named) }),
    ...((model.truncated !== undefined || rowCount(model) > MAX_ROWS) && { sums: sumsOf(model) }),
  };
}

function rowCount({ servers, supervisors }: NodeModel): number {
  return servers.size + supervisors.size;
}

/**
 * The model at `version`, from the one the reader holds and what changed since. Of pages, the model so far: it is
 * complete with the last. `undefined` when the two do not fit, and the reader has to ask for everything.
 *
 * @throws TypeError when there would be more than {@link MAX_ROWS} rows, and no counts of those beyond
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

/** Whether the reader holds what these changes begin with. */
function buildsOn(held: NodeModel | undefined, version: number, changes: RowChanges): boolean {
  if (changes.type === 'page' && changes.page === 0) return true;
  if (held === undefined || held.version > version) return false;
  return changes.type === 'page' || held.version >= changes.since;
}

/** Of a node with more processes than rows, some rows went, and others did not take their place: whether enough are left. */
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
  const isTruncated = changes.sums !== undefined;
  /** Of a truncated node, rows beyond the limit are not held. */
  const set = <Row extends { readonly id: string }>(rows: TableEdit<Row>, row: Row): void => {
    if (isTruncated && rows.get(row.id) === undefined && servers.size + supervisors.size >= MAX_ROWS) return;
    rows.set(row);
  };
  const { now } = base;
  // An id may have come back as the other kind since.
  const held = changes.type === 'delta' ? (id: string) => servers.get(id) : undefined;
  for (const row of serverRows(changes.servers, { version, now, ...(held && { held }) })) {
    supervisors.delete(row.id);
    set(servers, row);
  }
  for (const row of supervisorRows(changes.supervisors, now)) {
    servers.delete(row.id);
    set(supervisors, row);
  }
  return { servers: servers.done(), supervisors: supervisors.done() };
}
