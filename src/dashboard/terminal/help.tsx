import { bodyRows } from './layout.js';
import type { State } from './state.js';
import { Lines, type Part } from './styled-line.js';
import { MARK } from './symbols.js';
import { padOrCut } from './text-fitting.js';

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ['Tab, 1 2 3 4 5', 'views: processes, nodes with charts, tree, log, names and groups'],
  ['↑ ↓ PgUp PgDn Home End', 'move the cursor'],
  ['Enter', 'details; on a node, its processes; on a group, its members'],
  ['l', 'on a node, its links'],
  ['Esc', 'back; clear the filter'],
  ['/', 'filter by words in name, id or node, or by kind'],
  ['s  S', 'sort by the next column; reverse the order'],
  ['← →', 'in the tree and on a group: collapse, expand'],
  ['p', 'pause, resume; new data is kept meanwhile'],
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
    ' problem  ',
    ['warn', MARK.warning],
    ' warning  ',
    ['good', MARK.good],
    ' recovered  ',
    ['dim', MARK.plain],
    ' normal  ',
    '– not known',
  ],
];

/** The help: the list of keys and marks. It replaces the view on the screen. */
export function Help({ state }: { readonly state: State }) {
  const lines: readonly (readonly Part[])[] = [
    [],
    ...KEYS.map(([keys, what]): readonly Part[] => ['  ', ['strong', padOrCut(keys, 25)], what]),
    [],
    ...MARKS.map((marks): readonly Part[] => ['  ', ...marks]),
    [],
    ['  ', ['dim', 'P99: 99 of 100 messages take at most this long.']],
    ['  ', ['dim', 'WAIT: time in the mailbox. HANDLE: time in the handler. DELAY: how late timers fire.']],
    ['  ', ['dim', 'Charts show the highest value of each interval.']],
  ];
  return <Lines lines={lines} height={bodyRows(state.size)} />;
}
