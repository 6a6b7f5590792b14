import type { Key as InkKey } from 'ink';

export type KeyName =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'pageup'
  | 'pagedown'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'tab'
  | 'backtab'
  | 'backspace'
  | 'interrupt'
  | 'redraw';

/** One keystroke: a key with a name, or typed text of one character. */
export type Key = { readonly name: KeyName } | { readonly name: 'text'; readonly text: string };

const NAMED: readonly (readonly [keyof InkKey, KeyName])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  // Ink reports the backspace key of most terminals as `delete`.
  ['delete', 'backspace'],
];

/** The keys that Ink may pass on as control characters. Ink does so when several keystrokes arrive together. */
const CONTROL: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u001b': 'escape',
  '\u0008': 'backspace',
  '\u007f': 'backspace',
  '\u0003': 'interrupt',
  '\u000c': 'redraw',
};

/**
 * Returns the keystrokes in one input event of Ink. Pasted or fast input arrives as one event with many characters.
 * Omits keys and control characters that have no {@link KeyName}.
 */
export function keysOf(input: string, key: InkKey): readonly Key[] {
  if (key.tab) return [{ name: key.shift ? 'backtab' : 'tab' }];
  if (key.ctrl) return input === 'c' ? [{ name: 'interrupt' }] : input === 'l' ? [{ name: 'redraw' }] : [];
  const named = NAMED.find(([flag]) => key[flag]);
  if (named !== undefined) return [{ name: named[1] }];
  return [...input].flatMap((character): readonly Key[] => {
    const name = CONTROL[character];
    if (name !== undefined) return [{ name }];
    return /\p{Cc}/u.test(character) ? [] : [{ name: 'text', text: character }];
  });
}
