import { isCertain, widthOf } from './width.js';

const ESC = '\u001b';
/** Matches the escape sequences for styles. */
const STYLES = new RegExp(`(${ESC}\\[[\\d;]*m)`);

const graphemes = new Intl.Segmenter();

/**
 * Adds cursor positions to a line, around each character whose width differs between terminals. The text after such a
 * character then starts in the right column on every terminal.
 */
export function withCursorPositions(line: string): string {
  let column = 1;
  return line
    .split(STYLES)
    .map((part) => {
      if (part.startsWith(ESC)) return part;
      const start = column;
      column += widthOf(part);
      return isCertain(part) ? part : positionedFrom(part, start);
    })
    .join('');
}

function positionedFrom(text: string, start: number): string {
  let column = start;
  let result = '';
  for (const { segment } of graphemes.segment(text)) {
    const width = widthOf(segment);
    // Blanks first: a character drawn narrower than its columns would leave old content in the rest of them.
    result += isCertain(segment) ? segment : `${' '.repeat(width)}${at(column)}${segment}${at(column + width)}`;
    column += width;
  }
  return result;
}

/** The escape sequence that moves the cursor to a column of its line, from 1. */
function at(column: number): string {
  return `${ESC}[${column}G`;
}
