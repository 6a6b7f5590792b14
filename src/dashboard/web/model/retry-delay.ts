const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/** How long to wait after this many failures in a row, ms. `random`: 0 to 1, so that not all browsers come back at once. */
export function retryDelay(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}
