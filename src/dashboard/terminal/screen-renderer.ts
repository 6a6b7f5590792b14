import type { Size } from './layout.js';
import { toAscii } from './symbols.js';
import { widthOf } from './text-width.js';
import { withCursorPositions } from './width-correction.js';

const ESC = '\u001b';
/** Opens the alternate screen, hides the cursor, disables line wrapping and clears the screen. */
const ENTER_SCREEN = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l${ESC}[2J`;
/** Resets styles and undoes `ENTER_SCREEN`. */
const LEAVE_SCREEN = `${ESC}[0m${ESC}[?7h${ESC}[?25h${ESC}[?1049l`;
/**
 * Begins synchronized output: the terminal shows all text up to `END_UPDATE` at once. Some terminals ignore both
 * sequences.
 */
const BEGIN_UPDATE = `${ESC}[?2026h`;
/** Ends synchronized output. */
const END_UPDATE = `${ESC}[?2026l`;

const COLOUR_SEQUENCES = new RegExp(`${ESC}\\[(?:3[0-7]|39|4[0-7]|49|9[0-7]|10[0-7]|[34]8;[\\d;]*)m`, 'g');
const STYLE_SEQUENCES = new RegExp(`(${ESC}\\[[\\d;]*m)`);

export interface ScreenOptions {
  readonly hasColours: boolean;
  readonly isUtf8: boolean;
  /** Returns the current size of the terminal. */
  readonly size: () => Size;
}

/** Draws on the whole terminal. Writes only lines that have changed. */
export class Screen {
  readonly #stdout: NodeJS.WriteStream;
  readonly #options: ScreenOptions;
  #lines: readonly string[] = [];
  #isEntered = false;

  constructor(stdout: NodeJS.WriteStream, options: ScreenOptions) {
    this.#stdout = stdout;
    this.#options = options;
  }

  enter(): void {
    this.#isEntered = true;
    this.#stdout.write(ENTER_SCREEN);
  }

  /**
   * Shows a screen. Its lines may contain escape sequences for styles. Has no effect before `enter` and after `leave`.
   */
  draw(screen: string): void {
    if (!this.#isEntered) return;
    const lines = screen.split('\n').slice(0, this.#options.size().rows).map(this.#forTerminal);
    const changes = lines.flatMap((line, index) =>
      line === this.#lines[index] ? [] : `${ESC}[${index + 1};1H${this.#withRestErased(line)}`,
    );
    const rest = lines.length < this.#lines.length ? `${ESC}[${lines.length + 1};1H${ESC}[J` : '';
    this.#lines = lines;
    if (changes.length > 0 || rest !== '') this.#stdout.write(BEGIN_UPDATE + changes.join('') + rest + END_UPDATE);
  }

  /**
   * Clears the terminal, so that the next screen is drawn in full. This is needed after a resize, and after output of
   * other code.
   */
  clear(): void {
    this.#lines = [];
    if (this.#isEntered) this.#stdout.write(`${ESC}[2J`);
  }

  /** Restores the terminal. Further calls have no effect. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#stdout.write(LEAVE_SCREEN);
  }

  /**
   * Returns the line with a sequence at its end that erases the rest of the line. A line as wide as the terminal gets
   * no sequence, because the sequence would erase its last character.
   */
  #withRestErased(line: string): string {
    return widthOf(line) < this.#options.size().columns
      ? `${withCursorPositions(line)}${ESC}[K`
      : withCursorPositions(line);
  }

  /** Returns the line without colours unless `hasColours` is set, and in ASCII unless `isUtf8` is set. */
  readonly #forTerminal = (line: string): string => {
    const styled = this.#options.hasColours ? line : line.replace(COLOUR_SEQUENCES, '');
    if (this.#options.isUtf8) return styled;
    return styled
      .split(STYLE_SEQUENCES)
      .map((part) => (part.startsWith(ESC) ? part : toAscii(part, widthOf)))
      .join('');
  };
}
