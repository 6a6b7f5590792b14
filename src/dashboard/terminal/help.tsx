import { bodyRows } from './layout.js';
import type { State } from './state.js';
import { Lines, type Part } from './styled-line.js';
import { MARK } from './symbols.js';
import { fitted } from './text-fitting.js';

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['Tab, 1 2 3 4', 'views: processes, nodes with charts, tree, log'],
  ['↑ ↓ PgUp PgDn Home End', 'move; at the top, the cursor stays at the top'],
  ['Enter', 'more of it; of a node, its processes'],
  ['l', 'of a node, its links'],
  ['Esc', 'back; clears the filter'],
  ['/', 'filter as you type: words in name, id, node; a kind'],
  ['s  S', 'sort by the next column; the other way round'],
  ['← →', 'in the tree: close, open'],
  ['p', 'pause, and go on; what comes meanwhile is kept'],
  ['Ctrl+L', 'redraw the screen'],
  ['q, Ctrl+C', 'quit'],
];

const MARKS: readonly Part[][] = [
  [
    ['good', MARK.server],
    ' process  ',
    ['good', MARK.supervisor],
    ' supervisor  ',
    ['warn', MARK.starting],
    ' starting  ',
    ['warn', MARK.stopping],
    ' stopping  ',
    ['bad', MARK.lost],
    ' node not connected',
  ],
  [
    ['bad', MARK.lost],
    ' bad  ',
    ['warn', MARK.warning],
    ' look at it  ',
    ['good', MARK.good],
    ' good again  ',
    ['dim', MARK.plain],
    ' as usual  ',
    '– not known',
  ],
];

export function Help({ state }: { readonly state: State }) {
  const lines: readonly (readonly Part[])[] = [
    [],
    ...KEYS.map(([keys, what]): readonly Part[] => ['  ', ['strong', fitted(keys, 25)], what]),
    [],
    ...MARKS.map((marks): readonly Part[] => ['  ', ...marks]),
    [],
    ['  ', ['dim', 'P99: of 100 messages, 99 take no longer.']],
    ['  ', ['dim', 'WAIT: in the mailbox. HANDLE: in the handler. DELAY: how late timers fire.']],
    ['  ', ['dim', 'Charts: the highest value of each moment.']],
  ];
  return <Lines lines={lines} height={bodyRows(state.size)} />;
}
