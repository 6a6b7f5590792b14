import { fc, test } from '@fast-check/vitest';
import xterm from '@xterm/headless';
import stringWidth from 'string-width';
import { describe, expect } from 'vitest';
import { brailleLines, bucketed } from '../../../src/dashboard/terminal/braille-chart.js';
import {
  type Cursor,
  initialCursor,
  type List,
  moveBy,
  reconcile,
  visibleItems,
} from '../../../src/dashboard/terminal/list-cursor.js';
import { reduce } from '../../../src/dashboard/terminal/reducer.js';
import { MARK } from '../../../src/dashboard/terminal/symbols.js';
import { padOrCut, wrap } from '../../../src/dashboard/terminal/text-fitting.js';
import { widthOf } from '../../../src/dashboard/terminal/text-width.js';
import { withCursorPositions } from '../../../src/dashboard/terminal/width-correction.js';
import { halfDead, press, startedWith } from '../../helpers/terminal.js';

const items = fc.uniqueArray(fc.integer({ min: 0, max: 30 }).map(String), { maxLength: 30 });
const home = fc.constantFrom<List<string>['homeEnd']>('first', 'last');
const step = fc.oneof(
  fc.record({ items, height: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ by: fc.integer({ min: -40, max: 40 }) }),
);

describe('a cursor', () => {
  test.prop([home, fc.array(step, { maxLength: 30 })])(
    'is on the screen, whatever happens to the list',
    (end, steps) => {
      let list: List<string> = { items: [], keyOf: (item) => item, height: 5, homeEnd: end };
      let cursor: Cursor = initialCursor;
      for (const each of steps) {
        if ('by' in each) cursor = moveBy(cursor, each.by, list);
        else {
          list = { ...list, ...each };
          cursor = reconcile(cursor, list);
        }
        const last = Math.max(0, list.items.length - 1);
        expect(cursor.index).toBeGreaterThanOrEqual(0);
        expect(cursor.index).toBeLessThanOrEqual(last);
        expect(visibleItems(cursor, list)).toHaveLength(Math.min(list.height, list.items.length));
        if (list.items.length > 0) expect(visibleItems(cursor, list)).toContain(list.items[cursor.index]);
        if (cursor.key !== undefined) expect(list.items[cursor.index]).toBe(cursor.key);
      }
    },
  );
});

const keys = [
  ...['up', 'down', 'left', 'right', 'pageup', 'pagedown', 'home', 'end', 'enter', 'escape', 'tab', 'backtab'],
  ...['backspace', '/', 's', 'S', 'p', '?', '1', '2', '3', '4', '5', 'a'],
];
const size = fc.record({ columns: fc.integer({ min: 1, max: 200 }), rows: fc.integer({ min: 1, max: 60 }) });

describe('the state', () => {
  test.prop([fc.array(fc.constantFrom(...keys), { maxLength: 60 }), size])(
    'has what the cursor is on in sight, whatever keys are pressed',
    (pressed, shape) => {
      const state = press(reduce(startedWith(halfDead), { type: 'resize', size: shape }), ...pressed);
      const { processes, tree, log } = state;
      for (const { cursor, count } of [
        { cursor: processes.cursor, count: processes.rows.length },
        { cursor: tree.cursor, count: tree.lines.length },
        { cursor: log.cursor, count: log.lines.length },
      ]) {
        expect(cursor.top).toBeLessThanOrEqual(cursor.index);
        expect(cursor.index).toBeLessThan(Math.max(1, count));
      }
      expect(state.hasQuit).toBe(false);
    },
  );
});

/** Of code units, lone surrogates among them, and of what terminals measure differently. */
const anyText = fc
  .array(
    fc.oneof(
      fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
      fc.string({ unit: 'binary', maxLength: 2 }),
      fc.constantFrom(
        '\ud83d',
        '\u3164',
        '\u115f',
        '\u200b',
        '\u202e',
        '\u2800',
        '\u00ad',
        'का',
        '❤️',
        '👩‍👩‍👧',
        '👍🏽',
        '😀',
        '葛',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

describe('text', () => {
  test.prop([fc.string({ unit: 'grapheme' }), fc.nat(40)])('fits exactly', (text, width) => {
    expect(widthOf(padOrCut(text, width))).toBe(width);
  });

  test.prop([anyText, fc.nat(40)])('has nothing in it that steers the terminal', (text, width) => {
    expect(padOrCut(text, width)).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    for (const line of wrap(text, width + 1)) expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  test.prop([fc.array(anyText, { minLength: 1, maxLength: 3 }), fc.integer({ min: 4, max: 12 })], { numRuns: 300 })(
    'moves nothing that stands behind it, although terminals do not agree how wide it is',
    async (texts, width) => {
      const terminal = new xterm.Terminal({ cols: 80, rows: 2, allowProposedApi: true });
      const line = texts.map((text) => `\u001b[1m${padOrCut(text, width)}\u001b[22m|`).join('');
      await new Promise<void>((resolve) => terminal.write(withCursorPositions(line), resolve));
      const cells = terminal.buffer.active.getLine(0);
      const columns = texts.map((_, index) => (index + 1) * (width + 1) - 1);
      expect(columns.map((column) => cells?.getCell(column)?.getChars())).toEqual(texts.map(() => '|'));
      expect(terminal.buffer.active.cursorX).toBe((columns.at(-1) ?? 0) + 1);
      terminal.dispose();
    },
  );
});

test.prop([fc.string({ unit: fc.constantFrom(...Object.values(MARK), ...'az ~µ–…←→█⠁⣿') })])(
  'what counts as simple is as wide as it counts',
  (text) => {
    expect(widthOf(text)).toBe(stringWidth(text));
  },
);

describe('a chart', () => {
  const dots = fc.array(fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })), { maxLength: 80 });

  test.prop([dots, fc.integer({ min: 1, max: 6 })])('is of the size it should have', (values, rows) => {
    const lines = brailleLines(values, rows, 1e6);
    expect(lines).toHaveLength(rows);
    for (const line of lines) expect(line).toHaveLength(Math.ceil(values.length / 2));
  });

  test.prop([fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 })])(
    'shows the highest value',
    (values) => {
      const times = values.map((_, index) => index);
      const known = bucketed(times, values, 0, 300, 60).filter((value) => value !== null);
      expect(Math.max(...known)).toBe(Math.max(...values));
    },
  );
});
