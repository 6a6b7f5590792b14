import { fc } from '@fast-check/vitest';

/** Runs what one input makes a node do in one go, and notes how long it took. `again`: it may be run more often. */
export type Measure = <Result>(input: string, run: () => Result, again?: boolean) => Result;

/** Something that is fed by strangers. */
export interface Target {
  readonly name: string;
  /** How many of a hundred cases are its. */
  readonly share: number;
  /** Resolves with how its cases went; `measure` runs each step that is done in one go. */
  run(cases: Cases, measure: Measure): Promise<void>;
}

export interface Cases {
  /** As many as are to be run, with what came of a defect as a rejection that names seed and smallest input. */
  each<Input>(input: fc.Arbitrary<Input>, check: (input: Input) => Promise<void> | void): Promise<void>;
}

export function cases(seed: number, numRuns: number): Cases {
  return {
    each: (input, check) =>
      fc.assert(
        fc.asyncProperty(input, async (value) => {
          await check(value);
        }),
        { seed, numRuns, endOnFailure: false },
      ),
  };
}
