import { describe, expect, test } from 'vitest';
import { reduce } from '../../../src/dashboard/terminal/reducer.js';
import { initialState, type State } from '../../../src/dashboard/terminal/state.js';
import {
  ALPHA,
  BETA,
  fixture,
  halfDead,
  happened,
  NOW,
  press,
  processOf,
  startedWith,
} from '../../helpers/terminal.js';

const names = ({ processes }: State) => processes.rows.map(({ name }) => name);
const chosen = ({ processes }: State) => processes.rows[processes.cursor.index]?.name;
const branches = ({ tree }: State) => tree.lines.map((line) => (line.type === 'node' ? line.key : line.row.name));

/** The same cluster a second later, with more in one queue. */
function later(state: State, queue: number): State {
  const [alpha, beta] = [fixture(ALPHA), fixture(BETA)];
  const processes = alpha.processes.map((row) => (row.id === 'p3' ? { ...row, queueSize: queue } : row));
  return reduce(state, {
    type: 'view',
    view: { timestamp: NOW + 1000, monotonic: NOW + 1000, nodes: [{ ...alpha, processes }, beta] },
    now: NOW + 1000,
  });
}

describe('the table of processes', () => {
  test('begins with the longest queue', () => {
    expect(names(startedWith(halfDead)).slice(0, 2)).toEqual(['alpha-busy', 'beta-busy']);
  });

  test('is sorted by one column after another, and the other way round', () => {
    const byRate = press(startedWith(halfDead), 's');
    expect(byRate.processes.sorting).toEqual({ column: 'rate', direction: 'descending' });
    expect(press(byRate, 'S').processes.sorting).toEqual({ column: 'rate', direction: 'ascending' });
    const wide = startedWith(halfDead, { columns: 160, rows: 40 });
    const seen = new Set<string>();
    for (let state = wide, i = 0; i < 10; i += 1, state = press(state, 's')) seen.add(state.processes.sorting.column);
    expect(seen.size).toBe(10);
  });

  test('is never sorted by a column that there is no room for', () => {
    for (let state = startedWith(halfDead), i = 0; i < 20; i += 1, state = press(state, 's')) {
      expect(['kind', 'state', 'uptime']).not.toContain(state.processes.sorting.column);
    }
  });

  test('is filtered as one types', () => {
    const typing = press(startedWith(halfDead), '/', 'be');
    expect(names(typing)).toEqual(['beta-busy', 'beta-idle', 'beta-root']);
    expect(names(press(typing, 'ta idle'))).toEqual(['beta-idle']);
    expect(names(press(typing, 'backspace', 'backspace'))).toHaveLength(6);
  });

  test('keeps the filter on Enter, and loses it on Esc', () => {
    const kept = press(startedWith(halfDead), '/', 'q1s', 'enter');
    expect(kept).toMatchObject({
      isTypingFilter: false,
      hasQuit: false,
      view: 'processes',
      processes: { filter: { text: 'q1s' } },
    });
    expect(names(press(kept, 'escape'))).toHaveLength(6);
    expect(names(press(startedWith(halfDead), '/', 'zz', 'escape'))).toHaveLength(6);
  });

  test('has a cursor that stays with a process, wherever that moves', () => {
    const state = press(startedWith(halfDead), 'down', 'down');
    expect(chosen(state)).toBe('alpha-idle');
    const moved = later(state, 100);
    expect(moved.processes.cursor.index).toBe(0);
    expect(chosen(moved)).toBe('alpha-idle');
  });

  test('has a cursor that stays at the top until it is moved', () => {
    const moved = later(startedWith(halfDead), 100);
    expect(chosen(moved)).toBe('alpha-idle');
    expect(chosen(later(moved, 0))).toBe('alpha-busy');
  });

  test('scrolls by pages, and to either end', () => {
    const rows = Array.from({ length: 100 }, (_, i) =>
      processOf(ALPHA, `p${i}`, { name: `w${String(i).padStart(3, '0')}` }),
    );
    const state = startedWith({ timestamp: NOW, monotonic: NOW, nodes: [{ ...fixture(ALPHA), processes: rows }] });
    expect(chosen(press(state, 'pagedown'))).toBe('w019');
    expect(chosen(press(state, 'end'))).toBe('w099');
    expect(press(state, 'end').processes.cursor.top).toBe(81);
    expect(chosen(press(state, 'end', 'pageup', 'up'))).toBe('w079');
    expect(chosen(press(state, 'end', 'home'))).toBe('w000');
  });
});

describe('views', () => {
  test('follow each other by Tab, and have numbers', () => {
    const state = startedWith(halfDead);
    expect(press(state, 'tab').view).toBe('nodes');
    expect(press(state, 'backtab').view).toBe('names');
    const keys = ['1', '2', '3', '4', '5'];
    expect(keys.map((key) => press(state, key).view)).toEqual(['processes', 'nodes', 'tree', 'log', 'names']);
  });

  test('a node leads to its processes', () => {
    const state = press(startedWith(halfDead), '2', 'down', 'down', 'enter');
    expect(state.view).toBe('processes');
    expect(names(state)).toEqual(['beta-busy', 'beta-idle', 'beta-root']);
  });

  test('help closes with any key, which does nothing else', () => {
    const state = press(startedWith(halfDead), '?');
    expect(state.isHelpOpen).toBe(true);
    expect(press(state, 'q')).toMatchObject({ isHelpOpen: false, hasQuit: false });
  });

  test('q and Ctrl+C quit; q in a filter is a letter', () => {
    expect(press(startedWith(halfDead), 'q').hasQuit).toBe(true);
    expect(press(startedWith(halfDead), '/', 'q').hasQuit).toBe(false);
    expect(press(startedWith(halfDead), '/', 'interrupt').hasQuit).toBe(true);
  });
});

