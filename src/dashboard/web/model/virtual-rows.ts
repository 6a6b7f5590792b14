import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

/** The rendered rows of a long list: the visible rows, and a few rows before and after the visible ones. */
export interface VirtualRows {
  readonly items: readonly VirtualItem[];
  /**
   * Returns the key of the element that shows a row. A row that becomes visible reuses the element of a row that was
   * scrolled away.
   */
  slot(item: VirtualItem): number;
  /** The height of all rows together, px. */
  readonly height: number;
  /** The height of one row, px. */
  readonly rowHeight: number;
  /** Returns the position of the top edge of a row, px below the head. */
  top(item: VirtualItem): number;
  /** Scrolls just far enough to make a row visible. */
  reveal(index: number): void;
  /** The number of rows that fit into the scroller, at least 1. */
  readonly pageSize: number;
}

/** The height of a row, rem. Must equal `--row` in the style sheets. */
const ROW_REM = 1.875;
const OVERSCAN = 8;

/**
 * Returns the rows to render: those in the visible part of `scroller`, and a few around them. `hasHead`: a fixed head,
 * one row high, precedes the rows.
 */
export function useVirtualRows(scroller: RefObject<HTMLElement | null>, count: number, hasHead: boolean): VirtualRows {
  const [, render] = useReducer((times: number, _: undefined) => times + 1, 0);
  const rowHeight = ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const head = hasHead ? rowHeight : 0;
  const ref = useRef<Virtualizer<HTMLElement, HTMLElement> | undefined>(undefined);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    overscan: OVERSCAN,
    scrollMargin: head,
    scrollPaddingStart: head,
    onChange: () => render(undefined),
  };
  const mostItems = useRef(1);
  const lastHeight = useRef(rowHeight);
  ref.current ??= new Virtualizer<HTMLElement, HTMLElement>(options);
  const virtualizer = ref.current;
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => {
    // The row height depends on the text size of the page. After a change of that size, all rows are measured again.
    if (lastHeight.current !== rowHeight) virtualizer.measure();
    lastHeight.current = rowHeight;
    virtualizer._willUpdate();
  });
  const items = virtualizer.getVirtualItems();
  // The number of slots never shrinks, because most rows would then move to other elements.
  mostItems.current = Math.max(mostItems.current, items.length);
  const slots = mostItems.current;
  return {
    items,
    slot: ({ index }) => index % slots,
    height: count * rowHeight,
    rowHeight,
    top: (item) => item.start - head,
    reveal: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
    pageSize: Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - head) / rowHeight)),
  };
}
