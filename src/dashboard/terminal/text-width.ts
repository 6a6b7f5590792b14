import stringWidth from 'string-width';

/** Matches a text of ASCII, braille and the dashboard's marks. Each of these characters is one column wide everywhere. */
const CERTAIN_WIDTH = /^[ -~\u2800-\u28ffµ–…·●■○◌✖▲✔▾▸↑↓←→‖❯█]*$/;

/** Whether every terminal draws the text with the same width. */
export function hasCertainWidth(text: string): boolean {
  return CERTAIN_WIDTH.test(text);
}

/** The width of a text in terminal columns. The check for simple texts saves time: Ink measures characters one by one. */
export function widthOf(text: string): number {
  return CERTAIN_WIDTH.test(text) ? text.length : stringWidth(text);
}
