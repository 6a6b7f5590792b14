import type { LogEntry } from '../../../streams/index.js';
import { describeEntry, errorText } from '../view-model/log-lines.js';

/** Returns the lines of the full text of a log entry. The text of an error includes its stack and its causes. */
export function entryText(entry: LogEntry): readonly string[] {
  const error = errorOf(entry);
  return [
    describeEntry(entry),
    '',
    `time   ${new Date(entry.at).toISOString()}, by the clock of the node`,
    `node   ${entry.nodeId}`,
    ...('id' in entry ? [`id     ${entry.id}`] : []),
    ...(error === undefined ? [] : ['', errorText(error)]),
  ];
}

function errorOf(entry: LogEntry) {
  if ('error' in entry) return entry.error;
  return entry.type === 'process_exited' && typeof entry.reason !== 'string' ? entry.reason.error : undefined;
}
