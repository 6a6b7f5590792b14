import { beforeEach, describe, expect, test } from 'vitest';
import type { LifecycleEvent } from '../../../src/process/gen-server.js';
import { boom, counter } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

describe('lifecycle events', () => {
  let runtime: TestRuntime = createTestRuntime();
  let servers: LifecycleEvent[] = [];
  let supervisors: LifecycleEvent[] = [];

  beforeEach(() => {
    runtime = createTestRuntime();
    servers = [];
    supervisors = [];
    runtime.GenServer.onLifecycleEvent((event) => servers.push(event));
    runtime.Supervisor.onLifecycleEvent((event) => {
      supervisors.push({ ...event, ref: { id: event.ref.id } } as LifecycleEvent);
    });
  });

  test('have the start and the end of a server, and of no supervisor', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    await GenServer.stop(ref, 'shutdown');
    expect(servers).toEqual([
      { type: 'started', ref },
      { type: 'terminated', ref, reason: 'shutdown' },
    ]);
    expect(supervisors).toEqual([]);
  });

  test('have a crash before the end, with the error as plain data', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    GenServer.cast(ref, 'boom');
    await runtime.settle();
    const error = { name: 'Error', message: 'boom', stack: boom.stack };
    expect(servers.slice(1)).toEqual([
      { type: 'crashed', ref, error },
      { type: 'terminated', ref, reason: { error } },
    ]);
  });

  test('say which process replaced which, and how often by now', async () => {
    const { GenServer, Supervisor } = runtime;
    const sup = await Supervisor.start({ children: [{ id: 'a', start: () => GenServer.start(counter) }] });
    const ids: string[] = [];
    for (let i = 0; i < 3; i += 1) {
      const id = Supervisor.getChild(sup, 'a')?.ref?.id ?? '';
      ids.push(id);
      if (i < 2) GenServer.cast(runtime.refOf(id), 'boom');
      await runtime.settle();
    }
    expect(servers.filter(({ type }) => type === 'restarted')).toEqual([
      { type: 'restarted', ref: runtime.refOf(ids[1] ?? ''), oldRef: runtime.refOf(ids[0] ?? ''), attempt: 1 },
      { type: 'restarted', ref: runtime.refOf(ids[2] ?? ''), oldRef: runtime.refOf(ids[1] ?? ''), attempt: 2 },
    ]);
    // A restart is the work of a supervisor, whatever it restarts.
    expect(supervisors).toMatchObject([
      { type: 'started', ref: { id: sup.id } },
      { type: 'restarted', ref: { id: ids[1] }, oldRef: { id: ids[0] }, attempt: 1 },
      { type: 'restarted', ref: { id: ids[2] }, oldRef: { id: ids[1] }, attempt: 2 },
    ]);
  });

  test('have a restart even when the new process has crashed already', async () => {
    const { GenServer, Supervisor } = runtime;
    let starts = 0;
    await Supervisor.start({
      children: [
        {
          id: 'a',
          start: () =>
            GenServer.start({
              ...counter,
              init(self) {
                starts += 1;
                if (starts < 3) GenServer.cast(self, 'boom');
                return 0;
              },
            }),
        },
      ],
    });
    await runtime.settle();
    expect(servers.filter(({ type }) => type === 'restarted')).toHaveLength(2);
  });

  test('of supervisors have their restarts too', async () => {
    const { GenServer, Supervisor } = runtime;
    await Supervisor.start({
      children: [
        {
          id: 'inner',
          start: () =>
            Supervisor.start({
              restartIntensity: { maxRestarts: 0, withinMs: 1000 },
              children: [{ id: 'worker', start: () => GenServer.start(counter, { name: 'worker' }) }],
            }),
        },
      ],
    });
    GenServer.cast(runtime.Registry.lookup('worker'), 'boom');
    await runtime.settle();
    expect(supervisors.map(({ type }) => type)).toEqual([
      'started',
      'started',
      'crashed',
      'terminated',
      'started',
      'restarted',
    ]);
  });

  test('do not reach a listener that has unsubscribed', async () => {
    const { GenServer } = runtime;
    let heard = 0;
    const leave = GenServer.onLifecycleEvent(() => {
      heard += 1;
    });
    leave();
    leave();
    await GenServer.start(counter);
    expect(heard).toBe(0);
    expect(servers).toHaveLength(1);
  });

  test('reach the others when one listener throws, which is reported', async () => {
    const { GenServer } = runtime;
    const oops = new Error('oops');
    GenServer.onLifecycleEvent(() => {
      throw oops;
    });
    let heard = 0;
    GenServer.onLifecycleEvent(() => {
      heard += 1;
    });
    await GenServer.start(counter);
    expect(heard).toBe(1);
    expect(runtime.errors).toEqual([oops]);
  });

  test('let a listener act at once on the process it hears of', async () => {
    const { GenServer, Supervisor } = runtime;
    const counts: number[] = [];
    Supervisor.onLifecycleEvent(({ type, ref }) => {
      if (type === 'started') counts.push(Supervisor.countChildren(ref));
    });
    await Supervisor.start({ children: [{ id: 'a', start: () => GenServer.start(counter) }] });
    expect(runtime.errors).toEqual([]);
    expect(counts).toEqual([1]);
  });
});
