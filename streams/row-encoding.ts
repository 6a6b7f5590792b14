import type { SupervisorStrategy } from './events.js';
import { latencyWindowOf } from './latency.js';
import { type LatencyWindow, type PackedSlices, packSlices, unpackSlices, withSlices } from './latency-window.js';
import type { Registrations } from './registrations.js';
import { SERVER_COUNT_NAMES, type ServerCountName, type ServerCounts } from './server-counts.js';
import type { GenServerStats, ServerStatus, SupervisorStats } from './snapshot.js';
import { type Now, ServerRow, SupervisorRow, shownCounts } from './snapshot-rows.js';

/** Columns of both kinds of rows that a sender may leave out. */
interface OptionalColumns {
  /** Absent if no row has a child id. */
  readonly childId?: readonly (string | null)[];
  /** Absent if no row has a distributed supervisor. */
  readonly distributedSupervisor?: readonly (string | null)[];
  /** Absent: the sender runs a version of noex without this column. */
  readonly startedMonotonic?: readonly number[];
}

/** The columns of counts. Some versions of noex do not send the columns that `SERVER_COUNTS` marks as `isOptional`. */
type CountColumns = { readonly [Name in ServerCountName]?: readonly number[] };

/**
 * Rows of GenServers, with one array for each column. In a column of texts, `null` means that the row has no such text.
 * This JSON is far shorter, and far faster to write and to read, than JSON with one object for each row.
 */
export interface ServerColumns extends OptionalColumns, CountColumns {
  readonly id: readonly string[];
  readonly name: readonly (string | null)[];
  /** Absent if no row has a label. */
  readonly label?: readonly (string | null)[];
  readonly parentId: readonly (string | null)[];
  readonly status: readonly ServerStatus[];
  readonly queueSize: readonly number[];
  readonly messageCount: readonly number[];
  /**
   * Slices of the latency window; in a delta, only those that changed. Absent: the sender runs a version of noex
   * without slices.
   */
  readonly latency?: readonly PackedSlices[];
  readonly startedAt: readonly number[];
}

/** Rows of supervisors, with one array for each column. */
export interface SupervisorColumns extends OptionalColumns {
  readonly id: readonly string[];
  readonly name: readonly (string | null)[];
  readonly parentId: readonly (string | null)[];
  readonly strategy: readonly SupervisorStrategy[];
  readonly childCount: readonly number[];
  readonly totalRestarts: readonly number[];
  readonly startedAt: readonly number[];
}

/** The maximum length of a process id, in characters. The ids that noex makes are shorter. */
export const MAX_ID = 200;

/** Names, labels and child ids are cut to this many characters before they are sent. */
export const MAX_PROCESS_NAME = 200;

/**
 * Converts rows to columns.
 *
 * @param since the version that the reader holds: latency slices that have not changed since then are left out. Absent:
 * all slices are included.
 */
