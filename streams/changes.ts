import { ChangeLog } from './change-log.js';
import type { SupervisorStrategy } from './events.js';
import { emptyModel, type NodeModel } from './evolve.js';
import { emptyHistogram, packHistogram, unpackHistogram } from './histogram.js';
import { histogramsOf, type LatencyHistograms } from './latency.js';
import { type Now, ServerRow, SupervisorRow } from './rows.js';
import { SERVER_COUNT_NAMES, type ServerCountName, type ServerCounts } from './server-fields.js';
import type { GenServerStats, ServerStatus, SupervisorStats } from './snapshot.js';

/** Columns of both kinds of rows that not every sender has: a reader does without. */
interface OptionalColumns {
  /** Left out where no row has one. */
  readonly childId?: readonly (string | null)[];
  /** Not sent by versions of noex that had no such column. */
  readonly startedMonotonic?: readonly number[];
}

/** The counts; later ones are not sent by every version of noex. */
type CountColumns = { readonly [Name in ServerCountName]?: readonly number[] };

/** Rows of GenServers, a column each: far less text than a row each, and far faster to write and read as JSON. */
export interface ServerColumns extends OptionalColumns, CountColumns {
  readonly id: readonly string[];
  readonly name: readonly (string | null)[];
  readonly parentId: readonly (string | null)[];
  readonly status: readonly ServerStatus[];
  readonly queueSize: readonly number[];
  readonly messageCount: readonly number[];
  /** Time in the mailbox and time in the handler: histograms, packed. */
  readonly wait: readonly (readonly number[])[];
  readonly handle: readonly (readonly number[])[];
  readonly startedAt: readonly number[];
}

/** Rows of supervisors, a column each. */
export interface SupervisorColumns extends OptionalColumns {
  readonly id: readonly string[];
  readonly name: readonly (string | null)[];
  readonly parentId: readonly (string | null)[];
  readonly strategy: readonly SupervisorStrategy[];
  readonly childCount: readonly number[];
  readonly totalRestarts: readonly number[];
  readonly startedAt: readonly number[];
}

/** Rows of both kinds. */
interface Rows {
  readonly servers: ServerColumns;
  readonly supervisors: SupervisorColumns;
}

/** The answer to "what changed since version v?". Plain data. */
export type Changes =
  /** Nothing. */
  | { readonly type: 'none' }
  /** The rows that changed after `since`, as they are now, and the ids of those that are gone. */
  | (Rows & { readonly type: 'delta'; readonly since: number; readonly removed: readonly string[] })
  /** All rows, a page at a time; the first page is 0. */
  | (Rows & { readonly type: 'page'; readonly page: number; readonly isLast: boolean });

/** The number of rows of a page. A reader applies a page at once: a larger one would block its event loop too long. */
const PAGE_ROWS = 1000;

/** When more rows changed, all rows are sent in pages. */
export const MAX_CHANGED_ROWS = 2000;

/** A node that reports more processes is refused: they would fill the memory of the reader. */
export const MAX_ROWS = 100_000;

/** The longest id of a process, in characters. They are made here, and short. */
export const MAX_ID = 200;

/** The most characters sent of the name of a process, and of the id of its child spec. */
export const MAX_PROCESS_NAME = 200;

/**
 * The answer to "what changed since `version`?"; `undefined`: the reader knows nothing yet. Costs what changed, not what
 * exists, unless the answer is a page.
 */
export function changesSince(model: NodeModel, version: number | undefined): Changes {
  if (version === model.version) return { type: 'none' };
  const ids = version === undefined || version > model.version ? undefined : model.log.since(version);
  const few = Math.min(MAX_CHANGED_ROWS, (model.servers.size + model.supervisors.size) / 2);
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
  return { type: 'delta', since: version, ...columnsOf(servers, supervisors), removed };
}

/** A page of all rows: supervisors first, so that a parent comes before its children. */
export function pageOf(model: NodeModel, page: number, pageRows = PAGE_ROWS): Changes {
  const begin = page * pageRows;
  const end = begin + pageRows;
  const before = model.supervisors.size;
  const supervisors = model.supervisors.rows.slice(begin, end);
  const servers = model.servers.rows.slice(Math.max(0, begin - before), Math.max(0, end - before));
  const isLast = end >= before + model.servers.size;
  return { type: 'page', page, isLast, ...columnsOf(servers, supervisors) };
}

/**
 * The model at `version`, from the one the reader holds and what changed since. Of pages, the model so far: it is
 * complete with the last. `undefined` when the two do not fit, and the reader has to ask for everything.
 *
 * @throws TypeError when there would be more than {@link MAX_ROWS}
 */
export function applyChanges(
  held: NodeModel | undefined,
  version: number,
  changes: Changes,
  now: Now,
): NodeModel | undefined {
  if (changes.type === 'none') return held?.version === version ? held : undefined;
  const isFirst = changes.type === 'page' && changes.page === 0;
  if (!isFirst && (held === undefined || held.version > version)) return undefined;
  if (changes.type === 'delta' && (held?.version ?? 0) < changes.since) return undefined;
  const base = isFirst || held === undefined ? emptyModel(held?.now ?? now) : held;
  const servers = base.servers.edit();
  const supervisors = base.supervisors.edit();
  // An id may have come back as the other kind since.
  for (const row of serverRows(changes.servers, base.now)) {
    supervisors.delete(row.id);
    servers.set(row);
  }
  for (const row of supervisorRows(changes.supervisors, base.now)) {
    servers.delete(row.id);
    supervisors.set(row);
  }
  for (const id of changes.type === 'delta' ? changes.removed : []) {
    servers.delete(id);
    supervisors.delete(id);
  }
  const after = { servers: servers.done(), supervisors: supervisors.done() };
  if (after.servers.size + after.supervisors.size > MAX_ROWS) throw new TypeError(`more than ${MAX_ROWS} processes`);
  return { version, ...after, log: ChangeLog.from(version), now: base.now };
}

