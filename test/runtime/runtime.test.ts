import { describe, expect, test, vi } from 'vitest';
import { SimulatedClock } from '../../src/clock.js';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import { turn } from '../helpers/event-loop.js';
import { counter, never } from '../helpers/servers.js';
import { createSupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

describe('two runtimes', () => {
  test('never meet: neither by name, nor in what they observe, nor by ending', async () => {
    const [a, b] = [createTestRuntime(), createTestRuntime()];
    const inA = await a.GenServer.start(counter, { name: 'same' });
    expect(b.Registry.isRegistered('same')).toBe(false);
    expect(b.Observer.getProcessCount()).toBe(0);
    const inB = await b.GenServer.start(counter, { name: 'same' });
    a.GenServer.cast(inA, 'inc');
    expect(await b.GenServer.call(inB, 'get')).toBe(0);
    await b.shutdown();
    expect(a.GenServer.isRunning(inA)).toBe(true);
    expect(b.events.some(({ type }) => type === 'messages_handled')).toBe(true);
    expect(a.eventsOf('process_exited')).toEqual([]);
  });
});

describe('shutdown', () => {
  test('stops everything, the last started first, and leaves neither process nor name nor timer', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor, Registry, Observer, clock } = runtime;
    const fixture = createSupervisorFixture(runtime);
    const reasons: string[] = [];
    const noting = (name: string) => ({
      ...counter,
      terminate: (reason: unknown) => void reasons.push(`${name} ${reason}`),
    });
    const first = await GenServer.start(noting('first'), { name: 'first' });
    await Supervisor.start({ children: [fixture.worker('a'), fixture.worker('b')] });
    await GenServer.start(noting('last'));
    GenServer.sendAfter(first, 'inc', 1000);
    await runtime.shutdown();
    expect(reasons).toEqual(['last shutdown', 'first shutdown']);
    expect(fixture.newEntries()).toEqual(['+a', '+b', '-b shutdown', '-a shutdown']);
    expect(Observer.getProcessCount()).toBe(0);
    expect(Registry.count()).toBe(0);
    expect(clock.pending).toBe(0);
    await runtime.shutdown();
  });

  test('kills what has not stopped after its timeout of 10 s, and rejects the callers', async () => {
    const runtime = createTestRuntime();
    const { GenServer, clock } = runtime;
    const ref = await GenServer.start({ ...counter, terminate: () => never });
    const stopping = runtime.shutdown();
    await runtime.settle();
    const called = expect(GenServer.call(ref, 'get', { timeout: Number.POSITIVE_INFINITY })).rejects.toMatchObject({
      name: 'ServerNotRunningError',
    });
    await runtime.advance(9999);
    expect(runtime.eventsOf('process_exited')).toEqual([]);
    await runtime.advance(1);
    await stopping;
    await called;
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: 'killed' }]);
    expect(clock.pending).toBe(0);
  });

  test('ends the polls of the Observer', async () => {
    const { Observer, shutdown, advance, clock } = createTestRuntime();
    const polled = vi.fn();
    Observer.startPolling(100, polled);
    await advance(100);
    await shutdown();
    await advance(1000);
    expect(polled).toHaveBeenCalledTimes(2);
    expect(clock.pending).toBe(0);
  });

  test('is over sooner for a further call with a shorter timeout', async () => {
    const runtime = createTestRuntime();
    const { GenServer, clock } = runtime;
    await GenServer.start({ ...counter, terminate: () => never });
    const first = runtime.shutdown({ timeout: Number.POSITIVE_INFINITY });
    await runtime.settle();
    const second = runtime.shutdown({ timeout: 100 });
    await runtime.advance(99);
    expect(runtime.eventsOf('process_exited')).toEqual([]);
    await runtime.advance(1);
    await Promise.all([first, second]);
    expect(runtime.eventsOf('stop_timed_out')).toMatchObject([{ timeoutMs: 100 }]);
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: 'killed' }]);
    expect(clock.pending).toBe(0);
    await expect(GenServer.start(counter)).rejects.toMatchObject({ name: 'RuntimeShutdownError' });
  });

  test('ends a server whose init hangs; its start is rejected', async () => {
    const runtime = createTestRuntime();
    const starting = expect(
      runtime.GenServer.start({ ...counter, init: () => never }, { initTimeout: Number.POSITIVE_INFINITY }),
    ).rejects.toMatchObject({ name: 'InitializationError', message: expect.stringContaining('killed during init') });
    const stopping = runtime.shutdown();
    await runtime.advance(10_000);
    await Promise.all([starting, stopping]);
    expect(runtime.Observer.getProcessCount()).toBe(0);
  });

  test('takes one time-out, whatever hangs: roots, a start that never settles, a thousand dynamic children', async () => {
    const runtime = createTestRuntime();
    const { GenServer, Supervisor, clock } = runtime;
    const hung = { ...counter, terminate: () => never };
    for (let i = 0; i < 20; i += 1) await GenServer.start(hung);
    for (let i = 0; i < 180; i += 1) await GenServer.start(counter);
    const starting = expect(
      Supervisor.start({ children: [{ id: 'stuck', start: () => never }] }),
    ).rejects.toMatchObject({ name: 'InitializationError' });
    const dynamic = await Supervisor.start({
      strategy: 'simple_one_for_one',
      childTemplate: { shutdownTimeout: 2000, start: () => GenServer.start(hung) },
    });
    for (let i = 0; i < 1000; i += 1) await Supervisor.startChild(dynamic, []);
    expect(runtime.Observer.getProcessCount()).toBe(1202);
    const begun = clock.monotonic();
    const stopping = runtime.shutdown({ timeout: 3000 });
    await runtime.advance(1999);
    expect(runtime.Observer.getProcessCount()).toBe(1021);
    await runtime.advance(1);
    expect(runtime.Observer.getProcessCount()).toBe(20);
    await runtime.advance(1000);
    await Promise.all([stopping, starting]);
    expect(clock.monotonic() - begun).toBe(3000);
    expect(runtime.Observer.getProcessCount()).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('also stops what is started meanwhile, and kills what keeps on starting', async () => {
    const runtime = createTestRuntime();
    const { GenServer } = runtime;
    let starts = 0;
    const once = { ...counter, terminate: () => GenServer.start(counter).then(() => {}) };
    await GenServer.start(once);
    await runtime.shutdown();
    expect(runtime.eventsOf('process_exited')).toMatchObject([{ reason: 'shutdown' }, { reason: 'shutdown' }]);
    await expect(GenServer.start(counter)).rejects.toMatchObject({ code: 'NOEX_RUNTIME_SHUTDOWN' });

    const endless = createRuntime();
    await endless.GenServer.start({ ...counter, terminate: () => endless.GenServer.start(again()).then(() => {}) });
    function again(): GenServerBehavior<number> {
      starts += 1;
      return { ...counter, terminate: () => endless.GenServer.start(again()).then(() => {}) };
    }
    await endless.shutdown({ timeout: 50 });
    expect(endless.Observer.getProcessCount()).toBe(0);
    expect(starts).toBeGreaterThan(1);
  });

  test('refuses every start afterwards with a named error', async () => {
    const { GenServer, Supervisor, Cluster, shutdown } = createRuntime();
    const ended = shutdown();
    expect(await Promise.all([ended, shutdown()])).toEqual([undefined, undefined]);
    const refused = { name: 'RuntimeShutdownError', code: 'NOEX_RUNTIME_SHUTDOWN' };
    await expect(GenServer.start(counter)).rejects.toMatchObject(refused);
    await expect(Supervisor.start()).rejects.toMatchObject(refused);
    await expect(Cluster.start({ nodeName: 'a', port: 1 })).rejects.toMatchObject(refused);
  });

  test.each([-1, Number.NaN, '5'])('takes no time-out of %o', async (timeout) => {
    const { shutdown } = createRuntime();
    await expect(shutdown({ timeout: JSON.parse(JSON.stringify(timeout)) })).rejects.toMatchObject({
      name: 'InvalidArgumentError',
      field: 'timeout',
    });
    await shutdown();
  });
});

