/** The size of the terminal, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface ColumnSpec<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly align: 'left' | 'right';
  /** The minimum width, in characters. */
  readonly width: number;
}

/** A column on the screen, with its final width. */
export interface PlacedColumn<Id extends string> extends ColumnSpec<Id> {}

/** Steps that widen columns, in order. Each step widens one column up to the given width, as far as there is room. */
export type WidthSteps<Id extends string> = readonly (readonly [id: Id, width: number])[];

/** The number of blanks between two columns of a table. */
export const GAP = 1;

/**
 * Returns the columns of a table that fit into `room` characters, in the order of `specs`. On a narrow screen, the last
 * columns of `byImportance` are hidden. The remaining room goes to the steps of `growth`, then to the columns of
 * `spare`, each in order and as far as it suffices.
 */
export function columnsFor<Id extends string>(
  specs: readonly ColumnSpec<Id>[],
  byImportance: readonly Id[],
  growth: WidthSteps<Id>,
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

/** The height of the header, in lines. */
const HEADER_ROWS = 3;
/** The height of the footer, in lines. */
const FOOTER_ROWS = 1;
export const MIN_SIZE: Size = { columns: 40, rows: 12 };

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < MIN_SIZE.columns || rows < MIN_SIZE.rows;
}

/** Returns the number of lines between the header and the footer. */
export function bodyRows({ rows }: Size): number {
  return Math.max(1, rows - HEADER_ROWS - FOOTER_ROWS);
}

/** Returns the number of table rows that fit below the table head. */
export function tableRows(size: Size): number {
  return Math.max(1, bodyRows(size) - 1);
}

/** Returns the height of the figures about the links of a node, in lines. */
export function linkRows({ columns }: Size): number {
  return columns >= 140 ? 1 : 2;
}

/**
 * Divides the lines of the nodes view between the table and the charts.
 *
 * @param lines number of lines in the table if all of them fit
 * @returns `list`: the height of the table without its head. `chart`: the height of each chart.
 */
export function nodesViewHeights(size: Size, lines: number): { readonly list: number; readonly chart: number } {
  const perColumn = size.columns >= 120 ? 2 : 4;
  const rest = bodyRows(size) - 2 - linkRows(size);
  const list = Math.max(1, Math.min(lines, rest - 2 * perColumn));
  return { list, chart: Math.max(1, Math.min(8, Math.floor((rest - list) / perColumn))) };
}
