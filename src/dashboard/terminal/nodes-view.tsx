import { summaryOf } from '../view-model/cluster-view.js';
import { formatAge, formatBytes, formatMs, formatRate, formatShare, formatShortCount } from '../view-model/format.js';
import type { NodeRow } from '../view-model/view-rows.js';
import { visibleText } from '../view-model/visible-text.js';
import { Charts } from './charts-view.js';
import { type ColumnSpec, columnsFor, nodesViewHeights } from './layout.js';
import { visibleItems } from './list-cursor.js';
import { ageOf, nodeLabels, nodeMark } from './node-display.js';
import type { ClusterData, State } from './state.js';
import { Line, Lines, type Part } from './styled-line.js';
import { MARK } from './symbols.js';
import { cellsOf, TableHead } from './table-parts.js';
import { type NodeLine, nodeList } from './view-lists.js';

type NodeColumn =
  | 'name'
  | 'status'
  | 'age'
  | 'processes'
  | 'rate'
  | 'queue'
  | 'delay'
  | 'cpu'
  | 'heap'
  | 'rss'
  | 'restarts'
  | 'loop';

const SPECS: readonly ColumnSpec<NodeColumn>[] = [
  { id: 'name', label: 'NODE', align: 'left', width: 10 },
  { id: 'status', label: 'STATUS', align: 'left', width: 12 },
  { id: 'age', label: 'AGE', align: 'right', width: 7 },
  { id: 'processes', label: 'PROCS', align: 'right', width: 6 },
  { id: 'rate', label: 'MSG/S', align: 'right', width: 6 },
  { id: 'queue', label: 'QUEUE', align: 'right', width: 6 },
  { id: 'delay', label: 'P99 DELAY', align: 'right', width: 9 },
  { id: 'cpu', label: 'CPU', align: 'right', width: 6 },
  { id: 'heap', label: 'HEAP', align: 'right', width: 7 },
  { id: 'rss', label: 'RSS', align: 'right', width: 7 },
  { id: 'restarts', label: 'RESTARTS', align: 'right', width: 8 },
  { id: 'loop', label: 'LOOP BUSY', align: 'right', width: 9 },
];

const BY_IMPORTANCE: readonly NodeColumn[] = [
  'name',
  'status',
  'age',
  'rate',
  'delay',
  'heap',
  'cpu',
  'queue',
  'processes',
  'restarts',
  'loop',
  'rss',
];

const INDENT = 4;

/** The view of all nodes, with charts of the node at the cursor. */
export function Nodes({ state }: { readonly state: State }) {
  const { size, shown, nodes } = state;
  const list = nodeList(state);
  const { chart } = nodesViewHeights(size, list.items.length);
  const columns = columnsFor(SPECS, BY_IMPORTANCE, [['name', 32]], size.columns - INDENT);
  const label = nodeLabels(shown.view, columns[0]?.width ?? 0);
  const lines = visibleItems(nodes.cursor, list);
  const chosen = list.items[nodes.cursor.index];
  const node = chosen === undefined || chosen.type === 'all' ? undefined : chosen.node;
  return (
    <>
      <TableHead columns={columns} indent={INDENT} />
      {lines.map((line, index) => {
        const isSelected = nodes.cursor.top + index === nodes.cursor.index;
        const cursor = `${isSelected ? MARK.cursor : ' '} `;
        const parts: readonly Part[] = [cursor, ...lineParts(line, (id) => cellOf(state, line, id, label), columns)];
        const isStale = line.type === 'node' && line.node.status !== 'connected';
        return <Line key={line.key} parts={parts} isSelected={isSelected} isStale={isStale} />;
      })}
      <Lines height={list.height - lines.length} />
      <Charts state={state} node={node} rows={chart} />
    </>
  );
}

function lineParts(
  line: NodeLine,
  textOf: (id: NodeColumn) => string,
  columns: Parameters<typeof cellsOf<NodeColumn>>[0],
): readonly Part[] {
  if (line.type === 'problem')
    return ['    ', [line.node.status === 'disconnected' ? 'bad' : 'warn', visibleText(line.text)]];
  return [line.type === 'all' ? ' ' : nodeMark(line.node.status), ' ', ...cellsOf(columns, textOf)];
}

function cellOf({ shown, now }: State, line: NodeLine, column: NodeColumn, label: (nodeId: string) => string): string {
  if (line.type !== 'all') return nodeCell(line.node, now, column, label);
  const all = summaryOf(shown.view);
  switch (column) {
    case 'name':
      return 'all';
    case 'status':
      return `${all.connected} of ${all.nodes}`;
    case 'age':
      return formatAge(ageOf(all.oldestHeardAt, now));
    case 'processes':
      return formatShortCount(all.processes);
    case 'rate':
      return formatRate(all.rate);
    case 'queue':
      return formatShortCount(all.queue);
    case 'restarts':
      return formatShortCount(all.restarts);
    case 'heap':
      return formatBytes(sumOf(shown, ({ memory }) => memory?.heapUsed));
    case 'rss':
      return formatBytes(sumOf(shown, ({ memory }) => memory?.rss));
    default:
      return '';
  }
}

/**
 * Returns the sum of a figure over the connected nodes that report it. Returns `undefined` if no connected node reports
 * it.
 */
function sumOf({ view }: ClusterData, figureOf: (node: NodeRow) => number | undefined): number | undefined {
  const known = view.nodes.flatMap(({ node }) => (node.status === 'connected' ? (figureOf(node) ?? []) : []));
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}

function nodeCell(node: NodeRow, now: number, column: NodeColumn, label: (nodeId: string) => string): string {
  const { vitals, memory } = node;
  switch (column) {
    case 'name':
      return label(node.nodeId);
    case 'status':
      return node.status;
    case 'age':
      return formatAge(ageOf(node.heardAt, now));
    case 'processes':
      return formatShortCount(node.processCount);
    case 'rate':
      return formatRate(node.rate);
    case 'queue':
      return formatShortCount(node.queueSize);
    case 'delay':
      return formatMs(vitals?.loopDelayP99);
    case 'cpu':
      return formatShare(vitals?.cpu);
    case 'heap':
      return formatBytes(memory?.heapUsed);
    case 'rss':
      return formatBytes(memory?.rss);
    case 'restarts':
      return formatShortCount(node.totalRestarts);
    case 'loop':
      return formatShare(vitals?.loopUtilization);
  }
}
