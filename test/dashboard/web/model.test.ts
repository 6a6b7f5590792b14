import { describe, expect, test } from 'vitest';
import type { Summary } from '../../../src/dashboard/view-model/cluster-view.js';
import { freshness } from '../../../src/dashboard/web/model/freshness.js';
import { indexAfterKey } from '../../../src/dashboard/web/model/list-navigation.js';
import { namesOf } from '../../../src/dashboard/web/model/node-names.js';
import { retryDelay } from '../../../src/dashboard/web/model/retry-delay.js';

describe('how old the data is', () => {
  const view = { timestamp: 1_700_000_000_000, monotonic: 50_000, nodes: [] };
  const summary: Summary = {
    nodes: 1,
    connected: 1,
    processes: 0,
    queue: 0,
    messages: 0,
    restarts: 0,
    oldestHeardAt: 49_000,
  };

  test('is measured by the clock of the server for what was there, and by that of the browser since', () => {
    const open = { status: 'open' } as const;
    expect(freshness(open, undefined, view, summary, 1000, 2000)).toEqual({ kind: 'live' });
    expect(freshness(open, undefined, view, summary, 1000, 8000)).toEqual({ kind: 'old', age: 8000 });
  });

  test('goes on when the connection is lost', () => {
    const waiting = { status: 'waiting', retryAt: 15_500 } as const;
    expect(freshness(waiting, undefined, view, summary, 1000, 14_000)).toEqual({
      kind: 'lost',
      age: 14_000,
      retryIn: 2,
    });
    expect(freshness({ status: 'connecting' }, undefined, view, summary, 1000, 2000)).toEqual({
      kind: 'lost',
      age: 2000,
      retryIn: 0,
    });
  });

  test('has the reason when the server itself gets nothing', () => {
    expect(freshness({ status: 'open' }, 'no answer', view, summary, 1000, 8000)).toEqual({
      kind: 'no-data',
      age: 8000,
      problem: 'no answer',
    });
  });

  test('is not live when no node is left', () => {
    const { oldestHeardAt: _, ...none } = { ...summary, nodes: 0, connected: 0 };
    expect(freshness({ status: 'open' }, undefined, view, none, 1000, 2000)).toEqual({
      kind: 'no-data',
      age: undefined,
      problem: 'no node is left',
    });
  });

  test('is absent before there is any', () => {
    expect(freshness({ status: 'connecting' }, undefined, undefined, undefined, 0, 14_000)).toEqual({
      kind: 'starting',
    });
  });
});

describe('keys', () => {
  test('move within the list, by lines, by pages and to its ends', () => {
    expect(indexAfterKey('ArrowDown', -1, 100, 20)).toBe(0);
    expect(indexAfterKey('ArrowUp', 0, 100, 20)).toBe(0);
    expect(indexAfterKey('PageDown', 90, 100, 20)).toBe(99);
    expect(indexAfterKey('PageUp', 50, 100, 20)).toBe(30);
    expect(indexAfterKey('Home', 50, 100, 20)).toBe(0);
    expect(indexAfterKey('End', 50, 100, 20)).toBe(99);
    expect(indexAfterKey('x', 50, 100, 20)).toBeUndefined();
    expect(indexAfterKey('End', -1, 0, 20)).toBeUndefined();
  });
});

test('nodes are called by their names, unless two have the same', () => {
  expect([...namesOf(['a@h:1', 'b@h:1', 'b@h:2']).values()]).toEqual(['a', 'b@h:1', 'b@h:2']);
});

test('a lost connection is tried again soon, then ever more rarely, and not by all at once', () => {
  expect(retryDelay(1, 1)).toBe(500);
  expect(retryDelay(3, 1)).toBe(2000);
  expect(retryDelay(3, 0)).toBe(1000);
  expect(retryDelay(30, 1)).toBe(10_000);
});
