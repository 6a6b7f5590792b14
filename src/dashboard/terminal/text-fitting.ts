import { visibleText } from '../view-model/visible-text.js';
import { widthOf } from './text-width.js';

const PLAIN = /^[ -~]*$/;

const graphemes = new Intl.Segmenter();

/**
 * Returns the text in exactly `width` columns of the terminal: padded with blanks, or cut with an ellipsis. Escapes
 * invisible characters.
 */
export function padOrCut(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = truncate(visibleText(text), width);
  const padding = ' '.repeat(Math.max(0, width - widthOf(cut)));
  return align === 'left' ? cut + padding : padding + cut;
}

/**
 * Breaks a text into lines of at most `width` columns of the terminal. Keeps line breaks, and escapes invisible
 * characters.
 */
export function wrap(text: string, width: number): readonly string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const lines: string[] = [];
    let rest = visibleText(line);
    while (widthOf(rest) > width) {
      const head = longestStart(rest, width);
      if (head === '') break;
      lines.push(head);
      rest = rest.slice(head.length);
    }
    return [...lines, rest];
  });
}

function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width <= 0 ? '' : `${longestStart(text, width - 1)}…`;
}

/** Returns the longest start of a text that fits into `width` columns of the terminal. */
function longestStart(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, width);
  let start = '';
  let taken = 0;
  for (const { segment } of graphemes.segment(text)) {
    taken += widthOf(segment);
    if (taken > width) break;
    start += segment;
  }
  return start;
}
