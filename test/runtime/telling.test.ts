import { beforeEach, describe, expect, test } from 'vitest';
import { Telling } from '../../src/runtime/telling.js';
import type { EventBatch } from '../../streams/local-model.js';

describe('telling', () => {
  let dirty = 0;
  let facts = 0;
  let folds: EventBatch[] = [];
  /** What hearing of a fact makes happen. */
  let onReport = (): void => undefined;
  let telling: Telling;

  beforeEach(() => {
    dirty = 0;
    facts = 0;
    folds = [];
    onReport = () => undefined;
    telling = new Telling({
      dirtyCount: () => dirty,
      report(most) {
        const count = Math.min(most, dirty);
        dirty -= count;
        facts += count;
        onReport();
      },
      factCount: () => facts,
      fold: (portion) => folds.push(portion),
    });
  });

  /** How many portions it takes, with what happens between them. */
  const portions = (meanwhile = (): void => undefined): number => {
    telling.begin();
    let count = 1;
    for (; !telling.portion(); count += 1) meanwhile();
    return count;
  };

  const folded = (): number => folds.reduce((sum, { events }) => sum + events, 0);
  const shown = (): number => folds.filter(({ isLast }) => isLast).length;

  test('tells little in one portion', () => {
    dirty = 300;
    facts = 150;
    expect(telling.isPending()).toBe(true);
    expect(portions()).toBe(1);
    expect(folds).toEqual([{ events: 450, isLast: true }]);
    expect(telling.isPending()).toBe(false);
  });

  test('tells of 10,000 processes in portions of 500, shown once', () => {
    dirty = 10_000;
    expect(portions()).toBe(20);
    expect(folds).toEqual(Array.from({ length: 20 }, (_, at) => ({ events: 500, isLast: at === 19 })));
    expect(telling.isPending()).toBe(false);
  });

  test('folds a heap of facts in portions of a sixteenth, and of 500 at least, shown once', () => {
    facts = 20_000;
    portions();
    expect(folds[0]).toEqual({ events: 1250, isLast: false });
    expect(Math.min(...folds.slice(0, -1).map(({ events }) => events))).toBe(500);
    expect([folded(), shown()]).toEqual([20_000, 1]);
  });

  test('leaves what happens meanwhile for later', () => {
    dirty = 1000;
    expect(
      portions(() => {
        dirty += 700;
        facts += 30;
      }),
    ).toBe(3);
    // What is emitted before the last process has told comes before its fact, and is folded with it.
    expect([folded(), dirty]).toEqual([1030, 1400]);
    expect(telling.isPending()).toBe(true);
  });

  test('does not let facts pile up that come faster than a portion folds them', () => {
    facts = 500;
    let most = 0;
    for (let flush = 0; flush < 50; flush += 1) {
      portions(() => {
        facts += 2000;
        most = Math.max(most, facts - folded());
      });
      facts += 2000;
    }
    expect(most).toBeLessThanOrEqual(16 * 2000 + 2000);
  });

  test('begun anew, covers what has happened since', () => {
    dirty = 1000;
    telling.begin();
    expect(telling.portion()).toBe(false);
    dirty += 200;
    expect(portions()).toBe(2);
    expect([folded(), shown(), dirty]).toEqual([1200, 1, 0]);
  });

  test('tells all at once to whoever reads, also in the middle of portions', () => {
    dirty = 1400;
    telling.begin();
    telling.portion();
    facts += 7;
    telling.flush();
    expect(folds).toEqual([
      { events: 500, isLast: false },
      { events: 907, isLast: true },
    ]);
    expect(telling.isPending()).toBe(false);
    expect(telling.portion()).toBe(true);
    expect(folded()).toBe(1407);
  });

  test('tells all to one who reads as soon as it hears of the first', () => {
    dirty = 1400;
    onReport = () => {
      onReport = () => undefined;
      telling.flush();
    };
    expect(portions()).toBe(1);
    expect([folded(), dirty]).toEqual([1400, 0]);
  });
});
