import { hasCertainWidth, widthOf } from './text-width.js';

const ESC = '\u001b';
/** Matches the escape sequences for styles. */
const STYLE_SEQUENCES = new RegExp(`(${ESC}\\[[\\d;]*m)`);

const graphemes = new Intl.Segmenter();

/**
 * Adds cursor movements to a line, around each character that terminals draw with different widths. The text after such a
 * character then starts in the right column on every terminal.
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
    // Blanks come first, because a character drawn too narrow would leave old content in the rest of its columns.
    result += hasCertainWidth(segment)
      ? segment
      : `${' '.repeat(width)}${moveToColumn(column)}${segment}${moveToColumn(column + width)}`;
    column += width;
  }
  return result;
}

/** The escape sequence that moves the cursor to a column of its line, from 1. */
function moveToColumn(column: number): string {
  return `${ESC}[${column}G`;
}
