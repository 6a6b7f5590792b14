/**
 * The index in a list after a key press. `undefined`: the key is not a navigation key, or the list is empty.
 *
 * @param from current index, or -1 if no item is active yet
 * @param count number of items
 * @param page number of items that PageUp and PageDown move by
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
