import { UNKNOWN } from '../../view-model/format.js';
import { COLUMNS, type Column, labelOf } from '../../view-model/process-table.js';
import type { ProcessRow } from '../../view-model/view-rows.js';
import { visibleText } from '../../view-model/visible-text.js';
import { useDashboard } from '../model/dashboard-context.js';
import { amountOf, type BarScale, cellClass, figureOf, fullCount, isZeroOrUnknown } from '../model/process-columns.js';
import { uptimeOf } from '../model/process-uptime.js';
import { Icon } from './icon.js';

interface ProcessGridRowProps {
  readonly row: ProcessRow;
  readonly index: number;
  readonly top: number;
  readonly isActive: boolean;
  readonly isOpen: boolean;
  /** The column whose cells have bars, and the value of a full bar. `undefined`: no column has bars. */
  readonly barScale: BarScale | undefined;
  open(key: string): void;
}

/**
 * Returns the id of the element of a row. The id is made from the key of the process, because the index of the row
 * changes.
 */
export function rowId(key: string): string {
  return `row-${encodeURIComponent(key)}`;
}

export function ProcessGridRow({ row, index, top, isActive, isOpen, barScale, open }: ProcessGridRowProps) {
  const view = useDashboard().live.view.value;
  const node = view?.nodes.find(({ node: { nodeId } }) => nodeId === row.nodeId)?.node;
  const isStale = node?.status !== 'connected';
  return (
    // The row has no key handler: the grid handles the keys for all its rows.
    <div
      id={rowId(row.key)}
      class={`row ${isActive ? 'is-active' : ''} ${isStale ? 'is-stale' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isOpen}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => open(row.key)}
    >
      {COLUMNS.map((column, at) => (
        <div key={column} class={cellClass(column)} role="gridcell" aria-colindex={at + 1}>
          {barScale?.column === column && <Bar share={(amountOf(row, barScale.column) ?? 0) / barScale.max} />}
          <Cell
            row={row}
            column={column}
            // The process's last status may be wrong while the node is not connected, so the node's status is shown.
            status={node?.status === 'connected' ? row.status : (node?.status ?? UNKNOWN)}
            uptimeMs={isStale ? undefined : uptimeOf(row, node, view?.monotonic ?? 0)}
          />
        </div>
      ))}
    </div>
  );
}

function Bar({ share }: { readonly share: number }) {
  return <span class="bar" style={{ width: `calc(${(share * 100).toFixed(1)}% - 0.5rem)` }} />;
}

interface CellProps {
  readonly row: ProcessRow;
  readonly column: Column;
  readonly status: string;
  readonly uptimeMs: number | undefined;
}

function Cell({ row, column, status, uptimeMs }: CellProps) {
  const { nodeNames } = useDashboard();
  switch (column) {
    case 'name':
      return (
        <>
          <Icon name={row.kind} />
          <span class="label" title={labelOf(row)}>
            {labelOf(row)}
          </span>
          {row.name !== undefined && <span class="id">{visibleText(row.id)}</span>}
          {/* The name of the node, for screens that are too narrow for the node column. */}
          <span class="place" aria-hidden="true">
            {nodeNames.value.get(row.nodeId)}
          </span>
        </>
      );
    case 'node':
      return <span title={row.nodeId}>{nodeNames.value.get(row.nodeId)}</span>;
    case 'kind':
      return row.kind;
    case 'status':
      return <span class={`state is-${status}`}>{status}</span>;
    default: {
      const text = figureOf(row, column, uptimeMs);
      return (
        <span class={isZeroOrUnknown(text) ? 'quiet' : undefined} title={fullCount(row, column, text)}>
          {text}
        </span>
      );
    }
  }
}
