import { beforeEach, describe, expect, test } from 'vitest';
import { boom, counter, gate, recorder } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

describe('stop', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  test('lets what is queued be handled, runs terminate, and resolves when all is done', async () => {
    const { GenServer } = runtime;
    const { log, behavior } = recorder();
    const ref = await GenServer.start(behavior);
    GenServer.cast(ref, '1');
    const reply = GenServer.call(ref, '2');
    await GenServer.stop(ref, 'shutdown');
    expect(log).toEqual(['cast 1', 'call 2', 'terminate shutdown']);
    expect(await reply).toBe('re: 2');
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: 'shutdown', unhandled: 0 }]);
  });

  test('has the reason normal when none is given', async () => {
    const { GenServer } = runtime;
    const { log, behavior } = recorder();
    await GenServer.stop(await GenServer.start(behavior));
    expect(log).toEqual(['terminate normal']);
  });

  test('may have an error for its reason, which is then no crash', async () => {
    const { GenServer } = runtime;
    const { log, behavior } = recorder();
    await GenServer.stop(await GenServer.start(behavior), { error: boom });
    expect(log).toEqual(['terminate crash: boom']);
    expect(runtime.eventsOf('process_crashed')).toEqual([]);
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: { error: { message: 'boom' } } }]);
  });

  test('rejects the callers that came after it', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    const stopped = GenServer.stop(ref);
    await expect(GenServer.call(ref, 'get')).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      processId: ref.id,
    });
    await stopped;
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ unhandled: 1 }]);
  });

  test('waits for a terminate that takes its time, and the name is free when it is through', async () => {
    const { GenServer, Registry } = runtime;
    const door = gate();
    const ref = await GenServer.start({ ...counter, terminate: () => door.opened }, { name: 'slow' });
    let stopped = false;
    const stopping = GenServer.stop(ref).then(() => {
      stopped = true;
    });
    await runtime.settle();
    expect([stopped, GenServer.isRunning(ref), Registry.isRegistered('slow')]).toEqual([false, false, true]);
    door.open();
    await stopping;
    expect(Registry.isRegistered('slow')).toBe(false);
  });

  test('twice is fine, together and one after the other, and terminate runs once', async () => {
    const { GenServer } = runtime;
    const { log, behavior } = recorder();
    const ref = await GenServer.start(behavior);
    await Promise.all([GenServer.stop(ref), GenServer.stop(ref, 'shutdown')]);
    await GenServer.stop(ref);
    expect(log).toEqual(['terminate normal']);
    expect(runtime.eventsOf('process_stopping')).toHaveLength(1);
    expect(runtime.eventsOf('process_exited')).toHaveLength(1);
  });

  test('during init waits for it', async () => {
    const { GenServer } = runtime;
    const door = gate<null>();
    const { log, behavior } = recorder();
    let self = { id: '', life: '' };
    const starting = GenServer.start({
      ...behavior,
      init(ref) {
        self = ref;
        return door.opened;
      },
    });
    const stopping = GenServer.stop(self);
    expect(GenServer.isRunning(self)).toBe(false);
    door.open(null);
    await starting;
    await stopping;
    expect(log).toEqual(['terminate normal']);
  });

  test('resolves when the process crashes on its way there', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter);
    GenServer.cast(ref, 'boom');
    await GenServer.stop(ref);
    expect(runtime.eventsOf('process_exited')).toMatchObject([
      { reason: { error: { message: 'boom' } }, unhandled: 0 },
    ]);
  });

  test.each([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
  ])('resolves when terminate %s, which is then the reason', async (_how, terminate) => {
    const { GenServer } = runtime;
    await GenServer.stop(await GenServer.start({ ...counter, terminate }));
    expect(runtime.eventsOf('process_crashed')).toMatchObject([{ error: { message: 'boom' } }]);
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: { error: { message: 'boom' } } }]);
  });
});
