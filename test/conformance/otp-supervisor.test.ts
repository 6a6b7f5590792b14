import { describe, expect, test } from 'vitest';
import { recordedScenarios, replay } from './otp-supervisor/scenario.js';
import { inOneOrder, recordedTrees, replayTree } from './otp-supervisor/tree-scenario.js';

describe("a supervisor does what OTP's does", () => {
  test.each(recordedScenarios())('scenario $n: $strategy, autoShutdown $autoShutdown', async (scenario) => {
    expect(await replay(scenario)).toEqual(scenario.expected);
  });

  test.each(recordedTrees())('scenario $n of kind $kind', async (scenario) => {
    const { expected } = scenario;
    expect(inOneOrder(scenario, await replayTree(scenario))).toEqual(inOneOrder(scenario, expected));
  });
});
