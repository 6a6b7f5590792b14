const PLAIN = /^[ -~]*$/;

/** Several characters, some of them invisible, that are drawn as one: joined, toned and coloured emoji, and keycaps. */
const EMOJI = '\\p{ExtPict}\\p{EMod}?\\uFE0F?(?:\\u200D\\p{ExtPict}\\p{EMod}?\\uFE0F?)*|[0-9#*]\\uFE0F?\\u20E3';

/**
 * Controls and formats, those that turn the direction of a text among them; lone surrogates; what no font knows; and what is
 * drawn as nothing, as the fillers of Hangul and the blank of Braille.
 */
const INVISIBLE = '[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Zl}\\p{Zp}\\p{NChar}\\p{DI}\\u2800]';

const PARTS = new RegExp(`(${EMOJI})|${INVISIBLE}`, 'gu');

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The text in one line, as it may be shown to people, who can rely on it: whatever would be invisible, change the order of
 * the rest or steer a terminal is written as an escape, such as `\u202E`. Names and messages come from other machines.
 */
export function visibleText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(PARTS, (part, emoji?: string) => emoji ?? escaped(part));
}

/** The same for a text that has lines of its own. */
export function visibleLines(text: string): string {
  return text.split(/\r?\n/).map(visibleText).join('\n');
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return SHORT[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}
