import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { COUNT_COLUMNS } from '../../../../streams/index.js';
import { formatCount } from '../../view-model/format.js';
import { COLUMNS, type Column, firstDirection } from '../../view-model/process-table.js';
import { useDashboard } from '../model/dashboard-context.js';
import { emptyText } from '../model/empty-text.js';
import { indexAfterKey } from '../model/list-navigation.js';
import { barScaleOf, cellClass, TITLES, TOOLTIPS } from '../model/process-columns.js';
import { useVirtualRows } from '../model/virtual-rows.js';
import { Filters } from './filters.js';
import { ProcessGridRow, rowId } from './process-grid-row.js';

/** The table of all processes of the cluster. Only the visible rows are rendered. */
export function ProcessGrid() {
  const { table, router, live, summary } = useDashboard();
  const rows = table.value;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualRows(scroller, rows.length, true);
  // The active row is stored by key, not by index, so that the same process stays active when the order changes.
  const activeKey = useSignal<string | undefined>(undefined);
  const activeIndex = rows.findIndex(({ key }) => key === activeKey.value);
  const { process, sorting } = router.address.value;
  const barScale = barScaleOf(rows, sorting);
  // The processes arrive in parts. Until all processes have arrived, the summary of the nodes has the larger total.
  const shownTotal = processCount(live.view.value?.nodes);
  const total = shownTotal && Math.max(shownTotal, summary.value?.processes ?? 0);

  const pressed = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return;
    const active = rows[activeIndex];
    const next = indexAfterKey(event.key, activeIndex, rows.length, virtual.pageSize);
    if (next !== undefined) {
      activeKey.value = rows[next]?.key;
      virtual.reveal(next);
    } else if (event.key === 'Enter' && active !== undefined) {
      router.go({ process: active.key });
    } else return;
    event.preventDefault();
  };
  const open = (key: string): void => {
    activeKey.value = key;
    router.go({ process: key });
  };

  const isActiveInSight = virtual.items.some(({ index }) => index === activeIndex);
  return (
    <div class="view">
      <Filters
        label="Filter processes"
        param="text"
        hasKind
        hasSort
        note={`${formatCount(rows.length)} of ${formatCount(total)}`}
      />
      <div
        class="grid scroller"
        style={{ '--counts': String(COUNT_COLUMNS.length) }}
        ref={scroller}
        role="grid"
        aria-label="Processes"
        aria-rowcount={rows.length + 1}
        aria-colcount={COLUMNS.length}
        aria-activedescendant={isActiveInSight && activeKey.value !== undefined ? rowId(activeKey.value) : undefined}
        tabIndex={0}
        onKeyDown={pressed}
      >
        <GridHead />
        <div class="rows" role="rowgroup" style={{ height: `${virtual.height}px` }}>
          {virtual.items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <ProcessGridRow
                key={virtual.slot(item)}
                row={row}
                index={item.index}
                top={virtual.top(item)}
                isActive={item.index === activeIndex}
                isOpen={row.key === process}
                barScale={barScale}
                open={open}
              />
            );
          })}
        </div>
        {rows.length === 0 && <p class="empty">{emptyText(total)}</p>}
      </div>
    </div>
  );
}

function processCount(nodes: readonly { readonly processes: readonly unknown[] }[] | undefined): number | undefined {
  return nodes?.reduce((sum, { processes }) => sum + processes.length, 0);
}

function GridHead() {
  const { router } = useDashboard();
  const { column: sorted, direction } = router.address.value.sorting;
  const sort = (column: Column): void => {
    const turned = direction === 'ascending' ? 'descending' : 'ascending';
    router.go({ sorting: { column, direction: column === sorted ? turned : firstDirection(column) } }, 'replace');
  };
  const pressed = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0 || !(event.currentTarget instanceof HTMLElement)) return;
    // Narrow screens hide some columns. The focus moves between the visible columns only.
    const buttons = [...event.currentTarget.querySelectorAll('button')].filter((each) => each.offsetParent !== null);
    const at = buttons.findIndex((button) => button.contains(event.target instanceof Node ? event.target : null));
    buttons[at + step]?.focus();
    event.preventDefault();
  };
  return (
    <div class="grid-head" role="rowgroup">
      <div class="row" role="row" aria-rowindex={1} onKeyDown={pressed}>
        {COLUMNS.map((column, index) => (
          <div
            key={column}
            class={cellClass(column)}
            role="columnheader"
            aria-colindex={index + 1}
            aria-sort={column === sorted ? direction : 'none'}
          >
            <button
              type="button"
              tabIndex={column === sorted ? 0 : -1}
              title={TOOLTIPS[column]}
              onClick={() => sort(column)}
            >
              {TITLES[column]}
              <span class="arrow" aria-hidden="true">
                {column !== sorted ? '' : direction === 'ascending' ? '↑' : '↓'}
              </span>
            </button>
          </div>
        ))}
      </div>
    </div>
  );
}
