import { hasCertainWidth, widthOf } from './text-width.js';

const ESC = '\u001b';
/** Matches the escape sequences for styles. */
const STYLE_SEQUENCES = new RegExp(`(${ESC}\\[[\\d;]*m)`);

const graphemes = new Intl.Segmenter();

/**
 * Returns the line with cursor movements around each character whose width may differ between terminals. So the text
 * after such a character starts in the right column on every terminal.
 */
export function withCursorPositions(line: string): string {
  let column = 1;
  return line
    .split(STYLE_SEQUENCES)
    .map((part) => {
      if (part.startsWith(ESC)) return part;
      const start = column;
      column += widthOf(part);
      return hasCertainWidth(part) ? part : withPositionsFrom(part, start);
    })
    .join('');
}

function withPositionsFrom(text: string, start: number): string {
  let column = start;
  let result = '';
  for (const { segment } of graphemes.segment(text)) {
    const width = widthOf(segment);
    // The blanks are written first: if the terminal draws the character too narrow, they replace the old content there.
    result += hasCertainWidth(segment)
      ? segment
      : `${' '.repeat(width)}${moveToColumn(column)}${segment}${moveToColumn(column + width)}`;
    column += width;
  }
  return result;
}

/** Returns the escape sequence that moves the cursor to a column of its line. The first column is 1. */
function moveToColumn(column: number): string {
  return `${ESC}[${column}G`;
}
