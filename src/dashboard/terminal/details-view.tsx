import {
  formatAge,
  formatCount,
  formatDate,
  formatMs,
  formatRate,
  formatTime,
  formatUptime,
  UNKNOWN,
} from '../view-model/format.js';
import { labelOf } from '../view-model/process-table.js';
import { countsOf, type NodeRow, type ProcessRow } from '../view-model/view-rows.js';
import { bodyRows } from './layout.js';
import { visibleItems } from './list-cursor.js';
import { entryText } from './log-entry-text.js';
import { entryParts } from './log-view.js';
import { ageOf, uptimeReference } from './node-display.js';
import { processMark } from './processes-view.js';
import { registrationFigures } from './registration-figures.js';
import type { Overlay, State } from './state.js';
import { Line, Lines, type Part, SplitLine } from './styled-line.js';
import { MARK } from './symbols.js';
import { padOrCut, wrap } from './text-fitting.js';
import { detailHeights, entriesAbout, FIGURE_ROWS, relativeList } from './view-lists.js';

/** The details of one process: its figures, its parent and children, and its last log entries. */
export function ProcessDetail({
  state,
  overlay,
}: {
  readonly state: State;
  readonly overlay: Overlay & { type: 'process' };
}) {
  const { size, shown, now } = state;
  const { row, isGone, cursor } = overlay;
  const nodeOf = ({ nodeId }: ProcessRow): NodeRow | undefined =>
    shown.view.nodes.find((each) => each.node.nodeId === nodeId)?.node;
  const node = nodeOf(row);
  const list = relativeList(overlay, state);
  const relatives = visibleItems(cursor, list);
  const { entries: entryRows } = detailHeights(bodyRows(size), row);
  const entries = entriesAbout(row, shown);
  const parts = entryParts(state);
  return (
    <>
      <SplitLine
        left={[' ', processMark(row, node), ' ', ['strong', labelOf(row)], `  ${row.kind}`]}
        right={[staleNote(node, isGone, now), ' ']}
        width={size.columns}
      />
      <Figures row={row} node={node} now={now} width={size.columns} />
      {registrationFigures(row).map((figure) => (
        <Line key={figure[0]} parts={[' ', ...figureParts(figure, size.columns - 2)]} />
      ))}
      <Line parts={[' ', ['accent', 'Parent and children'], `  ${formatCount(list.items.length)}`]} />
      {relatives.map(({ relation, row: relative }, index) => {
        const isSelected = cursor.top + index === cursor.index;
        const left: Part[] = [
          `${isSelected ? MARK.cursor : ' '} `,
          padOrCut(relation, 7),
          processMark(relative, nodeOf(relative)),
          ` ${labelOf(relative)}`,
          relative.nodeId === row.nodeId ? '' : ['dim', ` on ${relative.nodeId}`],
        ];
        return (
          <SplitLine
            key={relative.key}
            left={left}
            right={[summaryOfRelative(relative)]}
            width={size.columns}
            isSelected={isSelected}
          />
        );
      })}
      {relatives.length === 0 && <Line parts={['  ', ['dim', 'none']]} />}
      <Lines height={list.height - Math.max(1, relatives.length)} />
      <Line parts={[' ', ['accent', 'Last entries of the log']]} />
      {entries.slice(-entryRows).map((line) => (
        <Line key={line.number} parts={['  ', ...parts(line)]} />
      ))}
      {entries.length === 0 && <Line parts={['  ', ['dim', 'none']]} />}
      <Lines height={entryRows - Math.max(1, Math.min(entryRows, entries.length))} />
    </>
  );
}

function summaryOfRelative({ kind, queueSize, rate, childCount, totalRestarts }: ProcessRow): string {
  return kind === 'supervisor'
    ? `${formatCount(childCount)} children, ${formatCount(totalRestarts)} restarts `
    : `queue ${formatCount(queueSize)}, ${formatRate(rate)} msg/s `;
}

