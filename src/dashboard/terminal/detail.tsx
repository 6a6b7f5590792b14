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
import { countsOf, type NodeRow, type ProcessRow } from '../view-model/rows.js';
import { labelOf } from '../view-model/table.js';
import { entryText } from './entry-details.js';
import { bodyRows } from './layout.js';
import { visible } from './list-cursor.js';
import { entryParts } from './log.js';
import { heardSince, nodeTime } from './node-status.js';
import { processMark } from './processes.js';
import type { Overlay, State } from './state.js';
import { Line, Lines, type Part, Spread } from './styled-line.js';
import { MARK } from './symbols.js';
import { fitted, wrap } from './text-fitting.js';
import { detailRows, entriesOf, relativeList } from './view-lists.js';

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
  const node = shown.view.nodes.find((each) => each.node.nodeId === row.nodeId)?.node;
  const list = relativeList(overlay, state);
  const relatives = visible(cursor, list);
  const { entries: entryRows } = detailRows(bodyRows(size));
  const entries = entriesOf(row, shown);
  const parts = entryParts(state);
  return (
    <>
      <Spread
        left={[' ', processMark(row, node), ' ', ['strong', labelOf(row)], `  ${row.kind}`]}
        right={[trouble(node, isGone, now), ' ']}
        width={size.columns}
      />
      <Facts row={row} node={node} now={now} width={size.columns} />
      <Line parts={[' ', ['accent', 'Parent and children'], `  ${formatCount(list.items.length)}`]} />
      {relatives.map(({ relation, row: relative }, index) => {
        const isChosen = cursor.top + index === cursor.index;
        const left: Part[] = [
          `${isChosen ? MARK.cursor : ' '} `,
          fitted(relation, 7),
          processMark(relative, node),
          ` ${labelOf(relative)}`,
        ];
        return (
          <Spread
            key={relative.key}
            left={left}
            right={[figuresOf(relative)]}
            width={size.columns}
            isChosen={isChosen}
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

function figuresOf({ kind, queueSize, rate, childCount, restarts }: ProcessRow): string {
  return kind === 'supervisor'
    ? `${formatCount(childCount)} children, ${formatCount(restarts)} restarts `
    : `queue ${formatCount(queueSize)}, ${formatRate(rate)} msg/s `;
}

function trouble(node: NodeRow | undefined, isGone: boolean, now: number): Part {
  if (isGone) return ['bad', `${MARK.lost} gone; as it was last seen`];
  if (node === undefined || node.status === 'connected') return '';
  return ['bad', `${MARK.lost} node ${node.status}; as of ${formatAge(heardSince(node.heardAt, now))} ago`];
}

const FACT_LABEL = 15;

type Fact = readonly [label: string, value: string];

function Facts({
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
  const [left = [], right = []] = balanced(
    identity(row, node, now),
    row.kind === 'supervisor' ? supervision(row) : work(row),
    row,
  );
  const half = Math.floor((width - 2) / 2);
  const lines = Array.from({ length: Math.max(left.length, right.length) }, (_, index) => (
    <Line
      key={left[index]?.[0] ?? right[index]?.[0]}
      parts={[' ', ...fact(left[index], half), ...fact(right[index], half)]}
    />
  ));
  return (
    <>
      {lines}
      <Line parts={[]} />
    </>
  );
}

/** Adds the counts of a process to two columns, each count to the column that is shorter by then. */
function balanced(left: readonly Fact[], right: readonly Fact[], row: ProcessRow): readonly (readonly Fact[])[] {
  const columns: [Fact[], Fact[]] = [[...left], [...right]];
  for (const [label, count] of countsOf(row)) {
    const shorter = columns[0].length <= columns[1].length ? columns[0] : columns[1];
    shorter.push([label.toLowerCase(), count]);
  }
  return columns;
}

function fact(entry: Fact | undefined, width: number): readonly Part[] {
  if (entry === undefined) return [' '.repeat(width)];
  return [['dim', fitted(` ${entry[0]}`, FACT_LABEL)], fitted(entry[1], width - FACT_LABEL)];
}

function identity(row: ProcessRow, node: NodeRow | undefined, now: number): readonly Fact[] {
  return [
    ['id', row.id],
    ['name', row.name ?? UNKNOWN],
    ['node', row.nodeId],
    ['status', row.status],
    ['up', node === undefined ? UNKNOWN : formatUptime(nodeTime(node, now) - row.startedMonotonic)],
    ['started', `${formatDate(row.startedAt)} ${formatTime(row.startedAt)}`],
  ];
}

function work(row: ProcessRow): readonly Fact[] {
  return [
    ['queue', formatCount(row.queueSize)],
    ['messages', formatCount(row.messageCount)],
    ['msg/s', formatRate(row.rate)],
    ['p99 wait', formatMs(row.waitP99)],
    ['p99 handle', formatMs(row.handleP99)],
  ];
}

function supervision(row: ProcessRow): readonly Fact[] {
  return [
    ['strategy', row.strategy ?? UNKNOWN],
    ['children', formatCount(row.childCount)],
    ['restarts', formatCount(row.totalRestarts)],
  ];
}

/** The full text of one log entry. */
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