describe('onError', () => {
  test('that throws affects no other listener, and the runtime goes on', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const { GenServer } = createRuntime({
      clock: new SimulatedClock(),
      onError(error) {
        throw error;
      },
    });
    const heard: string[] = [];
    GenServer.onLifecycleEvent(() => {
      throw new Error('worse and worse');
    });
    GenServer.onLifecycleEvent(({ type }) => heard.push(type));
    const ref = await GenServer.start(counter);
    GenServer.cast(ref, 'inc');
    expect(await GenServer.call(ref, 'get')).toBe(1);
    await GenServer.stop(ref);
    expect(heard).toEqual(['started', 'terminated']);
    expect(warned.mock.calls).toMatchObject([[{ message: 'worse and worse' }], [{ message: 'worse and worse' }]]);
    warned.mockRestore();
  });

  test.each([
    ['throws', (): void => fail('of onError')],
    ['rejects', async (): Promise<void> => fail('of onError')],
  ])(
    'that %s loses no error: its own is a warning, and the one it was given goes to the reporter',
    async (_how, onError) => {
      const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
      const reported: string[] = [];
      const report = (_fields: object, text: string): void => void reported.push(text);
      const { GenServer } = createRuntime({ onError, reporter: { error: report, warn: report } });
      GenServer.onLifecycleEvent(() => fail('of a listener'));
      await GenServer.start(counter);
      await turn();
      expect(reported).toEqual(['Error: of a listener']);
      expect(warned.mock.calls).toMatchObject([[{ message: 'of onError' }]]);
      warned.mockRestore();
    },
  );
});

function fail(message: string): never {
  throw new Error(message);
}