describe('the tree', () => {
  test('closes and opens', () => {
    const open = press(startedWith(halfDead), '3');
    expect(branches(open)).toEqual([
      ALPHA,
      'alpha-root',
      'alpha-busy',
      'alpha-idle',
      BETA,
      'beta-root',
      'beta-busy',
      'beta-idle',
    ]);
    const closed = press(open, 'down', 'left');
    expect(branches(closed)).toEqual([ALPHA, 'alpha-root', BETA, 'beta-root', 'beta-busy', 'beta-idle']);
    expect(branches(press(closed, 'right'))).toEqual(branches(open));
  });

  test('left goes up from what is closed', () => {
    const state = press(startedWith(halfDead), '3', 'down', 'down', 'left');
    expect(state.tree.cursor.index).toBe(1);
    expect(press(state, 'left', 'left').tree.cursor.index).toBe(0);
  });

  test('shows, of what the filter leaves, what is above it', () => {
    expect(branches(press(startedWith(halfDead), '3', '/', 'beta-idle'))).toEqual([
      ALPHA,
      BETA,
      'beta-root',
      'beta-idle',
    ]);
  });
});

describe('the log', () => {
  test('follows what happens until one goes up, and again from the end on', () => {
    const state = press(startedWith(halfDead), '4');
    const more = (before: State) => reduce(before, { type: 'log', entries: happened });
    expect(more(state).log.cursor.index).toBe(7);
    expect(more(press(state, 'up')).log.cursor.index).toBe(2);
    expect(more(press(state, 'up', 'end')).log.cursor.index).toBe(7);
  });

  test('is filtered by words of its own', () => {
    const state = press(startedWith(halfDead), '4', '/', 'crashed');
    expect(state.log.lines.map(({ entry }) => entry.type)).toEqual(['process_crashed']);
    expect(state.processes.filter).toEqual({});
  });

  test('is paused, and counts what waits', () => {
    const paused = press(startedWith(halfDead), '4', 'p');
    const waiting = later(reduce(paused, { type: 'log', entries: happened }), 5);
    expect(waiting.paused).toEqual({ updates: 1, entries: 4 });
    expect(waiting.log.lines).toHaveLength(4);
    expect(waiting.shown.view).toBe(halfDead);
    const going = press(waiting, 'p');
    expect(going.paused).toBeUndefined();
    expect(going.log.lines).toHaveLength(8);
    expect(going.shown.view.timestamp).toBe(NOW + 1000);
  });

  test('an entry leads to all of it, and from there to the process', () => {
    const entry = press(startedWith(halfDead), '4', 'up', 'up', 'enter');
    expect(entry.overlays).toMatchObject([{ type: 'entry', line: { entry: { type: 'process_crashed' } } }]);
    const process = press(entry, 'enter');
    expect(process.overlays.at(-1)).toMatchObject({ type: 'process', row: { name: 'alpha-idle' } });
    expect(press(process, 'escape', 'escape').overlays).toEqual([]);
  });
});

describe('the detail of a process', () => {
  const detail = press(startedWith(halfDead), 'enter');

  test('opens, and leads to its relatives and back', () => {
    expect(detail.overlays).toMatchObject([{ type: 'process', row: { name: 'alpha-busy' } }]);
    const parent = press(detail, 'enter');
    expect(parent.overlays.at(-1)).toMatchObject({ row: { name: 'alpha-root' } });
    expect(press(parent, 'down', 'enter').overlays.at(-1)).toMatchObject({ row: { name: 'alpha-idle' } });
    expect(press(parent, 'escape').overlays).toHaveLength(1);
  });

  test('stays as it was last seen when the process is gone', () => {
    const gone = reduce(detail, { type: 'view', view: { timestamp: NOW, monotonic: NOW, nodes: [] }, now: NOW });
    expect(gone.overlays).toMatchObject([{ isGone: true, row: { name: 'alpha-busy' } }]);
    expect(later(gone, 0).overlays).toMatchObject([{ isGone: false }]);
  });
});

test('a step changes nothing of the state before it', () => {
  const state = startedWith(halfDead);
  const before = structuredClone(state);
  press(
    state,
    '/',
    'be',
    'enter',
    'down',
    's',
    '3',
    'down',
    'left',
    '5',
    'right',
    'enter',
    'escape',
    '4',
    'p',
    'enter',
    'escape',
    '?',
    'x',
    'p',
  );
  expect(state).toEqual(before);
});

test('rows are not sorted again for a key that does not concern them', () => {
  const state = startedWith(halfDead);
  expect(press(state, 'down').processes.rows).toBe(state.processes.rows);
  expect(reduce(state, { type: 'tick', now: NOW + 1 }).processes.rows).toBe(state.processes.rows);
});

test('there is nothing to open where there is nothing', () => {
  const empty = initialState('', { columns: 80, rows: 24 }, NOW);
  for (const view of ['1', '2', '3', '4', '5']) {
    expect(press(empty, view, 'down', 'enter', 'left', 'right', 'end', 'up', 'pageup').overlays).toEqual([]);
  }
});
