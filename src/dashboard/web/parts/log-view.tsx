import { useSignal } from '@preact/signals';
import { formatCount } from '../../view-model/format.js';
import { type LogLine, matches, severityOf } from '../../view-model/log-lines.js';
import { useDashboard } from '../model/dashboard-context.js';
import { Filters } from './filters.js';
import { Icon } from './icon.js';
import { LogItem } from './log-item.js';

/** The number of log lines that are shown at first, and the number that each click on "older" adds. */
const PAGE_SIZE = 100;

/** The view of the log, newest entry first. */
export function LogView() {
  const { live, router, pausedLog, toggleLogPause } = useDashboard();
  const { logText, problemsOnly, nodeId } = router.address.value;
  const limit = useSignal(PAGE_SIZE);
  const isPaused = pausedLog.value !== undefined;
  const all = pausedLog.value ?? live.log.value;
  const last = all.at(-1)?.number ?? 0;
  const passes = ({ entry }: LogLine): boolean =>
    (nodeId === undefined || entry.nodeId === nodeId) &&
    (!problemsOnly || isProblem(entry)) &&
    (logText.trim() === '' || matches(entry, logText));
  const lines = all.filter(passes);
  const waiting = live.log.value.filter((line) => line.number > last && passes(line)).length;
  const shown = lines.slice(-limit.value).reverse();
  return (
    <div class="view">
      <Filters
        label="Filter the log"
        param="logText"
        note={`${formatCount(lines.length)} of ${formatCount(all.length)}`}
      >
        <label class="check">
          <input
            type="checkbox"
            checked={problemsOnly}
            onChange={({ currentTarget }) => router.go({ problemsOnly: currentTarget.checked }, 'replace')}
          />
          <span>Problems</span>
        </label>
        <button
          type="button"
          class={`button ${isPaused ? 'is-set' : ''}`}
          aria-pressed={isPaused}
          onClick={toggleLogPause}
        >
          <Icon name={isPaused ? 'play' : 'pause'} />
          {isPaused ? `Paused · ${formatCount(waiting)} new` : 'Pause'}
        </button>
      </Filters>
      {/* aria-live is off because new entries of a busy cluster would keep a screen reader speaking all the time. */}
      <div class="log scroller" role="log" aria-label="Events of the cluster" aria-live="off" tabIndex={0}>
        <ol>
          {shown.map((line) => (
            <LogItem key={line.number} line={line} />
          ))}
        </ol>
        {lines.length > shown.length && (
          <button
            type="button"
            class="button more"
            onClick={() => {
              limit.value += PAGE_SIZE;
            }}
          >
            {formatCount(lines.length - shown.length)} older
          </button>
        )}
        {lines.length === 0 && (
          <p class="empty">{all.length === 0 ? 'No entries yet.' : 'No entry passes the filter.'}</p>
        )}
      </div>
    </div>
  );
}

function isProblem(entry: LogLine['entry']): boolean {
  const severity = severityOf(entry);
  return severity === 'bad' || severity === 'warn';
}
