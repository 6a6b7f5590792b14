import type { LogEntry, SerializedError, SerializedExitReason } from '../../../streams/index.js';
import { visibleLines, visibleText } from './visible-text.js';

/** So many entries are kept; the oldest go first. */
export const MAX_ENTRIES = 1000;

/** Characters. */
const MAX_BRIEF = 300;

/** An entry with its place in the log of this dashboard: 1, 2, 3 ... */
export interface LogLine {
  readonly number: number;
  readonly entry: LogEntry;
}

/** Newest last. */
export type Log = readonly LogLine[];

/** Entries of several nodes that arrive together are sorted by time. */
export function withEntries(log: Log, entries: readonly LogEntry[]): Log {
  const last = log.at(-1)?.number ?? 0;
  const ordered = entries.toSorted((a, b) => a.at - b.at);
  return [...log, ...ordered.map((entry, index) => ({ number: last + 1 + index, entry }))].slice(-MAX_ENTRIES);
}

/** The weight of an entry: `bad` needs attention, `good` is the end of a problem. */
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
    case 'child_restarted':
    case 'node_up':
      return 'good';
    default:
      return 'plain';
  }
}

/** What happened, in one line of visible characters, without when and where. */
export function describe(entry: LogEntry): string {
  return visibleText(sentence(entry));
}

function sentence(entry: LogEntry): string {
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
      return `${entry.childId} did not start again (was ${entry.id}, attempt ${entry.attempt}): ${errorLine(entry.error)}`;
    case 'supervisor_gave_up':
      return `supervisor ${label(entry)} gave up after ${entry.maxRestarts} restarts in ${entry.withinMs} ms, last ${entry.childId}: ${errorLine(entry.error)}`;
    case 'loop_blocked':
      return `${label(entry)} held the event loop for ${Math.round(entry.ms)} ms${by(entry.messageType)}`;
    case 'node_up':
      return 'node up';
    case 'node_down':
      return `node down: ${entry.reason}`;
    case 'missed':
      return `${entry.count} entries are missing here`;
  }
}

/** The start of a line that is one of many: the message of an error may be of any length. */
export function brief(line: string): string {
  // No half of a character is left at the end.
  return line.length <= MAX_BRIEF ? line : `${line.slice(0, MAX_BRIEF).replace(/\p{Cs}$/u, '')}…`;
}

/** Words that all have to be in the line, in whatever case. */
export function matches(entry: LogEntry, text: string): boolean {
  const searched = `${entry.nodeId} ${entry.type} ${describe(entry)}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searched.includes(word));
}

/** What happened to that process, to those whose place it took, and to the children it has restarted. */
export function linesAbout(log: Log, nodeId: string, id: string): Log {
  const lives = new Set([id]);
  // From the newest on: the one before is found before what happened to it.
  for (const { entry } of log.toReversed()) {
    if (entry.type === 'child_restarted' && entry.nodeId === nodeId && lives.has(entry.id)) lives.add(entry.oldId);
  }
  return log.filter(({ entry }) => {
    if (entry.nodeId !== nodeId || !('id' in entry)) return false;
    if (lives.has(entry.id)) return true;
    if (entry.type === 'child_restart_failed') return entry.supervisorId === id;
    return entry.type === 'child_restarted' && (entry.oldId === id || entry.supervisorId === id);
  });
}

/** An error with its stack, then the errors underneath, in lines of visible characters. */
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

function errorLine({ name, message }: SerializedError): string {
  return `${name}: ${message.split('\n', 1)[0]}`;
}

function exitLine(reason: SerializedExitReason): string {
  return typeof reason === 'string' ? reason : errorLine(reason.error);
}

function by(messageType: string | undefined): string {
  return messageType === undefined ? '' : ` handling ${messageType}`;
}
