import { isCertain, widthOf } from './width.js';

const ESC = '\u001b';
/** The escape sequences in a frame. */
const STYLES = new RegExp(`(${ESC}\\[[\\d;]*m)`);

const graphemes = new Intl.Segmenter();

/**
 * The line, with the cursor set behind each character that not all terminals draw equally wide: what follows it stands where
 * it belongs, however wide this terminal has drawn it.
 */
export function placed(line: string): string {
  let column = 1;
  return line
    .split(STYLES)
    .map((part) => {
      if (part.startsWith(ESC)) return part;
      const start = column;
      column += widthOf(part);
      return isCertain(part) ? part : placedFrom(part, start);
    })
    .join('');
}

function placedFrom(text: string, start: number): string {
  let column = start;
  let result = '';
  for (const { segment } of graphemes.segment(text)) {
    const width = widthOf(segment);
    // Blanks first: a character that is drawn narrower than its columns would leave in them what was there before.
    result += isCertain(segment) ? segment : `${' '.repeat(width)}${at(column)}${segment}${at(column + width)}`;
    column += width;
  }
  return result;
}

/** Moves the cursor within its line. */
function at(column: number): string {
  return `${ESC}[${column}G`;
}
