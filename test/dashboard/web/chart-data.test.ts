import { describe, expect, test } from 'vitest';
import type { History } from '../../../src/dashboard/view-model/chart-history.js';
import { chartData, linesOf, MAX_LINES } from '../../../src/dashboard/web/model/chart-data.js';

const names = (count: number): ReadonlyMap<string, string> =>
  new Map(Array.from({ length: count }, (_, index) => [`n${index}@h:1`, `n${index}`]));

describe('the data of a chart', () => {
  test('has a line for each node, and one for those that are too many', () => {
    expect(linesOf(names(3)).map(({ label }) => label)).toEqual(['n0', 'n1', 'n2']);
    const many = linesOf(names(20));
    expect(many).toHaveLength(MAX_LINES);
    expect(many.at(-1)?.label).toBe('9 others');
    expect(new Set(many.flatMap(({ nodeIds }) => nodeIds)).size).toBe(20);
  });

  test('has a gap where nothing was recorded', () => {
    const history: History = {
      times: [2000, 4000, 60_000],
      clockMs: 0,
      nodes: { a: [{ rate: 1 }, null, { rate: 3 }] },
    };
    expect(chartData(history, [{ label: 'a', nodeIds: ['a'] }], 'rate')).toEqual({
      times: [2, 4, 6, 60],
      values: [[1, null, null, 3]],
    });
  });

  test('adds up several nodes, but shows the slowest of several event loops', () => {
    const history: History = {
      times: [2000, 4000],
      clockMs: 0,
      nodes: { a: [{ rate: 1, loopDelayP99: 9 }, null], b: [{ rate: 2, loopDelayP99: 4 }, { rate: 5 }] },
    };
    const lines = [{ label: 'both', nodeIds: ['a', 'b'] }];
    expect(chartData(history, lines, 'rate').values).toEqual([[3, 5]]);
    expect(chartData(history, lines, 'loopDelayP99').values).toEqual([[9, null]]);
  });
});
