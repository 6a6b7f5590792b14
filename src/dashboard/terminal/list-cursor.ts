/** The position of the cursor in a list, and the visible part of the list. */
export interface Cursor {
  /**
   * The key of the item that the cursor follows when items move. Absent: the cursor follows no item and stays at the
   * home end.
   */
  readonly key?: string;
  readonly index: number;
  /** The index of the first visible item. */
  readonly top: number;
}

export interface List<Item> {
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  /** The number of visible lines. */
  readonly height: number;
  /**
   * The home end: the end of the list where the cursor starts. A cursor that starts there, or that the user moves
   * there, stays there when items are added or sorted.
   */
  readonly homeEnd: 'first' | 'last';
}

export const initialCursor: Cursor = { index: 0, top: 0 };

/**
 * Returns the cursor for a changed list. The cursor stays on the same item. If that item is gone, the cursor stays at
 * the same index, or goes to the last item. A cursor that follows no item goes to the home end.
 */
export function reconcile<Item>(cursor: Cursor, list: List<Item>): Cursor {
  const { items, keyOf, homeEnd } = list;
  const last = Math.max(0, items.length - 1);
  if (cursor.key === undefined) return scrolledIntoView(homeEnd === 'first' ? 0 : last, undefined, cursor, list);
  const there = items[cursor.index];
  const isThere = there !== undefined && keyOf(there) === cursor.key;
  const found = isThere ? cursor.index : items.findIndex((item) => keyOf(item) === cursor.key);
  if (found !== -1) return scrolledIntoView(found, cursor.key, cursor, list);
  const index = Math.min(cursor.index, last);
  const item = items[index];
  return scrolledIntoView(index, item === undefined ? undefined : keyOf(item), cursor, list);
}

/**
 * Returns the cursor moved down by a number of lines, or up if `by` is negative. At the home end, the cursor follows no
 * item.
 */
export function moveBy<Item>(cursor: Cursor, by: number, list: List<Item>): Cursor {
  const last = Math.max(0, list.items.length - 1);
  const index = Math.max(0, Math.min(last, cursor.index + by));
  const item = list.items[index];
  const isHome = index === (list.homeEnd === 'first' ? 0 : last);
  return scrolledIntoView(index, item === undefined || isHome ? undefined : list.keyOf(item), cursor, list);
}

/** Returns the visible items of the list. */
export function visibleItems<Item>({ top }: Cursor, { items, height }: List<Item>): readonly Item[] {
  return items.slice(top, top + height);
}

function scrolledIntoView<Item>(
  index: number,
  key: string | undefined,
  before: Cursor,
  { items, height }: List<Item>,
): Cursor {
  const lines = Math.max(1, height);
  const lowest = Math.max(0, items.length - lines);
  const top = Math.min(lowest, Math.max(index - lines + 1, Math.min(index, before.top)));
  if (key === before.key && index === before.index && top === before.top) return before;
  return { ...(key !== undefined && { key }), index, top };
}
