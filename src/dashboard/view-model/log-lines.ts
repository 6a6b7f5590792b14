import type { LogEntry, SerializedError, SerializedExitReason } from '../../../streams/index.js';
import { visibleLines, visibleText } from './visible-text.js';

/** The maximum number of entries in a log. When the log exceeds this number, the oldest entries are removed. */
export const MAX_ENTRIES = 1000;

/** The maximum length of a shortened line without its ellipsis, UTF-16 code units. */
const MAX_SHORT = 300;

/** A log entry with its consecutive number in the log of this dashboard, from 1. */
export interface LogLine {
  readonly number: number;
  readonly entry: LogEntry;
  /** Whether the line has no stack and no causes of the error. The server sends the whole error on request. */
  readonly isShortened?: true;
}

/** The log of a dashboard, newest entry last. */
export type Log = readonly LogLine[];

/**
 * Returns the log with the entries appended, at most the last `MAX_ENTRIES`. Entries that arrive together may come from
 * several nodes, so the function sorts `entries` by time.
 */
export function withEntries(log: Log, entries: readonly LogEntry[]): Log {
  const last = log.at(-1)?.number ?? 0;
  const ordered = entries.toSorted((a, b) => a.at - b.at);
  return [...log, ...ordered.map((entry, index) => ({ number: last + 1 + index, entry }))].slice(-MAX_ENTRIES);
}

/** The maximum length of an error message in a shortened log line, UTF-16 code units. */
const MAX_SENT_MESSAGE = 1000;

/**
 * Returns the error of an entry, such as a crash or an exit whose reason is an error. `undefined`: the entry has no
 * error.
 */
export function errorIn(entry: LogEntry): SerializedError | undefined {
  if ('error' in entry) return entry.error;
  return entry.type === 'process_exited' && typeof entry.reason === 'object' ? entry.reason.error : undefined;
}

/**
 * Returns the line with only the name, the code and the first `MAX_SENT_MESSAGE` characters of the message of its
 * error. A line without an error is returned unchanged. Stacks make up most of the size of a log, and users read few
 * stacks. So browsers request a stack only when the user opens it.
 */
export function withoutStack(line: LogLine): LogLine {
  const { entry } = line;
  const error = errorIn(entry);
  if (error === undefined) return line;
  const { name, message, code } = error;
  const short = { name, message: message.slice(0, MAX_SENT_MESSAGE), ...(code !== undefined && { code }) };
  const shortened = 'error' in entry ? { ...entry, error: short } : { ...entry, reason: { error: short } };
  return { ...line, entry: shortened as LogEntry, isShortened: true };
}

/**
 * Returns the severity of an entry. `bad` and `warn` are problems, `good` is the end of a problem, and `plain` is
 * normal operation.
 */
export function severityOf(entry: LogEntry): 'bad' | 'warn' | 'good' | 'plain' {
  switch (entry.type) {
    case 'process_crashed':
    case 'child_restart_failed':
    case 'supervisor_gave_up':
      return 'bad';
    case 'node_down':
      return entry.reason === 'graceful_shutdown' ? 'plain' : 'bad';
    case 'loop_blocked':
    case 'missed':
      return 'warn';
    case 'global_name_conflict':
      return entry.outcome === 'killed' ? 'bad' : 'warn';
    case 'child_restarted':
    case 'node_up':
      return 'good';
    default:
      return 'plain';
  }
}

/** The reasons of `node_down` in plain words. Other reasons are shown as they are. */
const NODE_DOWN_REASONS: Readonly<Record<string, string>> = {
  connection_closed: 'its connection closed',
  connection_refused: 'its connection was refused',
  graceful_shutdown: 'it left the cluster',
  heartbeat_timeout: 'no heartbeats arrived',
};

/** Why a node ended a child of a distributed supervisor, in plain words. */
const STOP_REASONS = {
  duplicate: 'it also runs on another node',
  orphaned: 'its supervisor had no leader for too long',
  handed_over: 'this node leaves the cluster',
  no_quorum: 'this node sees too few nodes',
} as const;

/** Describes an entry in one line of visible characters, without its time and its node. */
export function describeEntry(entry: LogEntry): string {
  return visibleText(entryLine(entry));
}

