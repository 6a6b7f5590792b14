/**
 * The marks of the dashboard. They differ in shape, because some users and some terminals do not distinguish colours.
 */
export const MARK = {
  cursor: '❯',
  server: '●',
  supervisor: '■',
  starting: '○',
  stopping: '◌',
  lost: '✖',
  warning: '▲',
  good: '✔',
  plain: '·',
  open: '▾',
  closed: '▸',
  ascending: '↑',
  descending: '↓',
  paused: '‖',
} as const;

const ASCII_MARKS: Readonly<Record<string, string>> = {
  '❯': '>',
  '●': '*',
  '■': '#',
  '○': 'o',
  '◌': '-',
  '✖': 'x',
  '▲': '!',
  '✔': '+',
  '·': '.',
  '▾': '-',
  '▸': '+',
  '↑': '^',
  '↓': 'v',
  '←': '<',
  '→': '>',
  '‖': '"',
  '–': '-',
  µ: 'u',
  '─': '-',
  '│': '|',
  '…': '~',
  '█': '_',
};

const graphemes = new Intl.Segmenter();
const BRAILLE_FROM = 0x2800;
const BRAILLE_TO = 0x28ff;
/** The bits of the lower four dots of a braille character. */
const LOWER_HALF = 0b1110_0100;
/** The bits of the upper four dots of a braille character. */
const UPPER_HALF = 0b0001_1011;

/**
 * Returns the text with all characters that are not ASCII replaced, for terminals without UTF-8. The text keeps its
 * width.
 */
export function toAscii(text: string, widthOf: (grapheme: string) => number): string {
  let result = '';
  for (const { segment } of graphemes.segment(text)) {
    const code = segment.codePointAt(0) ?? 0;
    if (code < 0x80) result += segment;
    else if (code >= BRAILLE_FROM && code <= BRAILLE_TO) result += brailleInAscii(code - BRAILLE_FROM);
    else result += ASCII_MARKS[segment] ?? '?'.repeat(widthOf(segment));
  }
  return result;
}

function brailleInAscii(dots: number): string {
  if ((dots & UPPER_HALF) !== 0) return ':';
  return (dots & LOWER_HALF) === 0 ? ' ' : '.';
}

/** Whether the locale in the environment variables uses UTF-8. */
export function isUtf8({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  // As in POSIX, the first of these variables that is not empty decides.
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
