import type { NodeLink } from '../../../streams/index.js';
import { formatBytes, formatMs, formatRate, formatShortCount } from '../view-model/format.js';
import { visibleText } from '../view-model/visible-text.js';
import { bodyRows, type ColumnSpec, columnsFor } from './layout.js';
import { nodeLabels } from './node-display.js';
import type { Overlay, State } from './state.js';
import { Line, Lines, type Part } from './styled-line.js';
import { cellsOf, TableHead } from './table-parts.js';

type LinkColumn = 'node' | 'roundTrip' | 'out' | 'in' | 'bytesOut' | 'bytesIn' | 'backlog' | 'reconnects';

const SPECS: readonly ColumnSpec<LinkColumn>[] = [
  { id: 'node', label: 'LINK WITH', align: 'left', width: 12 },
  { id: 'roundTrip', label: 'ROUND TRIP', align: 'right', width: 10 },
  { id: 'out', label: 'OUT MSG/S', align: 'right', width: 9 },
  { id: 'in', label: 'IN MSG/S', align: 'right', width: 8 },
  { id: 'bytesOut', label: 'OUT B/S', align: 'right', width: 8 },
  { id: 'bytesIn', label: 'IN B/S', align: 'right', width: 8 },
  { id: 'backlog', label: 'BACKLOG', align: 'right', width: 8 },
  { id: 'reconnects', label: 'RECONNECTS', align: 'right', width: 10 },
];

const BY_IMPORTANCE: readonly LinkColumn[] = [
  'node',
  'roundTrip',
  'backlog',
  'out',
  'in',
  'reconnects',
  'bytesOut',
  'bytesIn',
];

const INDENT = 2;

/** Returns the number of links that fit on the screen. */
export function visibleLinkCount(size: State['size']): number {
  return bodyRows(size) - 2;
}

/** The links of a node with other nodes, sorted by round trip, the slowest link first. */
export function NodeLinks({
  state,
  overlay,
}: {
  readonly state: State;
  readonly overlay: Overlay & { type: 'links' };
}) {
  const { size, shown } = state;
  const { nodeId, links, problem, top } = overlay;
  const columns = columnsFor(SPECS, BY_IMPORTANCE, [['node', 32]], size.columns - INDENT);
  const label = nodeLabels(shown.view, columns[0]?.width ?? 0);
  const rows = visibleLinkCount(size);
  const title: Part[] = [
    ' ',
    ['accent', `Links of ${nodeId}`],
    ['dim', links === undefined ? '' : `  ${links.length}`],
  ];
  const note = links === undefined ? (problem ?? 'Waiting for the links ...') : links.length === 0 ? 'none' : undefined;
  const listed = (links ?? []).slice(top, top + rows);
  return (
    <>
      <Line parts={title} />
      <TableHead columns={columns} indent={INDENT} />
      {listed.map((link) => (
        <Line
          key={link.nodeId}
          parts={[' '.repeat(INDENT), ...cellsOf(columns, (column) => cell(link, column, label))]}
        />
      ))}
      {note !== undefined && <Line parts={['  ', ['dim', visibleText(note)]]} />}
      <Lines height={rows - listed.length - (note === undefined ? 0 : 1)} />
    </>
  );
}

function cell(link: NodeLink, column: LinkColumn, label: (nodeId: string) => string): string {
  switch (column) {
    case 'node':
      return visibleText(label(link.nodeId));
    case 'roundTrip':
      return formatMs(link.roundTripMs ?? undefined);
    case 'out':
      return formatRate(link.messagesSentPerSecond);
    case 'in':
      return formatRate(link.messagesReceivedPerSecond);
    case 'bytesOut':
      return formatBytes(link.bytesSentPerSecond);
    case 'bytesIn':
      return formatBytes(link.bytesReceivedPerSecond);
    case 'backlog':
      return formatBytes(link.backlogBytes);
    case 'reconnects':
      return formatShortCount(link.reconnects);
  }
}
