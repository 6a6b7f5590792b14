import stringWidth from 'string-width';

/** ASCII, braille, and the marks of the dashboard: a column each. */
const SIMPLE = /^[ -~\u2800-\u28ffµ–…·●■○◌✖▲✔▾▸↑↓←→‖❯█]*$/;

/** Whether all terminals draw this equally wide. */
export function isCertain(text: string): boolean {
  return SIMPLE.test(text);
}

/** How many columns of the screen a text takes. Nearly all of what is drawn is simple, and measured character by character. */
export function widthOf(text: string): number {
  return SIMPLE.test(text) ? text.length : stringWidth(text);
}
