import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { formatCount } from '../../view-model/format.js';
import type { TreeLine } from '../../view-model/tree-lines.js';
import { useDashboard } from '../model/dashboard-context.js';
import { emptyText } from '../model/empty-text.js';
import { indexAfterKey } from '../model/list-navigation.js';
import { useVirtualRows } from '../model/virtual-rows.js';
import { Filters } from './filters.js';
import { TreeRow } from './tree-row.js';

/** The view of the supervision trees of all nodes. Only the visible lines are rendered. */
export function ProcessTree() {
  const { tree, router, collapsed, summary } = useDashboard();
  const lines = tree.value;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualRows(scroller, lines.length, false);
  const activeKey = useSignal<string | undefined>(undefined);
  const activeIndex = lines.findIndex(({ key }) => key === activeKey.value);

  const fold = (key: string, isFolded: boolean): void => {
    const next = new Set(collapsed.value);
    if (isFolded) next.add(key);
    else next.delete(key);
    collapsed.value = next;
  };
  const choose = (index: number): void => {
    activeKey.value = lines[index]?.key;
    virtual.reveal(index);
  };
  const openOrFold = (line: TreeLine): void => {
    if (line.type === 'process') router.go({ process: line.key });
    else fold(line.key, !line.isCollapsed);
  };
  /** Handles a key according to the WAI-ARIA tree view pattern. Returns whether the key has an effect. */
  const act = (key: string, line: TreeLine | undefined): boolean => {
    const next = indexAfterKey(key, activeIndex, lines.length, virtual.pageSize);
    if (next !== undefined) {
      choose(next);
      return true;
    }
    if (line === undefined) return false;
    switch (key) {
      case 'ArrowRight':
        if (line.isCollapsed) fold(line.key, false);
        else if (line.children > 0) choose(activeIndex + 1);
        return true;
      case 'ArrowLeft':
        if (line.children > 0 && !line.isCollapsed) fold(line.key, true);
        else choose(parentOf(lines, activeIndex));
        return true;
      case 'Enter':
        openOrFold(line);
        return true;
      case ' ':
        if (line.children > 0) fold(line.key, !line.isCollapsed);
        return true;
      default:
        return false;
    }
  };

  const isActiveInSight = virtual.items.some(({ index }) => index === activeIndex);
  const processes = lines.filter(({ type }) => type === 'process').length;
  return (
    <div class="view">
      <Filters label="Filter processes" param="text" hasKind note={`${formatCount(processes)} shown`}>
        <button
          type="button"
          class="button"
          onClick={() => {
            collapsed.value = collapsed.value.size > 0 ? new Set() : allTopLevelKeys(lines);
          }}
        >
          {collapsed.value.size > 0 ? 'Unfold all' : 'Fold'}
        </button>
      </Filters>
      <div
        class="tree scroller"
        ref={scroller}
        role="tree"
        aria-label="Supervision tree"
        aria-activedescendant={isActiveInSight ? `line-${activeIndex}` : undefined}
        tabIndex={0}
        onKeyDown={(event) => {
          if (act(event.key, lines[activeIndex])) event.preventDefault();
        }}
      >
        <div class="rows" role="none" style={{ height: `${virtual.height}px` }}>
          {virtual.items.map((item) => {
            const line = lines[item.index];
            if (line === undefined) return null;
            return (
              <TreeRow
                key={virtual.slot(item)}
                line={line}
                index={item.index}
                top={virtual.top(item)}
                isActive={item.index === activeIndex}
                open={() => {
                  activeKey.value = line.key;
                  openOrFold(line);
                }}
                fold={() => fold(line.key, !line.isCollapsed)}
              />
            );
          })}
        </div>
        {lines.length === 0 && <p class="empty">{emptyText(summary.value?.processes)}</p>}
      </div>
    </div>
  );
}

/** Returns the index of the parent of the line at `index`. Returns `index` if the line has no parent. */
function parentOf(lines: readonly TreeLine[], index: number): number {
  const depth = lines[index]?.depth ?? 0;
  for (let at = index - 1; at >= 0; at -= 1) if ((lines[at]?.depth ?? 0) < depth) return at;
  return index;
}

function allTopLevelKeys(lines: readonly TreeLine[]): ReadonlySet<string> {
  return new Set(lines.filter(({ depth, children }) => depth === 1 && children > 0).map(({ key }) => key));
}
