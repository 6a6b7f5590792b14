import { placed } from './cursor-positions.js';
import type { Size } from './layout.js';
import { toAscii } from './symbols.js';
import { widthOf } from './width.js';

const ESC = '\u001b';
/** The other screen, without a cursor, and without lines that go on in the next. */
const ENTER = `${ESC}[?1049h${ESC}[?25l${ESC}[?7l${ESC}[2J`;
const LEAVE = `${ESC}[0m${ESC}[?7h${ESC}[?25h${ESC}[?1049l`;
/** What is written in between is shown at once. Terminals that cannot do it ignore it. */
const BEGIN = `${ESC}[?2026h`;
const END = `${ESC}[?2026l`;

const COLOURS = new RegExp(`${ESC}\\[(?:3[0-7]|39|4[0-7]|49|9[0-7]|10[0-7]|[34]8;[\\d;]*)m`, 'g');
const STYLES = new RegExp(`(${ESC}\\[[\\d;]*m)`);

export interface ScreenOptions {
  readonly hasColours: boolean;
  readonly isUtf8: boolean;
  /** Of the terminal, now. */
  readonly size: () => Size;
}

/** The whole terminal, as a picture that is replaced line by line: only what changed is written. */
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
    this.#stdout.write(ENTER);
  }

  /** Shows a frame: lines with escape sequences for styles in them. */
  draw(frame: string): void {
    if (!this.#isEntered) return;
    const lines = frame.split('\n').slice(0, this.#options.size().rows).map(this.#translated);
    const changes = lines.flatMap((line, index) =>
      line === this.#lines[index] ? [] : `${ESC}[${index + 1};1H${this.#complete(line)}`,
    );
    const rest = lines.length < this.#lines.length ? `${ESC}[${lines.length + 1};1H${ESC}[J` : '';
    this.#lines = lines;
    if (changes.length > 0 || rest !== '') this.#stdout.write(BEGIN + changes.join('') + rest + END);
  }

  /** The next frame is drawn in full: the size is another, or something else has written on the screen. */
  clear(): void {
    this.#lines = [];
    if (this.#isEntered) this.#stdout.write(`${ESC}[2J`);
  }

  /** The terminal as it was before. A second time, nothing. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#isEntered = false;
    this.#stdout.write(LEAVE);
  }

  /** Behind a full line the cursor stands on its last column: to erase the rest would erase that. */
  #complete(line: string): string {
    return widthOf(line) < this.#options.size().columns ? `${placed(line)}${ESC}[K` : placed(line);
  }

  readonly #translated = (line: string): string => {
    const styled = this.#options.hasColours ? line : line.replace(COLOURS, '');
    if (this.#options.isUtf8) return styled;
    return styled
      .split(STYLES)
      .map((part) => (part.startsWith(ESC) ? part : toAscii(part, widthOf)))
      .join('');
  };
}
