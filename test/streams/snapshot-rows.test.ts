import { describe, expect, test } from 'vitest';
import { ServerRow, SupervisorRow } from '../../streams/snapshot-rows.js';

describe('a row', () => {
  let now = 1000;
  const start = { startedAt: 1_700_000_000_000, startedMonotonic: 400.4 };
  const row = new ServerRow({ id: 'p1', status: 'running', queueSize: 0, messageCount: 3, ...start }, () => now);

  test('computes its uptime when it is read', () => {
    now = 1000;
    expect(row.uptimeMs).toBe(600);
    now = 1500;
    expect(row.uptimeMs).toBe(1100);
  });

  test('is no younger than nothing, where the clock of a node is known only roughly', () => {
    now = 100;
    expect(row.uptimeMs).toBe(0);
  });

  test('is whole as JSON, without what it does not have', () => {
    now = 1000;
    expect(JSON.parse(JSON.stringify(row))).toEqual({
      id: 'p1',
      status: 'running',
      queueSize: 0,
      messageCount: 3,
      startedAt: 1_700_000_000_000,
      startedMonotonic: 400,
      uptimeMs: 600,
    });
  });

  test('of a supervisor has name, parent and child id where there are any', () => {
    const fields = {
      id: 's',
      name: 'top',
      parentId: 'p',
      childId: 'c',
      startedAt: 0,
      startedMonotonic: 0,
      childCount: 2,
      totalRestarts: 1,
    };
    const supervisor = new SupervisorRow({ ...fields, strategy: 'one_for_all' }, () => 7);
    expect(JSON.parse(JSON.stringify(supervisor))).toEqual({ ...fields, strategy: 'one_for_all', uptimeMs: 7 });
  });
});
