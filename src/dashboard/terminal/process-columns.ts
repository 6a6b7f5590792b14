import { COUNT_COLUMNS, type CountColumn, SERVER_COUNTS } from '../../../streams/index.js';
import { COLUMNS, type Column } from '../view-model/process-table.js';
import { type ColumnSpec, columnsFor, type PlacedColumn, type Size, type WidthSteps } from './layout.js';

const SPECS: readonly ColumnSpec<Column>[] = [
  { id: 'name', label: 'NAME', align: 'left', width: 16 },
  { id: 'node', label: 'NODE', align: 'left', width: 8 },
  { id: 'kind', label: 'KIND', align: 'left', width: 10 },
  { id: 'status', label: 'STATUS', align: 'left', width: 12 },
  { id: 'queueSize', label: 'QUEUE', align: 'right', width: 6 },
  { id: 'rate', label: 'MSG/S', align: 'right', width: 7 },
  { id: 'waitP99', label: 'P99 WAIT', align: 'right', width: 9 },
  { id: 'handleP99', label: 'P99 HANDLE', align: 'right', width: 11 },
  ...COUNT_COLUMNS.map(countColumn),
  { id: 'uptime', label: 'UPTIME', align: 'right', width: 7 },
];

const BY_IMPORTANCE: readonly Column[] = [
  'name',
  'queueSize',
  'rate',
  'handleP99',
  'node',
  'waitP99',
  ...COUNT_COLUMNS.slice(0, 1),
  'uptime',
  'status',
  'kind',
];

const GROWTH: WidthSteps<Column> = [
  ['name', 24],
  ['node', 22],
  ['name', 32],
  ['node', 32],
  ['name', 60],
];

function countColumn(id: CountColumn): ColumnSpec<Column> {
  const label = SERVER_COUNTS[id].label.toUpperCase();
  return { id, label, align: 'right', width: label.length + 1 };
}

/** The width of the cursor and the status mark that precede each row, in characters. */
export const MARK_WIDTH = 4;

export function processColumns({ columns }: Size): readonly PlacedColumn<Column>[] {
  return columnsFor(SPECS, BY_IMPORTANCE, GROWTH, columns - MARK_WIDTH, COUNT_COLUMNS.slice(1));
}

/** Returns the next visible column to the right of `column`. For the last visible column, returns the first one. */
export function nextColumn(column: Column, size: Size): Column {
  const shown = processColumns(size).map(({ id }) => id);
  const after = COLUMNS.slice(COLUMNS.indexOf(column) + 1).find((each) => shown.includes(each));
  return after ?? shown[0] ?? column;
}
