import { formatTime } from '../view-model/format.js';
import type { LogLine } from '../view-model/log.js';
import { describeEntry, severityOf } from '../view-model/log.js';
import { bodyRows } from './layout.js';
import { visible } from './list-cursor.js';
import { nodeLabels } from './node-status.js';
import type { State } from './state.js';
import { Line, Lines, type Part, type Tone } from './styled-line.js';
import { MARK } from './symbols.js';
import { fitted } from './text-fitting.js';
import { logList } from './view-lists.js';
import { widthOf } from './width.js';

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
  const lines = visible(log.cursor, list);
  const parts = entryParts(state);
  return (
    <>
      {lines.map((line, index) => {
        const isChosen = log.cursor.top + index === log.cursor.index;
        return (
          <Line key={line.number} parts={[`${isChosen ? MARK.cursor : ' '} `, ...parts(line)]} isChosen={isChosen} />
        );
      })}
      {lines.length === 0 && <Line parts={['  ', ['dim', nothing(state)]]} />}
      <Lines height={bodyRows(size) - Math.max(1, lines.length)} />
    </>
  );
}

function nothing({ log }: State): string {
  return log.filter === '' ? 'Nothing has happened yet.' : 'No entry passes the filter. Esc clears it.';
}

/** Returns a function for the line of a log entry: time, severity, node, description. */
export function entryParts({ shown, size }: State): (line: LogLine) => readonly Part[] {
  const most = size.columns >= 110 ? 32 : 12;
  const label = nodeLabels(shown.view, most);
  const nodeWidth = Math.min(most, Math.max(4, ...shown.view.nodes.map(({ node }) => widthOf(label(node.nodeId)))));
  return ({ entry }) => {
    const severity = severityOf(entry);
    const text = describeEntry(entry);
    return [
      ['dim', formatTime(entry.at)],
      ' ',
      MARKS[severity],
      ' ',
      ['dim', fitted(label(entry.nodeId), nodeWidth)],
      ' ',
      severity === 'bad' ? ['bad', text] : text,
    ];
  };
}
