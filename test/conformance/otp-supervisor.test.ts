import { describe, expect, test } from 'vitest';
import { recordedScenarios, replay } from './otp-supervisor/scenario.js';

describe("a supervisor does what OTP's does", () => {
  test.each(recordedScenarios())('scenario $n: $strategy, autoShutdown $autoShutdown', async (scenario) => {
    expect(await replay(scenario)).toEqual(scenario.expected);
  });
});
