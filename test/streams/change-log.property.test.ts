import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ChangeLog } from '../../streams/change-log.js';

const batches = fc.array(fc.uniqueArray(fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5', 'p6'), { minLength: 1 }), {
  maxLength: 200,
});

function logOf(changes: readonly (readonly string[])[], rowCount = 6): ChangeLog {
  return changes.reduce((log, ids, at) => log.append(at + 1, ids, rowCount), ChangeLog.from(0));
}

describe('a change log', () => {
  test.prop([batches, fc.nat()])('has every row that changed since a version', (changes, pick) => {
    const version = pick % (changes.length + 1);
    const ids = logOf(changes).since(version);
    for (const id of changes.slice(version).flat()) expect(ids).toContain(id);
  });

  test.prop([batches])('has nothing for a reader that is up to date', (changes) => {
    expect(logOf(changes).since(changes.length)).toEqual(new Set());
  });

  test.prop([fc.integer({ min: 1, max: 500 }), fc.nat()])(
    'has no more than about twice what was missed',
    (count, pick) => {
      const version = pick % (count + 1);
      const log = logOf(
        Array.from({ length: count }, (_, at) => [`p${at}`]),
        count,
      );
      const missed = count - version;
      expect(log.since(version)?.size).toBeLessThanOrEqual(2 * missed + 1);
    },
  );

  test.prop([batches])('has rows in the order of their first change, when asked for all', (changes) => {
    expect([...(logOf(changes).since(0) ?? [])]).toEqual([...new Set(changes.flat())]);
  });

  test('forgets what is so much that the full state is cheaper, and knows its oldest version', () => {
    const thousand = (batch: number): string[] => Array.from({ length: 1000 }, (_, at) => `p${batch}-${at}`);
    const log = logOf(
      Array.from({ length: 20 }, (_, batch) => thousand(batch)),
      1000,
    );
    expect(log.floor).toBeGreaterThan(0);
    expect(log.since(0)).toBeUndefined();
    expect(log.since(log.floor - 1)).toBeUndefined();
    expect(log.since(log.floor)?.size).toBeLessThanOrEqual(4096);
    expect(log.since(19)?.size).toBe(1000);
  });
});
