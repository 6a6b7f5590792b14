import stringWidth from 'string-width';

/**
 * Matches a text of ASCII characters, braille characters and marks of the dashboard. Every terminal draws each of these
 * characters one column wide.
 */
const CERTAIN_WIDTH = /^[ -~\u2800-\u28ffµ–…·●■○◌✖▲✔▾▸↑↓←→‖❯█]*$/;

/** Whether every terminal draws the text with the same width. */
export function hasCertainWidth(text: string): boolean {
  return CERTAIN_WIDTH.test(text);
}

/**
 * Returns the width of a text in columns of the terminal. The check for simple texts saves time, because Ink measures
 * each character.
 */
export function widthOf(text: string): number {
  return CERTAIN_WIDTH.test(text) ? text.length : stringWidth(text);
}
