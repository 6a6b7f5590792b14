import type { State } from './state.js';
import { Line, type Part } from './styled-line.js';
import { widthOf } from './text-width.js';

/** The footer: the keys that have an effect in the current view or overlay. */
export function Footer({ state }: { readonly state: State }) {
  const parts = hintsThatFit(hintsFor(state), state.size.columns - 1).flatMap(([key, what]): Part[] => [
    ['strong', key],
    ` ${what}  `,
  ]);
  return <Line parts={[' ', ...parts]} />;
}

type Hint = readonly [key: string, what: string];

/**
 * Returns the hints that fit into `width` columns of the terminal. The last three hints are always kept. Of the other
 * hints, the last ones are removed first.
 */
function hintsThatFit(all: readonly Hint[], width: number): readonly Hint[] {
  const taken = all.reduce((sum, [key, what]) => sum + widthOf(`${key} ${what}  `), 0);
  return taken <= width || all.length <= ALWAYS_SHOWN ? all : hintsThatFit(all.toSpliced(-ALWAYS_SHOWN - 1, 1), width);
}

const ALWAYS_SHOWN = 3;

const MOVE: Hint = ['↑↓', 'move'];
const GENERAL: readonly Hint[] = [
  ['p', 'pause'],
  ['?', 'help'],
  ['q', 'quit'],
];

function hintsFor({ isTypingFilter, isHelpOpen, overlays, view, paused }: State): readonly Hint[] {
  const general = paused === undefined ? GENERAL : GENERAL.with(0, ['p', 'resume']);
  if (isHelpOpen) return [['any key', 'back']];
  if (isTypingFilter) {
    return [
      ['Enter', 'keep the filter'],
      ['Esc', 'clear it'],
      ['↑↓', 'move'],
    ];
  }
  const overlay = overlays.at(-1);
  if (overlay?.type === 'entry') return [['Esc', 'back'], ['↑↓', 'scroll'], ['Enter', 'process'], ...general];
  if (overlay?.type === 'links') return [['Esc', 'back'], ['↑↓', 'scroll'], ...general];
  if (overlay !== undefined) return [['Esc', 'back'], MOVE, ['Enter', 'open'], ...general];
  switch (view) {
    case 'processes':
      return [MOVE, ['Enter', 'detail'], ['/', 'filter'], ['s', 'sort'], ['S', 'reverse'], ['Tab', 'view'], ...general];
    case 'nodes':
      return [MOVE, ['Enter', 'its processes'], ['l', 'its links'], ['Tab', 'view'], ...general];
    case 'tree':
      return [MOVE, ['←→', 'fold'], ['Enter', 'detail'], ['/', 'filter'], ['Tab', 'view'], ...general];
    case 'names':
      return [MOVE, ['Enter', 'owner, members'], ['←→', 'fold'], ['/', 'filter'], ['Tab', 'view'], ...general];
    case 'log':
      return [MOVE, ['End', 'newest'], ['Enter', 'detail'], ['/', 'filter'], ['Tab', 'view'], ...general];
  }
}
