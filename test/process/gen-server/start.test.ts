import { beforeEach, describe, expect, test } from 'vitest';
import type { GenServerRef } from '../../../src/process/process-refs.js';
import { boom, counter, gate, recorder } from '../../helpers/servers.js';
import { createTestRuntime, type TestRuntime } from '../../helpers/test-runtime.js';

describe('start', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  test('gives each process an id of its own, and runs init at once', async () => {
    const { GenServer } = runtime;
    const log: string[] = [];
    const behavior = {
      ...counter,
      init: () => {
        log.push('init');
        return 0;
      },
    };
    const starting = [GenServer.start(behavior), GenServer.start(behavior)];
    expect(log).toEqual(['init', 'init']);
    const [a, b] = await Promise.all(starting);
    expect(a?.id).not.toBe(b?.id);
    expect(JSON.parse(JSON.stringify(a))).toEqual({ id: a?.id, life: a?.life });
  });

  test('hands init the ref of the process itself', async () => {
    const { GenServer } = runtime;
    let self: GenServerRef | undefined;
    const ref = await GenServer.start({
      ...counter,
      init(given) {
        self = given;
        return 0;
      },
    });
    expect(self).toEqual(ref);
  });

  test('waits for an async init', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start({ ...counter, init: () => Promise.resolve(5) });
    expect(await GenServer.call(ref, 'get')).toBe(5);
  });

  test.each([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
  ])('is rejected when init %s, and the name is free again', async (_how, init) => {
    const { GenServer, Registry, Observer } = runtime;
    const starting = GenServer.start({ ...counter, init }, { name: 'n' });
    await expect(starting).rejects.toMatchObject({
      name: 'InitializationError',
      code: 'NOEX_INITIALIZATION',
      message: expect.stringContaining('boom'),
      cause: boom,
    });
    expect(Registry.count()).toBe(0);
    expect(Observer.getProcessCount()).toBe(0);
    expect(runtime.eventsOf('process_started')).toEqual([]);
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: { error: { message: 'boom' } } }]);
  });

  test('rejects those who called during an init that failed', async () => {
    const { GenServer } = runtime;
    const door = gate<number>();
    let self: GenServerRef = { id: '', life: '' };
    const starting = GenServer.start({
      ...counter,
      init(ref) {
        self = ref;
        return door.opened;
      },
    });
    const failed = expect(starting).rejects.toThrow('boom');
    const called = expect(GenServer.call(self, 'get')).rejects.toMatchObject({
      name: 'ServerNotRunningError',
      cause: boom,
    });
    door.fail(boom);
    await Promise.all([failed, called]);
  });

  test('is rejected when init takes longer than initTimeout, and the late state is passed to terminate', async () => {
    const { GenServer, clock } = runtime;
    const door = gate<null>();
    const { log, behavior } = recorder();
    const starting = GenServer.start({ ...behavior, init: () => door.opened }, { initTimeout: 200, name: 'n' });
    const failed = expect(starting).rejects.toMatchObject({
      name: 'InitializationError',
      message: expect.stringContaining('longer than initTimeout (200 ms)'),
    });
    await runtime.advance(199);
    expect(runtime.eventsOf('process_exited')).toEqual([]);
    await runtime.advance(1);
    await failed;
    door.open(null);
    await runtime.settle();
    expect(runtime.eventsOf('process_started')).toEqual([]);
    expect(log).toEqual(['terminate crash: init took longer than initTimeout (200 ms)']);
    expect(clock.pending).toBe(0);
    await GenServer.start(counter, { name: 'n' });
  });

  test('gives init 5000 ms by default', async () => {
    const { GenServer } = runtime;
    let error: unknown;
    GenServer.start({ ...counter, init: () => new Promise<number>(() => {}) }).catch((thrown: unknown) => {
      error = thrown;
    });
    await runtime.advance(4999);
    expect(error).toBeUndefined();
    await runtime.advance(1);
    expect(error).toMatchObject({ name: 'InitializationError' });
  });

  test('leaves no timer when init is through, or has failed', async () => {
    const { GenServer, clock } = runtime;
    await GenServer.start({ ...counter, init: () => Promise.resolve(0) });
    await GenServer.start({ ...counter, init: () => Promise.reject(boom) }).catch(() => {});
    expect(clock.pending).toBe(0);
  });

  test('is rejected when the name is taken, before anything has happened', async () => {
    const { GenServer } = runtime;
    const ref = await GenServer.start(counter, { name: 'n' });
    const before = runtime.events.length;
    let initialized = false;
    const second = GenServer.start(
      {
        ...counter,
        init() {
          initialized = true;
          return 0;
        },
      },
      { name: 'n' },
    );
    await expect(second).rejects.toMatchObject({
      name: 'AlreadyRegisteredError',
      code: 'NOEX_ALREADY_REGISTERED',
      registeredName: 'n',
      processId: ref.id,
    });
    expect(initialized).toBe(false);
    expect(runtime.events).toHaveLength(before);
  });

  test('knows the process by its name from its init on', async () => {
    const { GenServer, Registry } = runtime;
    let found: string | undefined;
    const ref = await GenServer.start(
      {
        ...counter,
        init() {
          found = Registry.whereis('n')?.id;
          return 0;
        },
      },
      { name: 'n' },
    );
    expect(found).toBe(ref.id);
  });
});
