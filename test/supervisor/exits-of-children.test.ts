import { expect, test } from 'vitest';
import { createSupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

test('the exits of its own children are no unhandled messages of a supervisor that stops', async () => {
  const runtime = createTestRuntime();
  const fixture = createSupervisorFixture(runtime);
  const sup = await runtime.Supervisor.start({ children: [fixture.worker('a'), fixture.worker('b')] });
  await runtime.Supervisor.stop(sup);
  expect(runtime.eventsOf('process_exited').map(({ unhandled }) => unhandled)).toEqual([0, 0, 0]);
});
