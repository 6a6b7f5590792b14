const PRINTABLE_ASCII = /^[ -~]*$/;

/** Emoji that consist of several characters, some of them invisible: joined emoji, skin tones, variants, keycaps. */
const EMOJI = '\\p{ExtPict}\\p{EMod}?\\uFE0F?(?:\\u200D\\p{ExtPict}\\p{EMod}?\\uFE0F?)*|[0-9#*]\\uFE0F?\\u20E3';

/**
 * Characters to escape: control and format characters, which include those that change the text direction; lone
 * surrogates; private-use characters and noncharacters; line and paragraph separators; and characters without a visible
 * shape, such as the Hangul fillers and the blank Braille pattern.
 */
const INVISIBLE = '[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}\\p{NChar}\\p{DI}\\u2800]';

const PARTS = new RegExp(`(${EMOJI})|${INVISIBLE}`, 'gu');

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Returns a text that is safe to show in one line. Characters that are invisible, reorder the text or control a
 * terminal are written as escapes, such as `\u202E`. Names and messages come from other machines, so they cannot be
 * trusted.
 */
export function visibleText(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text.replace(PARTS, (part, emoji?: string) => emoji ?? escaped(part));
}

/** Like `visibleText`, but keeps the line breaks of the text. */
export function visibleLines(text: string): string {
  return text.split(/\r?\n/).map(visibleText).join('\n');
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return SHORT_ESCAPES[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}
