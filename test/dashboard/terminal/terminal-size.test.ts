import { describe, expect, test } from 'vitest';
import { sizeOf } from '../../../src/dashboard/terminal/terminal-size.js';

describe('the size of a terminal', () => {
  test('is what it says, whatever the environment does', () => {
    expect(sizeOf({ columns: 100, rows: 30 }, { COLUMNS: '70', LINES: '20' })).toEqual({ columns: 100, rows: 30 });
  });

  test.each([{ columns: 0, rows: 0 }, {}])('is that of the environment when it does not know its own: %j', (said) => {
    expect(sizeOf(said, { COLUMNS: '70', LINES: '20' })).toEqual({ columns: 70, rows: 20 });
  });

  test.each([{}, { COLUMNS: '0', LINES: '' }, { COLUMNS: 'wide', LINES: '-3' }, { COLUMNS: '1e9', LINES: '99999' }])(
    'is 80 x 24 when neither knows: %j',
    (env) => {
      expect(sizeOf({ columns: 0, rows: 0 }, env)).toEqual({ columns: 80, rows: 24 });
    },
  );

  test('may be known by half', () => {
    expect(sizeOf({ columns: 120, rows: 0 }, {})).toEqual({ columns: 120, rows: 24 });
  });
});
