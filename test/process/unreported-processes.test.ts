import { expect, test } from 'vitest';
import { type Reportable, UnreportedProcesses } from '../../src/process/unreported-processes.js';

test('a queue of reports lets those report first that have waited longest, and at most as many as it is asked for', () => {
  const reported: number[] = [];
  const queue = new UnreportedProcesses();
  const processes: readonly Reportable[] = [0, 1, 2, 3].map((at) => ({
    nextToReport: undefined,
    report: () => reported.push(at),
  }));
  for (const process of processes) queue.add(process);
  queue.report(3);
  expect(reported).toEqual([0, 1, 2]);
  expect(queue.size).toBe(1);
  for (const process of processes.slice(0, 2)) queue.add(process);
  queue.report(9);
  expect(reported).toEqual([0, 1, 2, 3, 0, 1]);
  expect(queue.size).toBe(0);
  queue.report(1);
  expect(reported).toHaveLength(6);
});

test('a process that has counts again while it reports is added to the end', () => {
  const queue = new UnreportedProcesses();
  const reported: string[] = [];
  const other: Reportable = { nextToReport: undefined, report: () => reported.push('other') };
  const busy: Reportable = {
    nextToReport: undefined,
    report() {
      reported.push('busy');
      if (reported.length < 3) queue.add(busy);
    },
  };
  queue.add(busy);
  queue.add(other);
  queue.report(9);
  expect(reported).toEqual(['busy', 'other', 'busy']);
});
