import { useSignal } from '@preact/signals';
import { formatTime } from '../../view-model/format.js';
import { describeEntry, errorText, type LogLine, severityOf, shorten } from '../../view-model/log-lines.js';
import { keyOf } from '../../view-model/view-rows.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { fetchDetails } from '../model/fetch-details.js';
import { ProcessLink } from './process-link.js';

const MARKS = { bad: '✕', warn: '▲', good: '✓', plain: '·' } as const;
const SEVERITY_WORDS = { bad: 'problem: ', warn: 'warning: ', good: 'good: ', plain: '' } as const;

/** One entry of the log. `isShort` omits the node and the link to the process. */
export function LogItem({
  line: { entry, number, isShortened },
  isShort = false,
}: {
  readonly line: LogLine;
  readonly isShort?: boolean;
}) {
  const { nodeNames } = useDashboard();
  const severity = severityOf(entry);
  // An exit entry does not show the stack, because the crash entry before it shows the same error.
  const error = 'error' in entry ? errorText(entry.error) : undefined;
  const opened = useSignal<string | undefined>(undefined);
  const open = async (isOpen: boolean): Promise<void> => {
    if (!isOpen || !isShortened || opened.value !== undefined) return;
    const { error: whole, problem } = await fetchDetails(`error?line=${number}`);
    opened.value = whole === undefined ? `${error}\n(${problem})` : errorText(whole);
  };
  const text = describeEntry(entry);
  const line = shorten(text);
  const more = error ?? (line === text ? undefined : text);
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
        <span class="visually-hidden">{SEVERITY_WORDS[severity]}</span>
        {more === undefined ? (
          line
        ) : (
          <details onToggle={({ currentTarget }) => void open(currentTarget.open)}>
            <summary>{line}</summary>
            <pre>{opened.value ?? more}</pre>
          </details>
        )}
      </div>
      {!isShort && 'id' in entry && (
        <ProcessLink processKey={keyOf(entry.nodeId, entry.id)}>
          <span class="id">{visibleText(entry.id)}</span>
        </ProcessLink>
      )}
    </li>
  );
}
