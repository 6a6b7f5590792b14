import { defineConfig } from 'vitest/config';

/** Real processes, sockets and browsers: one file at a time, or they would measure each other. */
const oneAtATime = { fileParallelism: false, hookTimeout: 60_000 };
const globalSetup = ['test/setup/build.ts'];

/** `npm test` runs all projects, group after group; `npm test -- process` the files with that word in their paths. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/{browser,checks,integration}/**'],
          // Files of one worker share their modules: loading the sources for each file would take longer than the tests.
          isolate: false,
          setupFiles: ['test/setup/global-state.ts'],
          // Nothing here waits for anything; properties take their time on a busy machine.
          testTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // The sources, the documentation and the package as they would be published.
        test: {
          name: 'checks',
          include: ['test/checks/**/*.test.ts'],
          globalSetup,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...oneAtATime,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: ['test/integration/faults/**'],
          globalSetup: [...globalSetup, 'test/setup/nats-server.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Real nodes that are killed, stopped and cut off.
        test: {
          ...oneAtATime,
          name: 'faults',
          include: ['test/integration/faults/**/*.test.ts'],
          globalSetup,
          testTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        // A real browser and a real cluster.
        test: {
          ...oneAtATime,
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: [...globalSetup, 'test/setup/browser.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
