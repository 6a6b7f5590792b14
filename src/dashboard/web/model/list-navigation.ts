/**
 * Returns the index of the active item after a key press. Returns `undefined` if the key is not a navigation key, or if
 * the list is empty.
 *
 * @param from current index, or -1 if no item is active yet
 * @param count number of items
 * @param page number of items by which PageUp and PageDown move
 */
export function indexAfterKey(key: string, from: number, count: number, page: number): number | undefined {
  if (count === 0) return undefined;
  const within = (index: number): number => Math.min(count - 1, Math.max(0, index));
  switch (key) {
    case 'ArrowDown':
      return within(from + 1);
    case 'ArrowUp':
      return within(from - 1);
    case 'PageDown':
      return within(from + page);
    case 'PageUp':
      return within(from - page);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
