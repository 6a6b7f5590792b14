import { TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';

/** Runs a marble test: virtual time, and diagrams compared as data. */
export function marbles(run: Parameters<TestScheduler['run']>[0]): void {
  new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  }).run(run);
}
