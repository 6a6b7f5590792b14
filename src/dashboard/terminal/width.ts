import stringWidth from 'string-width';

/** Matches texts of ASCII, braille and marks of the dashboard only. Each of these characters is one column wide. */
const SIMPLE = /^[ -~\u2800-\u28ffµ–…·●■○◌✖▲✔▾▸↑↓←→‖❯█]*$/;

/** Whether all terminals draw the text with the same width. */
export function isCertain(text: string): boolean {
  return SIMPLE.test(text);
}

/** The width of a text in terminal columns. The fast path matters: Ink measures nearly every character on its own. */
export function widthOf(text: string): number {
  return SIMPLE.test(text) ? text.length : stringWidth(text);
}
