export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface ColumnSpec<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly align: 'left' | 'right';
  /** At least so wide. */
  readonly width: number;
}

export interface PlacedColumn<Id extends string> extends ColumnSpec<Id> {}

/** A column may grow to that width while there is room; steps are taken in order. */
export type Growth<Id extends string> = readonly (readonly [id: Id, width: number])[];

/** Between two columns. */
export const GAP = 1;

/**
 * The columns for which there is room, in their order on the screen. When it is narrow, those go that come last in
 * `byImportance`. Those of `spare` have a place only where the others have all the room they can use.
 */
export function columnsFor<Id extends string>(
  specs: readonly ColumnSpec<Id>[],
  byImportance: readonly Id[],
  growth: Growth<Id>,
  room: number,
  spare: readonly Id[] = [],
): readonly PlacedColumn<Id>[] {
  const widths = new Map<Id, number>();
  let left = room + GAP;
  for (const id of byImportance) {
    const spec = specs.find((each) => each.id === id);
    if (spec === undefined || spec.width + GAP > left) break;
    widths.set(id, spec.width);
    left -= spec.width + GAP;
  }
  for (const [id, limit] of growth) {
    const width = widths.get(id);
    if (width === undefined) continue;
    const more = Math.max(0, Math.min(left, limit - width));
    widths.set(id, width + more);
    left -= more;
  }
  for (const id of spare) {
    const spec = specs.find((each) => each.id === id);
    if (spec === undefined || spec.width + GAP > left) break;
    widths.set(id, spec.width);
    left -= spec.width + GAP;
  }
  return specs.flatMap((spec) => {
    const width = widths.get(spec.id);
    return width === undefined ? [] : [{ ...spec, width }];
  });
}

/** Head: two lines about the cluster, one of views. Foot: one of keys. */
const HEAD_ROWS = 3;
const FOOT_ROWS = 1;
export const SMALLEST: Size = { columns: 40, rows: 12 };

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < SMALLEST.columns || rows < SMALLEST.rows;
}

/** Lines between head and foot. */
export function bodyRows({ rows }: Size): number {
  return Math.max(1, rows - HEAD_ROWS - FOOT_ROWS);
}

/** Lines of a table below its head. */
export function tableRows(size: Size): number {
  return Math.max(1, bodyRows(size) - 1);
}

/** How the lines of the view of nodes are shared: a table with a head, a title, charts. */
export function nodesRows(size: Size, lines: number): { readonly list: number; readonly chart: number } {
  const perColumn = size.columns >= 120 ? 2 : 4;
  const rest = bodyRows(size) - 2;
  const list = Math.max(1, Math.min(lines, rest - 2 * perColumn));
  return { list, chart: Math.max(1, Math.min(8, Math.floor((rest - list) / perColumn))) };
}
