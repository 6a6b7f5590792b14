import type { ErrorFact, LogEntry } from '../../../../streams/index.js';
import { formatTime } from '../../view/format.js';
import { describe, type LogLine, severityOf } from '../../view/log.js';
import { keyOf } from '../../view/rows.js';
import { useDashboard } from '../model/dashboard.js';
import { ProcessLink } from './process-link.js';

const MARKS = { bad: '✕', warn: '▲', good: '✓', plain: '·' } as const;
const WORDS = { bad: 'problem: ', warn: 'warning: ', good: 'good: ', plain: '' } as const;

export function LogItem({ line: { entry }, isShort = false }: { readonly line: LogLine; readonly isShort?: boolean }) {
  const { nodeNames } = useDashboard();
  const severity = severityOf(entry);
  const error = errorOf(entry);
  const text = describe(entry);
  return (
    <li class={`entry is-${severity}`}>
      <time dateTime={new Date(entry.at).toISOString()}>{formatTime(entry.at)}</time>
      <span class="severity" aria-hidden="true">
        {MARKS[severity]}
      </span>
      {!isShort && (
        <span class="entry-node" title={entry.nodeId}>
          {nodeNames.value.get(entry.nodeId) ?? entry.nodeId}
        </span>
      )}
      <div class="entry-text">
        <span class="unseen">{WORDS[severity]}</span>
        {error?.stack === undefined ? (
          text
        ) : (
          <details>
            <summary>{text}</summary>
            <pre>{error.stack}</pre>
          </details>
        )}
      </div>
      {!isShort && 'id' in entry && (
        <ProcessLink processKey={keyOf(entry.nodeId, entry.id)}>
          <span class="id">{entry.id}</span>
        </ProcessLink>
      )}
    </li>
  );
}

function errorOf(entry: LogEntry): ErrorFact | undefined {
  if (entry.type === 'process_crashed') return entry.error;
  if (entry.type === 'process_exited' && typeof entry.reason === 'object') return entry.reason.error;
  return undefined;
}
