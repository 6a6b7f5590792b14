import { expect, test } from 'vitest';
import { counter } from '../helpers/servers.js';
import { alive, createSupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

test('a child that crashes between its init and its adoption is restarted; it was no failed start', async () => {
  const runtime = createTestRuntime();
  const { GenServer, Supervisor } = runtime;
  const fixture = createSupervisorFixture(runtime);
  let starts = 0;
  const sup = await Supervisor.start({
    children: [
      {
        id: 'hasty',
        start: () =>
          GenServer.start({
            ...counter,
            init(self) {
              starts += 1;
              if (starts === 1) GenServer.cast(self, 'boom');
              return 0;
            },
          }),
      },
      fixture.worker('after'),
    ],
  });
  await runtime.settle();
  expect(starts).toBe(2);
  expect(alive(runtime, sup)).toEqual(['hasty', 'after']);
  expect(runtime.Observer.getSupervisorStats()).toMatchObject([{ childCount: 2, totalRestarts: 1 }]);
});

test('a transient child that finishes between its init and its adoption has finished', async () => {
  const runtime = createTestRuntime();
  const { GenServer, Supervisor } = runtime;
  const sup = await Supervisor.start({
    children: [
      {
        id: 'quick',
        restart: 'transient',
        start: async () => {
          const ref = await GenServer.start(counter);
          await GenServer.stop(ref);
          return ref;
        },
      },
    ],
  });
  await runtime.settle();
  expect(Supervisor.getChild(sup, 'quick')).toMatchObject({ ref: undefined, restartCount: 0 });
  expect(runtime.eventsOf('process_exited')).toHaveLength(1);
});