export function serverColumns(rows: readonly GenServerStats[], since?: number): ServerColumns {
  return {
    id: rows.map(({ id }) => id),
    name: rows.map(({ name }) => sentText(name)),
    ...(rows.some(({ label }) => label !== undefined) && { label: rows.map(({ label }) => sentText(label)) }),
    parentId: rows.map(({ parentId }) => parentId ?? null),
    status: rows.map(({ status }) => status),
    queueSize: rows.map(({ queueSize }) => queueSize),
    messageCount: rows.map(({ messageCount }) => messageCount),
    ...countColumns(rows),
    latency: rows.map((row) => packSlices(latencyWindowOf(row), since)),
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

export function supervisorColumns(rows: readonly SupervisorStats[]): SupervisorColumns {
  return {
    id: rows.map(({ id }) => id),
    name: rows.map(({ name }) => sentText(name)),
    parentId: rows.map(({ parentId }) => parentId ?? null),
    strategy: rows.map(({ strategy }) => strategy),
    childCount: rows.map(({ childCount }) => childCount),
    totalRestarts: rows.map(({ totalRestarts }) => totalRestarts),
    startedAt: rows.map(({ startedAt }) => startedAt),
    ...optionalColumns(rows),
  };
}

function optionalColumns(rows: readonly (GenServerStats | SupervisorStats)[]): OptionalColumns {
  const childId = textColumn(rows.map((row) => row.childId));
  const distributedSupervisor = textColumn(rows.map((row) => row.distributedSupervisor));
  return {
    ...(childId !== undefined && { childId }),
    ...(distributedSupervisor !== undefined && { distributedSupervisor }),
    startedMonotonic: rows.map((row) => row.startedMonotonic),
  };
}

/** Returns a column of texts; `undefined` if all are absent. */
function textColumn(texts: readonly (string | undefined)[]): readonly (string | null)[] | undefined {
  return texts.every((text) => text === undefined) ? undefined : texts.map(sentText);
}

function sentText(text: string | undefined): string | null {
  return text?.slice(0, MAX_PROCESS_NAME) ?? null;
}

/** What {@link serverRows} needs to make rows from columns. */
interface RowReader {
  /** The version of the report that the columns came with. */
  readonly version: number;
  readonly now: Now;
  /** Returns the registrations of the process with this id; `undefined` if it has none. */
  registrations(id: string): Registrations | undefined;
  /**
   * Returns the row with this id that the reader already holds; `undefined` if there is none. Needed only for a delta,
   * which has only the changed slices of each row.
   */
  held?(id: string): GenServerStats | undefined;
}

/** Converts received columns to rows. `report-checks.ts` has checked that all columns have the same length. */
export function serverRows(
  columns: ServerColumns,
  { version, now, registrations, held }: RowReader,
): readonly GenServerStats[] {
  return columns.id.map((id, row) => {
    const fields = {
      id,
      name: columns.name[row] ?? undefined,
      label: columns.label?.[row] ?? undefined,
      parentId: columns.parentId[row] ?? undefined,
      status: columns.status[row] ?? 'running',
      queueSize: columns.queueSize[row] ?? 0,
      messageCount: columns.messageCount[row] ?? 0,
      latencyWindow: windowAfter(held?.(id), unpackSlices(columns.latency?.[row] ?? [], version)),
      ...startOf(columns, row),
      registrations: registrations(id),
    };
    return new ServerRow(fields, now, fields, shownCounts(countsIn(columns, row)));
  });
}

function windowAfter(held: GenServerStats | undefined, changed: LatencyWindow): LatencyWindow {
  return withSlices(held === undefined ? [] : latencyWindowOf(held), changed);
}

interface Start {
  readonly childId: string | undefined;
  readonly distributedSupervisor: string | undefined;
  readonly startedAt: number;
  readonly startedMonotonic: number;
}

/**
 * Reads the columns of both kinds of rows that are about the start of the process. A node that does not send
 * `startedMonotonic` does not send `monotonic` in its reports either. Wall-clock times of that node replace both, so
 * the uptime, which is their difference, is still right.
 */
function startOf(columns: ServerColumns | SupervisorColumns, row: number): Start {
  const startedAt = columns.startedAt[row] ?? 0;
  const startedMonotonic = columns.startedMonotonic?.[row] ?? startedAt;
  const childId = columns.childId?.[row] ?? undefined;
  const distributedSupervisor = columns.distributedSupervisor?.[row] ?? undefined;
  return { childId, distributedSupervisor, startedAt, startedMonotonic };
}

export function supervisorRows(
  columns: SupervisorColumns,
  { now, registrations }: Pick<RowReader, 'now' | 'registrations'>,
): readonly SupervisorStats[] {
  return columns.id.map((id, row) => {
    const fields = {
      id,
      name: columns.name[row] ?? undefined,
      parentId: columns.parentId[row] ?? undefined,
      strategy: columns.strategy[row] ?? 'one_for_one',
      childCount: columns.childCount[row] ?? 0,
      totalRestarts: columns.totalRestarts[row] ?? 0,
      ...startOf(columns, row),
      registrations: registrations(id),
    };
    return new SupervisorRow(fields, now);
  });
}
