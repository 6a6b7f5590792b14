/** Marks that differ by shape, never by colour alone. */
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

const ASCII: Readonly<Record<string, string>> = {
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
const LOWER_HALF = 0b1110_0100;
const UPPER_HALF = 0b0001_1011;

/** The same text for a terminal that knows no other characters; as wide as before. */
export function toAscii(text: string, widthOf: (grapheme: string) => number): string {
  let result = '';
  for (const { segment } of graphemes.segment(text)) {
    const code = segment.codePointAt(0) ?? 0;
    if (code < 0x80) result += segment;
    else if (code >= BRAILLE_FROM && code <= BRAILLE_TO) result += chartInAscii(code - BRAILLE_FROM);
    else result += ASCII[segment] ?? '?'.repeat(widthOf(segment));
  }
  return result;
}

function chartInAscii(dots: number): string {
  if ((dots & UPPER_HALF) !== 0) return ':';
  return (dots & LOWER_HALF) === 0 ? ' ' : '.';
}

/** Whether the locale says that the terminal takes UTF-8. */
export function isUtf8({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  // The first that is set and not empty counts.
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
