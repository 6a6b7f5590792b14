import { formatTime } from '../view-model/format.js';
import type { LogLine } from '../view-model/log-lines.js';
import { describeEntry, severityOf } from '../view-model/log-lines.js';
import { bodyRows } from './layout.js';
import { visibleItems } from './list-cursor.js';
import { nodeLabels } from './node-display.js';
import type { State } from './state.js';
import { Line, Lines, type Part, type Tone } from './styled-line.js';
import { MARK } from './symbols.js';
import { padOrCut } from './text-fitting.js';
import { widthOf } from './text-width.js';
import { logList } from './view-lists.js';

const MARKS: Readonly<Record<ReturnType<typeof severityOf>, readonly [tone: Tone, mark: string]>> = {
  bad: ['bad', MARK.lost],
  warn: ['warn', MARK.warning],
  good: ['good', MARK.good],
  plain: ['dim', MARK.plain],
};

/** The view of the log, newest entry last. */
export function LogView({ state }: { readonly state: State }) {
  const { log, size } = state;
  const list = logList(state);
  const lines = visibleItems(log.cursor, list);
  const parts = entryParts(state);
  return (
    <>
      {lines.map((line, index) => {
        const isSelected = log.cursor.top + index === log.cursor.index;
        return (
          <Line
            key={line.number}
            parts={[`${isSelected ? MARK.cursor : ' '} `, ...parts(line)]}
            isSelected={isSelected}
          />
        );
      })}
      {lines.length === 0 && <Line parts={['  ', ['dim', emptyLogText(state)]]} />}
      <Lines height={bodyRows(size) - Math.max(1, lines.length)} />
    </>
  );
}

function emptyLogText({ log }: State): string {
  return log.filter === '' ? 'No entries yet.' : 'No entry passes the filter. Esc clears it.';
}

/** Returns a function that returns the line for a log entry: time, severity, node, description. */
export function entryParts({ shown, size }: State): (line: LogLine) => readonly Part[] {
  const maxWidth = size.columns >= 110 ? 32 : 12;
  const label = nodeLabels(shown.view, maxWidth);
  const nodeWidth = Math.min(maxWidth, Math.max(4, ...shown.view.nodes.map(({ node }) => widthOf(label(node.nodeId)))));
  return ({ entry }) => {
    const severity = severityOf(entry);
    const text = describeEntry(entry);
    return [
      ['dim', formatTime(entry.at)],
      ' ',
      MARKS[severity],
      ' ',
      ['dim', padOrCut(label(entry.nodeId), nodeWidth)],
      ' ',
      severity === 'bad' ? ['bad', text] : text,
    ];
  };
}