function staleNote(node: NodeRow | undefined, isGone: boolean, now: number): Part {
  if (isGone) return ['bad', `${MARK.lost} gone; these are its last figures`];
  if (node === undefined || node.status === 'connected') return '';
  return ['bad', `${MARK.lost} node ${node.status}; as of ${formatAge(ageOf(node.heardAt, now))} ago`];
}

const FIGURE_LABEL_WIDTH = 15;

type Figure = readonly [label: string, value: string];

function Figures({
  row,
  node,
  now,
  width,
}: {
  readonly row: ProcessRow;
  readonly node: NodeRow | undefined;
  readonly now: number;
  readonly width: number;
}) {
  const [left = [], right = []] = withCounts(
    identityFigures(row, node, now),
    row.kind === 'supervisor' ? supervisorFigures(row) : serverFigures(row),
    row,
  );
  const half = Math.floor((width - 2) / 2);
  const lines = Array.from({ length: Math.max(left.length, right.length) }, (_, index) => (
    <Line
      key={left[index]?.[0] ?? right[index]?.[0]}
      parts={[' ', ...figureParts(left[index], half), ...figureParts(right[index], half)]}
    />
  ));
  return (
    <>
      {lines}
      <Lines height={FIGURE_ROWS + 1 - lines.length} />
    </>
  );
}

/** Returns the two columns of figures with the counts of a process added, each count to the shorter column. */
function withCounts(
  left: readonly Figure[],
  right: readonly Figure[],
  row: ProcessRow,
): readonly (readonly Figure[])[] {
  const columns: [Figure[], Figure[]] = [[...left], [...right]];
  for (const [label, count] of countsOf(row)) {
    const shorter = columns[0].length <= columns[1].length ? columns[0] : columns[1];
    shorter.push([label.toLowerCase(), count]);
  }
  return columns;
}

function figureParts(entry: Figure | undefined, width: number): readonly Part[] {
  if (entry === undefined) return [' '.repeat(width)];
  return [['dim', padOrCut(` ${entry[0]}`, FIGURE_LABEL_WIDTH)], padOrCut(entry[1], width - FIGURE_LABEL_WIDTH)];
}

function identityFigures(row: ProcessRow, node: NodeRow | undefined, now: number): readonly Figure[] {
  return [
    ['id', row.id],
    ['name', row.name ?? UNKNOWN],
    ['node', row.nodeId],
    ['status', row.status],
    ['up', node === undefined ? UNKNOWN : formatUptime(uptimeReference(node, now) - row.startedMonotonic)],
    ['started', `${formatDate(row.startedAt)} ${formatTime(row.startedAt)}`],
  ];
}

function serverFigures(row: ProcessRow): readonly Figure[] {
  return [
    ['queue', formatCount(row.queueSize)],
    ['messages', formatCount(row.messageCount)],
    ['msg/s', formatRate(row.rate)],
    ['p99 wait', formatMs(row.waitP99)],
    ['p99 handle', formatMs(row.handleP99)],
  ];
}

function supervisorFigures(row: ProcessRow): readonly Figure[] {
  return [
    ['strategy', row.strategy ?? UNKNOWN],
    ['children', formatCount(row.childCount)],
    ['restarts', formatCount(row.totalRestarts)],
  ];
}

/** The full text of one log entry, scrolled by `overlay.top` lines. */
export function EntryDetail({
  state,
  overlay,
}: {
  readonly state: State;
  readonly overlay: Overlay & { type: 'entry' };
}) {
  const { size } = state;
  const lines = entryText(overlay.line.entry).flatMap((line) => wrap(line, size.columns - 2));
  const shown = lines
    .map((line, index): readonly Part[] => [' ', index === 0 ? ['strong', line] : line])
    .slice(overlay.top);
  return <Lines lines={shown} height={bodyRows(size)} />;
}
