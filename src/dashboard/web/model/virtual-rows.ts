import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

/** Of the rows of a long list, those in sight and a few around them. */
export interface VirtualRows {
  readonly items: readonly VirtualItem[];
  /** The key of the element for a row: a row that comes into sight takes the element of one that left. */
  slot(item: VirtualItem): number;
  /** Of all rows together, px. */
  readonly height: number;
  readonly rowHeight: number;
  /** Where a row begins, px below the head. */
  top(item: VirtualItem): number;
  /** Scrolls no further than it takes. */
  reveal(index: number): void;
  /** How many whole rows are in sight. */
  readonly page: number;
}

/** In rem. The same as `--row` in the style sheets. */
const ROW = 1.875;
const OVERSCAN = 8;

/** `scroller` holds a head that stays, one row high, if `hasHead`; then all rows. */
export function useVirtualRows(scroller: RefObject<HTMLElement | null>, count: number, hasHead: boolean): VirtualRows {
  const [, render] = useReducer((times: number, _: undefined) => times + 1, 0);
  const rowHeight = ROW * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
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
    // Rows are as high as the text is large: with another text size, all have to be laid out again.
    if (lastHeight.current !== rowHeight) virtualizer.measure();
    lastHeight.current = rowHeight;
    virtualizer._willUpdate();
  });
  const items = virtualizer.getVirtualItems();
  // Never less than before, or the elements would change their rows for nothing.
  mostItems.current = Math.max(mostItems.current, items.length);
  const slots = mostItems.current;
  return {
    items,
    slot: ({ index }) => index % slots,
    height: count * rowHeight,
    rowHeight,
    top: (item) => item.start - head,
    reveal: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
    page: Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - head) / rowHeight)),
  };
}
