import { formatMs, formatRate, formatShortCount, formatUptime, UNKNOWN } from '../view-model/format.js';
import { labelOf } from '../view-model/process-table.js';
import type { TreeLine } from '../view-model/tree-lines.js';
import { type NodeRow, restartsOf } from '../view-model/view-rows.js';
import { type ColumnSpec, columnsFor } from './layout.js';
import { visibleItems } from './list-cursor.js';
import { nodeMark, uptimeReference } from './node-display.js';
import { emptyListText, processMark } from './processes-view.js';
import type { State } from './state.js';
import { Line, Lines, type Part } from './styled-line.js';
import { MARK } from './symbols.js';
import { cellsOf, TableHead } from './table-parts.js';
import { treeList } from './view-lists.js';

type TreeColumn = 'name' | 'children' | 'queue' | 'rate' | 'handleP99' | 'restarts' | 'uptime';

const SPECS: readonly ColumnSpec<TreeColumn>[] = [
  { id: 'name', label: 'NAME', align: 'left', width: 20 },
  { id: 'children', label: 'CHILDREN', align: 'right', width: 8 },
  { id: 'queue', label: 'QUEUE', align: 'right', width: 6 },
  { id: 'rate', label: 'MSG/S', align: 'right', width: 6 },
  { id: 'handleP99', label: 'P99 HANDLE', align: 'right', width: 10 },
  { id: 'restarts', label: 'RESTARTS', align: 'right', width: 8 },
  { id: 'uptime', label: 'UPTIME', align: 'right', width: 7 },
];

const BY_IMPORTANCE: readonly TreeColumn[] = ['name', 'queue', 'rate', 'restarts', 'handleP99', 'children', 'uptime'];

const INDENT = 2;

/** The view of the supervision trees of all nodes. */
export function Tree({ state }: { readonly state: State }) {
  const { size, shown, now, tree } = state;
  const list = treeList(state);
  const columns = columnsFor(SPECS, BY_IMPORTANCE, [['name', 72]], size.columns - INDENT);
  const nodes = new Map(shown.view.nodes.map(({ node }) => [node.nodeId, node]));
  const lines = visibleItems(tree.cursor, list);
  return (
    <>
      <TableHead columns={columns} indent={INDENT} />
      {lines.map((line, index) => {
        const isSelected = tree.cursor.top + index === tree.cursor.index;
        const node = line.type === 'node' ? line.node : nodes.get(line.row.nodeId);
        const [name, ...rest] = columns;
        const cells = cellsOf(rest, (id) => cellOf(line, node, now, id));
        const [tone, mark] = line.type === 'node' ? nodeMark(line.node.status) : processMark(line.row, node);
        const label = line.type === 'node' ? line.node.nodeId : labelOf(line.row);
        const fold = line.children === 0 ? ' ' : line.isCollapsed ? MARK.closed : MARK.open;
        const lead = `${'  '.repeat(line.depth)}${fold} `;
        const parts: Part[] = [
          `${isSelected ? MARK.cursor : ' '} `,
          lead,
          [tone, mark],
          ...cellsOf(
            [{ id: 'name', label: '', align: 'left', width: (name?.width ?? 0) - lead.length - 1 }],
            () => ` ${label}`,
          ),
          ' ',
          ...cells,
        ];
        return <Line key={line.key} parts={parts} isSelected={isSelected} isStale={node?.status !== 'connected'} />;
      })}
      {lines.length === 0 && <Line parts={['  ', ['dim', emptyListText(state)]]} />}
      <Lines height={list.height - Math.max(1, lines.length)} />
    </>
  );
}

function cellOf(line: TreeLine, node: NodeRow | undefined, now: number, column: TreeColumn): string {
  if (column === 'children') return line.children === 0 ? '' : formatShortCount(line.children);
  if (line.type === 'node') return nodeCell(line.node, column);
  const { row } = line;
  switch (column) {
    case 'queue':
      return formatShortCount(row.queueSize);
    case 'rate':
      return formatRate(row.rate);
    case 'handleP99':
      return formatMs(row.handleP99);
    case 'restarts':
      return formatShortCount(restartsOf(row));
    case 'uptime':
      return node === undefined ? UNKNOWN : formatUptime(uptimeReference(node, now) - row.startedMonotonic);
    case 'name':
      return labelOf(row);
  }
}

function nodeCell(node: NodeRow, column: TreeColumn): string {
  switch (column) {
    case 'queue':
      return formatShortCount(node.queueSize);
    case 'rate':
      return formatRate(node.rate);
    case 'restarts':
      return formatShortCount(node.totalRestarts);
    case 'uptime':
      return formatUptime(node.vitals?.uptimeMs);
    default:
      return '';
  }
}
