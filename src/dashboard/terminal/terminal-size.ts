import type { Size } from './layout.js';

const DEFAULT_SIZE: Size = { columns: 80, rows: 24 };

/**
 * Returns the size of a terminal. On some serial lines and in some containers, the terminal reports 0 x 0. In that
 * case, the size comes from the environment variables `COLUMNS` and `LINES`. Without these variables, it is 80 x 24.
 */
export function sizeOf(
  { columns, rows }: Partial<Size>,
  { COLUMNS, LINES }: { readonly COLUMNS?: string | undefined; readonly LINES?: string | undefined },
): Size {
  return {
    columns: columns || fromEnvironment(COLUMNS) || DEFAULT_SIZE.columns,
    rows: rows || fromEnvironment(LINES) || DEFAULT_SIZE.rows,
  };
}

function fromEnvironment(text = ''): number {
  return /^\d{1,4}$/.test(text) ? Number(text) : 0;
}
