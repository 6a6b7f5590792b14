import type { Size } from './layout.js';

const USUAL: Size = { columns: 80, rows: 24 };

/**
 * The size of a terminal. One that does not know its own, as over some serial lines and in some containers, says 0 x 0: then
 * `COLUMNS` and `LINES` count, or else the usual size, until it is resized.
 */
export function sizeOf(
  { columns, rows }: Partial<Size>,
  { COLUMNS, LINES }: { readonly COLUMNS?: string | undefined; readonly LINES?: string | undefined },
): Size {
  return {
    columns: columns || fromEnvironment(COLUMNS) || USUAL.columns,
    rows: rows || fromEnvironment(LINES) || USUAL.rows,
  };
}

function fromEnvironment(text = ''): number {
  return /^\d{1,4}$/.test(text) ? Number(text) : 0;
}
