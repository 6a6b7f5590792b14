import { GAP, type PlacedColumn } from './layout.js';
import { Line, type Part } from './styled-line.js';
import { padOrCut } from './text-fitting.js';

const BETWEEN = ' '.repeat(GAP);

/**
 * The head of a table. `indent` is the number of blanks before the first column. `sorted` is the column by which the
 * rows are sorted.
 */
export function TableHead<Id extends string>({
  columns,
  indent,
  sorted,
}: {
  readonly columns: readonly PlacedColumn<Id>[];
  readonly indent: number;
  readonly sorted?: { readonly column: Id; readonly mark: string };
}) {
  const cells = columns.map(({ id, label, width, align }): Part => {
    const isSorted = id === sorted?.column;
    return [isSorted ? 'accent' : 'dim', padOrCut(isSorted ? `${label}${sorted?.mark}` : label, width, align)];
  });
  return <Line parts={[' '.repeat(indent), ...spaced(cells)]} />;
}

/** Returns the cells of a row, joined into one part. Each cell is fitted to the width of its column. */
export function cellsOf<Id extends string>(
  columns: readonly PlacedColumn<Id>[],
  textOf: (id: Id) => string,
): readonly Part[] {
  return [spaced(columns.map(({ id, width, align }) => padOrCut(textOf(id), width, align))).join('')];
}

function spaced<P extends Part>(cells: readonly P[]): readonly (P | string)[] {
  return cells.flatMap((cell, index) => (index === 0 ? [cell] : [BETWEEN, cell]));
}