function columnsOf(servers: readonly GenServerStats[], supervisors: readonly SupervisorStats[]): Rows {
  return { servers: serverColumns(servers), supervisors: supervisorColumns(supervisors) };
}

function serverColumns(rows: readonly GenServerStats[]): ServerColumns {
  return {
    id: rows.map(({ id }) => id),
    name: rows.map(sentName),
    parentId: rows.map(({ parentId }) => parentId ?? null),
    status: rows.map(({ status }) => status),
    queueSize: rows.map(({ queueSize }) => queueSize),
    messageCount: rows.map(({ messageCount }) => messageCount),
    ...countColumns(rows),
    wait: rows.map((row) => packHistogram(histogramsOf(row)?.wait ?? emptyHistogram)),
    handle: rows.map((row) => packHistogram(histogramsOf(row)?.handle ?? emptyHistogram)),
    startedAt: rows.map(({ startedAt }) => startedAt),
    ...optionalColumns(rows),
  };
}

function countColumns(rows: readonly GenServerStats[]): CountColumns {
  return Object.fromEntries(SERVER_COUNT_NAMES.map((name) => [name, rows.map((row) => row[name] ?? 0)]));
}

function countsIn(columns: CountColumns, row: number): ServerCounts {
  const counts: { -readonly [Name in ServerCountName]?: number } = {};
  for (const name of SERVER_COUNT_NAMES) {
    const count = columns[name]?.[row];
    if (count !== undefined) counts[name] = count;
  }
  return counts;
}

function supervisorColumns(rows: readonly SupervisorStats[]): SupervisorColumns {
  return {
    id: rows.map(({ id }) => id),
    name: rows.map(sentName),
    parentId: rows.map(({ parentId }) => parentId ?? null),
    strategy: rows.map(({ strategy }) => strategy),
    childCount: rows.map(({ childCount }) => childCount),
    totalRestarts: rows.map(({ totalRestarts }) => totalRestarts),
    startedAt: rows.map(({ startedAt }) => startedAt),
    ...optionalColumns(rows),
  };
}

function optionalColumns(rows: readonly (GenServerStats | SupervisorStats)[]): OptionalColumns {
  const startedMonotonic = rows.map((row) => row.startedMonotonic);
  if (rows.every(({ childId }) => childId === undefined)) return { startedMonotonic };
  return { childId: rows.map(({ childId }) => childId?.slice(0, MAX_PROCESS_NAME) ?? null), startedMonotonic };
}

function sentName({ name }: GenServerStats | SupervisorStats): string | null {
  return name?.slice(0, MAX_PROCESS_NAME) ?? null;
}

// The columns of one table have the same length: the validator has checked it.

function serverRows(columns: ServerColumns, now: Now): GenServerStats[] {
  return columns.id.map((id, row) => {
    const fields = {
      id,
      name: columns.name[row] ?? undefined,
      parentId: columns.parentId[row] ?? undefined,
      status: columns.status[row] ?? 'running',
      queueSize: columns.queueSize[row] ?? 0,
      messageCount: columns.messageCount[row] ?? 0,
      ...countsIn(columns, row),
      histograms: histogramsIn(columns.wait[row], columns.handle[row]),
      ...startOf(columns, row),
    };
    return new ServerRow(fields, now);
  });
}

interface Start {
  readonly childId: string | undefined;
  readonly startedAt: number;
  readonly startedMonotonic: number;
}

/** A sender without the monotonic column reports no monotonic time either: its wall clock stands for both. */
function startOf(columns: ServerColumns | SupervisorColumns, row: number): Start {
  const startedAt = columns.startedAt[row] ?? 0;
  const startedMonotonic = columns.startedMonotonic?.[row] ?? startedAt;
  return { childId: columns.childId?.[row] ?? undefined, startedAt, startedMonotonic };
}

function histogramsIn(wait: readonly number[] = [], handle: readonly number[] = []): LatencyHistograms | undefined {
  if (wait.length === 0 && handle.length === 0) return undefined;
  // A few packed numbers can stand for many buckets, in all rows at once: histograms are unpacked when they are read.
  let unpacked: LatencyHistograms | undefined;
  const read = (): LatencyHistograms => {
    unpacked ??= { wait: unpackHistogram(wait), handle: unpackHistogram(handle) };
    return unpacked;
  };
  return Object.freeze({
    get wait() {
      return read().wait;
    },
    get handle() {
      return read().handle;
    },
  });
}

function supervisorRows(columns: SupervisorColumns, now: Now): SupervisorStats[] {
  return columns.id.map((id, row) => {
    const fields = {
      id,
      name: columns.name[row] ?? undefined,
      parentId: columns.parentId[row] ?? undefined,
      strategy: columns.strategy[row] ?? 'one_for_one',
      childCount: columns.childCount[row] ?? 0,
      totalRestarts: columns.totalRestarts[row] ?? 0,
      ...startOf(columns, row),
    };
    return new SupervisorRow(fields, now);
  });
}
