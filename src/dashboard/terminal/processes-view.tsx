import type { ClusterView } from '../view-model/cluster-view.js';
import { formatMs, formatRate, formatShortCount, formatUptime, UNKNOWN } from '../view-model/format.js';
import { type Column, labelOf } from '../view-model/process-table.js';
import { type NodeRow, type ProcessRow, restartsOf } from '../view-model/view-rows.js';
import type { PlacedColumn } from './layout.js';
import { visibleItems } from './list-cursor.js';
import { nodeLabels, uptimeReference } from './node-display.js';
import { MARK_WIDTH, processColumns } from './process-columns.js';
import type { State } from './state.js';
import { Line, Lines, type Part, type Tone } from './styled-line.js';
import { MARK } from './symbols.js';
import { cellsOf, TableHead } from './table-parts.js';
import { processList } from './view-lists.js';

/** The table of all processes of all nodes. */
export function Processes({ state }: { readonly state: State }) {
  const { size, shown, now, processes } = state;
  const list = processList(state);
  const columns = processColumns(size);
  const rows = visibleItems(processes.cursor, list);
  const { column, direction } = processes.sorting;
  const describe = lineDescriber(shown.view, now, columns);
  return (
    <>
      <TableHead columns={columns} indent={MARK_WIDTH} sorted={{ column, mark: MARK[direction] }} />
      {rows.map((row, index) => (
        <ProcessLine
          key={row.key}
          {...describe(row)}
          isSelected={processes.cursor.top + index === processes.cursor.index}
        />
      ))}
      {rows.length === 0 && <Line parts={['    ', ['dim', emptyListText(state)]]} />}
      <Lines height={list.height - Math.max(1, rows.length)} />
    </>
  );
}

/** Returns the text that is shown instead of an empty list. The text says why the list has no rows. */
export function emptyListText({ shown, processes }: State): string {
  if (shown.view.nodes.length === 0) return 'Waiting for the first data ...';
  return (processes.filter.text ?? '') === '' ? 'No processes.' : 'No process passes the filter. Esc clears it.';
}

interface ProcessLineProps {
  readonly mark: readonly [tone: Tone, mark: string];
  readonly cells: readonly Part[];
  readonly isStale: boolean;
  readonly isSelected: boolean;
}

function ProcessLine({ mark, cells, isStale, isSelected }: ProcessLineProps) {
  const cursor = isSelected ? MARK.cursor : ' ';
  return <Line parts={[`${cursor} `, mark, ' ', ...cells]} isSelected={isSelected} isStale={isStale} />;
}

/** Returns a function that returns the line of a process, with the given columns. */
function lineDescriber(view: ClusterView, now: number, columns: readonly PlacedColumn<Column>[]) {
  const nodes = new Map(view.nodes.map(({ node }) => [node.nodeId, node]));
  const labelsFor = nodeLabels(view, columns.find(({ id }) => id === 'node')?.width ?? 0);
  return (row: ProcessRow) => {
    const node = nodes.get(row.nodeId);
    return {
      mark: processMark(row, node),
      cells: cellsOf(columns, (id) => (id === 'node' ? labelsFor(row.nodeId) : processCell(row, node, now, id))),
      isStale: node?.status !== 'connected',
    };
  };
}

export function processMark({ kind, status }: ProcessRow, node: NodeRow | undefined): readonly [Tone, string] {
  if (node?.status !== 'connected') return ['bad', MARK.lost];
  if (status !== 'running') return ['warn', status === 'starting' ? MARK.starting : MARK.stopping];
  return ['good', kind === 'supervisor' ? MARK.supervisor : MARK.server];
}

function processCell(row: ProcessRow, node: NodeRow | undefined, now: number, column: Column): string {
  switch (column) {
    case 'name':
      return labelOf(row);
    case 'node':
      return row.nodeId;
    case 'kind':
      return row.kind;
    case 'status':
      return node?.status === 'connected' ? row.status : (node?.status ?? UNKNOWN);
    case 'queueSize':
      return formatShortCount(row.queueSize);
    case 'rate':
      return formatRate(row.rate);
    case 'waitP99':
      return formatMs(row.waitP99);
    case 'handleP99':
      return formatMs(row.handleP99);
    case 'uptime':
      return node === undefined ? UNKNOWN : formatUptime(uptimeReference(node, now) - row.startedMonotonic);
    case 'restarts':
      return formatShortCount(restartsOf(row));
    default:
      return formatShortCount(row[column]);
  }
}