function entryLine(entry: LogEntry): string {
  switch (entry.type) {
    case 'process_started':
      return `${entry.kind} ${label(entry)} started`;
    case 'process_crashed':
      return `${entry.kind} ${label({ name: entry.name ?? entry.childId, id: entry.id })} crashed: ${errorLine(entry.error)}`;
    case 'process_exited':
      return `${entry.kind} ${label(entry)} exited: ${exitLine(entry.reason)}`;
    case 'child_restarted':
      return `${entry.name ?? entry.childId} restarted as ${entry.id} (was ${entry.oldId}, attempt ${entry.attempt})`;
    case 'child_restart_failed':
      return `${entry.childId} failed to restart (was ${entry.id}, attempt ${entry.attempt}): ${errorLine(entry.error)}`;
    case 'supervisor_gave_up':
      return `supervisor ${label(entry)} gave up after ${entry.maxRestarts} restarts within ${entry.withinMs} ms, last child ${entry.childId}: ${errorLine(entry.error)}`;
    case 'loop_blocked':
      return `${label(entry)} blocked the event loop for ${Math.round(entry.ms)} ms${whileHandling(entry.messageType)}`;
    case 'global_name_conflict':
      return conflictLine(entry);
    case 'distributed_supervisor_led':
      return `${label(entry)} leads the distributed supervisor ${entry.supervisor}`;
    case 'distributed_supervisor_yielded':
      return `${label(entry)} does not lead the distributed supervisor ${entry.supervisor} any more: ${entry.to} does`;
    case 'distributed_child_moved':
      return `${entry.childId} of ${entry.supervisor} (${entry.id}) runs here now, and ran on ${entry.from} before`;
    case 'distributed_child_stopped':
      return `${entry.childId} of ${entry.supervisor} (${entry.id}) stopped here: ${STOP_REASONS[entry.why]}`;
    case 'node_up':
      return 'node up';
    case 'node_down':
      return `node down: ${NODE_DOWN_REASONS[entry.reason] ?? entry.reason}`;
    case 'missed':
      return `${entry.count} entries are missing here`;
  }
}

/** Shortens a line for a list of entries, because an error message may have any length. */
export function shorten(line: string): string {
  // If the cut splits a surrogate pair, the remaining half is removed.
  return line.length <= MAX_SHORT ? line : `${line.slice(0, MAX_SHORT).replace(/\p{Cs}$/u, '')}…`;
}

/** Whether each word of the text is part of the entry's node id, type, reason code or description. Ignores case. */
export function matches(entry: LogEntry, text: string): boolean {
  const code = entry.type === 'node_down' ? entry.reason : '';
  const searched = `${entry.nodeId} ${entry.type} ${code} ${describeEntry(entry)}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searched.includes(word));
}

/**
 * Returns the lines about a process, in three groups: lines about the process itself, lines about the earlier processes
 * that restarts replaced by it and, for a supervisor, lines about restarts of its children. The order is that of the
 * log.
 */
export function linesAbout(log: Log, nodeId: string, id: string): Log {
  const ids = new Set([id]);
  // The newest entry comes first, because each restart adds the id of the replaced process. Older entries may be about
  // that process.
  for (const { entry } of log.toReversed()) {
    if (entry.type === 'child_restarted' && entry.nodeId === nodeId && ids.has(entry.id)) ids.add(entry.oldId);
  }
  return log.filter(({ entry }) => {
    if (entry.nodeId !== nodeId || !('id' in entry)) return false;
    if (ids.has(entry.id)) return true;
    if (entry.type === 'child_restart_failed') return entry.supervisorId === id;
    return entry.type === 'child_restarted' && (entry.oldId === id || entry.supervisorId === id);
  });
}

/**
 * Returns the id of the newest process that restarts have put in place of a process. `undefined`: the log contains no
 * restart of that process.
 */
export function successorOf(log: Log, nodeId: string, id: string): string | undefined {
  let latest = id;
  // In a crash loop, each replacement is itself replaced. The log starts with the oldest entry, so one pass follows the
  // chain.
  for (const { entry } of log) {
    if (entry.type === 'child_restarted' && entry.nodeId === nodeId && entry.oldId === latest) latest = entry.id;
  }
  return latest === id ? undefined : latest;
}

/** Formats an error as lines of visible characters: its stack, the errors of an AggregateError, then its causes. */
export function errorText(error: SerializedError): string {
  return visibleLines(errorLines(error));
}

function errorLines({ name, message, stack, code, cause, errors = [] }: SerializedError): string {
  const text = stack ?? `${name}: ${message}`;
  return [
    code === undefined || text.includes(String(code)) ? text : `${text}\n(code ${code})`,
    ...errors.map((one) => `- ${errorLines(one)}`),
    ...(cause === undefined ? [] : [`cause: ${cause.name === 'Value' ? cause.message : errorLines(cause)}`]),
  ].join('\n');
}

function label({ name, id }: { readonly name?: string | undefined; readonly id: string }): string {
  return name === undefined ? id : `${name} (${id})`;
}

function conflictLine(entry: Extract<LogEntry, { type: 'global_name_conflict' }>): string {
  const { globalName, outcome, otherId, otherNodeId } = entry;
  const other = `${otherId} on ${otherNodeId}`;
  if (outcome === 'kept') return `${label(entry)} kept the global name ${globalName}, which ${other} lost`;
  return `${label(entry)} lost the global name ${globalName} to ${other}, and was ${outcome}`;
}

function errorLine({ name, message }: SerializedError): string {
  return `${name}: ${message.split('\n', 1)[0]}`;
}

function exitLine(reason: SerializedExitReason): string {
  return typeof reason === 'string' ? reason : errorLine(reason.error);
}

function whileHandling(messageType: string | undefined): string {
  return messageType === undefined ? '' : ` handling ${messageType}`;
}
