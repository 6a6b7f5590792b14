import { formatCount, formatUptime } from '../view-model/format.js';
import { type GroupRow, membersByNode, type NameRow } from '../view-model/names.js';
import { labelOf } from '../view-model/process-table.js';
import type { ProcessRow } from '../view-model/view-rows.js';
import { type ColumnSpec, columnsFor } from './layout.js';
import { visibleItems } from './list-cursor.js';
import type { NamesLine } from './names-lines.js';
import { nodeLabels } from './node-display.js';
import type { ClusterData, State } from './state.js';
import { Line, Lines, type Part } from './styled-line.js';
import { MARK } from './symbols.js';
import { cellsOf, TableHead } from './table-parts.js';
import { namesList } from './view-lists.js';

type NamesColumn = 'name' | 'kind' | 'owner' | 'node' | 'since';

const SPECS: readonly ColumnSpec<NamesColumn>[] = [
  { id: 'name', label: 'NAME', align: 'left', width: 16 },
  { id: 'kind', label: 'KIND', align: 'left', width: 6 },
  { id: 'owner', label: 'OWNER, MEMBERS', align: 'left', width: 14 },
  { id: 'node', label: 'NODE', align: 'left', width: 10 },
  { id: 'since', label: 'FOR', align: 'right', width: 7 },
];

const BY_IMPORTANCE: readonly NamesColumn[] = ['name', 'owner', 'node', 'since', 'kind'];

const GROWTH = [
  ['name', 28],
  ['node', 24],
  ['owner', 28],
  ['node', 60],
] as const;

const INDENT = 4;

/** The view of the global names with their owners, and of the groups with their members. */
export function Names({ state }: { readonly state: State }) {
  const { size, shown, now, names } = state;
  const list = namesList(state);
  const columns = columnsFor(SPECS, BY_IMPORTANCE, GROWTH, size.columns - INDENT);
  const lines = visibleItems(names.cursor, list);
  const labelOfNode = nodeLabels(shown.view, columns.find(({ id }) => id === 'node')?.width ?? 0);
  return (
    <>
      <TableHead columns={columns} indent={INDENT} />
      {lines.map((line, index) => {
        const isSelected = names.cursor.top + index === names.cursor.index;
        const cursor = isSelected ? MARK.cursor : ' ';
        const cells = cellsOf(columns, (column) => cellOf(line, column, { shown, now, labelOfNode }));
        return <Line key={line.key} parts={[`${cursor} `, markOf(line), ' ', ...cells]} isSelected={isSelected} />;
      })}
      {lines.length === 0 && <Line parts={['    ', ['dim', emptyText(state)]]} />}
      <Lines height={list.height - Math.max(1, lines.length)} />
    </>
  );
}

function emptyText({ shown, names }: State): string {
  if (shown.view.nodes.length === 0) return 'Waiting for the first data ...';
  if (names.total > 0) return 'No name and no group passes the filter. Esc clears it.';
  return 'No names or groups. GlobalRegistry.register, ProcessGroups.join add some.';
}

function markOf(line: NamesLine): Part {
  if (line.type === 'name') return line.row.isContested ? ['bad', MARK.lost] : ' ';
  if (line.type === 'member') return ' ';
  if (line.row.memberCount === 0) return ['bad', MARK.lost];
  return line.isExpanded ? MARK.open : MARK.closed;
}

interface CellContext {
  readonly shown: ClusterData;
  readonly now: number;
  readonly labelOfNode: (nodeId: string) => string;
}

function cellOf(line: NamesLine, column: NamesColumn, context: CellContext): string {
  switch (line.type) {
    case 'name':
      return nameCell(line.row, column, context);
    case 'group':
      return groupCell(line.row, column, context);
    case 'member':
      return memberCell(line.row, column, context);
  }
}

function nameCell({ name, owner, since, isContested }: NameRow, column: NamesColumn, context: CellContext): string {
  switch (column) {
    case 'name':
      return name;
    case 'kind':
      return 'name';
    case 'owner':
      return `${labelOf(owner)}${isContested ? ' (two owners)' : ''}`;
    case 'node':
      return context.labelOfNode(owner.nodeId);
    case 'since':
      return ageOf(since, context);
  }
}

function groupCell(group: GroupRow, column: NamesColumn, context: CellContext): string {
  const { name, memberCount, emptySince } = group;
  switch (column) {
    case 'name':
      return name;
    case 'kind':
      return 'group';
    case 'owner':
      return memberCount === 0 ? 'no members' : `${formatCount(memberCount)} member${memberCount === 1 ? '' : 's'}`;
    case 'node':
      return membersByNode(group, context.labelOfNode);
    case 'since':
      return emptySince === undefined ? '' : ageOf(emptySince, context);
  }
}

function memberCell(row: ProcessRow, column: NamesColumn, { labelOfNode }: CellContext): string {
  switch (column) {
    case 'name':
      return `  ${labelOf(row)}`;
    case 'kind':
      return 'member';
    case 'node':
      return labelOfNode(row.nodeId);
    default:
      return '';
  }
}

/** Returns how long ago a moment was, as text. `since`: ms since the epoch on the clock of the dashboard. */
function ageOf(since: number, { shown, now }: CellContext): string {
  const { timestamp, monotonic } = shown.view;
  return formatUptime(timestamp + (now - monotonic) - since);
}
