import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/{browser,docs,integration}/**'],
          // Files of one worker share their modules: loading the sources for each file would take longer than the tests.
          isolate: false,
          setupFiles: ['test/setup/global-state.ts'],
          // Nothing here waits for anything; properties take their time on a busy machine.
          testTimeout: 60_000,
        },
      },
      {
        // Real processes and sockets: one file at a time, or they would measure each other.
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: ['test/integration/faults/**'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Real nodes that are killed, stopped and cut off.
        test: {
          name: 'faults',
          include: ['test/integration/faults/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        // A real browser and a real cluster: `npm run browser`.
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
