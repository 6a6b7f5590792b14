import { pino } from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Reporter } from '../../src/runtime/reporter.js';
import { createReporting } from '../../src/runtime/reporter-setup.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import { eventually } from '../helpers/eventually.js';
import { boom, counter } from '../helpers/servers.js';
import { childOf, createSupervisorFixture } from '../helpers/supervisor-fixture.js';
import { CountingClock, createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

interface Written {
  readonly level: 'error' | 'warn';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly text: string;
}

function recorder(): Reporter & { readonly reports: readonly Written[] } {
  const reports: Written[] = [];
  const at = (level: Written['level']) => (fields: object, text: string) => {
    reports.push({ level, fields: fields as Written['fields'], text });
  };
  return { reports, error: at('error'), warn: at('warn') };
}

function reportedWorld(): TestRuntime & { readonly reports: readonly Written[] } {
  const reporter = recorder();
  return { ...createTestRuntime({ reporter }), reports: reporter.reports };
}

/** What each report says that follows. */
function next(reports: readonly Written[]): readonly unknown[] {
  return reports.map(({ fields }) => fields['next']);
}

const fails = (): never => {
  throw boom;
};
const fragile = { init: () => 0, handleCall: fails, handleCast: fails };
const hangs = () => new Promise<never>(() => undefined);

describe('the report of a crash', () => {
  test('names the process, its place, the error, what is lost and what follows', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
    const billing = {
      ...fragile,
      handleCast: () => {
        throw new RangeError('no score', { cause });
      },
    };
    const supervisor = await Supervisor.start({
      name: 'shop',
      children: [{ id: 'money', start: () => GenServer.start(billing, { name: 'billing' }) }],
    });
    const ref = childOf(runtime, supervisor, 'money');
    for (let sent = 0; sent < 4; sent += 1) GenServer.cast(ref, 'boom');
    await runtime.settle();
    expect(runtime.reports).toMatchObject([
      {
        level: 'error',
        text: "process p2 ('billing') crashed: RangeError: no score",
        fields: {
          event: 'process_crashed',
          at: runtime.clock.now(),
          processId: 'p2',
          name: 'billing',
          kind: 'genserver',
          childId: 'money',
          supervisorId: 'p1',
          supervisorName: 'shop',
          path: 'shop/money',
          messagesLost: 3,
          next: 'restarting, 1 of 3 restarts within 5 s',
          err: {
            name: 'RangeError',
            message: 'no score',
            cause: { message: 'connect ECONNREFUSED 127.0.0.1:5432', code: 'ECONNREFUSED' },
          },
        },
      },
    ]);
    expect(structuredClone(runtime.reports)).toEqual(runtime.reports);
  });

  test('of a process without a supervisor says that it is gone', async () => {
    const runtime = reportedWorld();
    runtime.GenServer.cast(await runtime.GenServer.start(fragile), 'boom');
    await runtime.settle();
    expect(runtime.reports).toMatchObject([
      { text: 'process p1 crashed: Error: boom', fields: { next: 'no supervisor: the process is gone' } },
    ]);
  });

  test('says why a child is not restarted', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const { worker } = createSupervisorFixture(runtime);
    const supervisor = await Supervisor.start({
      children: [
        worker('temporary', { restart: 'temporary' }),
        worker('stopped'),
        worker('last', { restart: 'temporary', significant: true }),
      ],
      autoShutdown: 'any_significant',
    });
    for (const id of ['temporary', 'stopped', 'last']) {
      GenServer.cast(childOf(runtime, supervisor, id), 'boom');
      if (id === 'stopped') await Supervisor.terminateChild(supervisor, id);
      await runtime.settle();
    }
    expect(next(runtime.reports)).toEqual([
      'not restarted (temporary)',
      'not restarted: its supervisor was stopping it',
      'not restarted (temporary); its supervisor ends with it, as it is significant',
    ]);
  });

  test('says that it is too late to restart the child of a supervisor that ends', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({ children: [createSupervisorFixture(runtime).worker('a')] });
    GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
    await Supervisor.stop(supervisor);
    expect(runtime.reports).toHaveLength(1);
    expect(String(next(runtime.reports)[0])).toMatch(/^not restarted: its supervisor (has ended|was stopping it)$/);
  });

  test('distinguishes a terminate that throws from a handler that does', async () => {
    const runtime = reportedWorld();
    const { GenServer } = runtime;
    await GenServer.stop(await GenServer.start({ ...counter, terminate: fails }, { name: 'neat' }));
    const failed = await GenServer.start({
      ...fragile,
      terminate: () => {
        throw new Error('no cleanup');
      },
    });
    GenServer.cast(failed, 'boom');
    await runtime.settle();
    expect(runtime.reports).toMatchObject([
      { text: "process p1 ('neat') crashed in terminate: Error: boom", fields: { during: 'terminate' } },
      { text: 'process p2 crashed: Error: boom', fields: { terminateError: { message: 'no cleanup' } } },
    ]);
  });

  test('comes within a second where terminate hangs, and once more when the supervisor has decided', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({
      children: [{ id: 'a', start: () => GenServer.start({ ...fragile, terminate: hangs }) }],
    });
    GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
    await runtime.advance(1000);
    expect(next(runtime.reports)).toEqual(['not decided yet: it is still cleaning up']);
    await runtime.advance(4000);
    expect(runtime.reports.slice(1)).toMatchObject([
      {
        text: "process p2, reported before, was child 'a' of supervisor p1: restarting, 1 of 3 restarts within 5 s",
        fields: { event: 'child_down', processId: 'p2' },
      },
    ]);
  });

  test('comes within a second where the supervisor is busy with another child', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({ children: [createSupervisorFixture(runtime).worker('a')] });
    void Supervisor.startChild(supervisor, { id: 'slow', start: hangs });
    GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
    await runtime.advance(1000);
    expect(runtime.reports).toMatchObject([
      { fields: { next: 'not decided yet: its supervisor is busy', messagesLost: 0, childId: 'a' } },
    ]);
  });

  test('is completed when a supervisor takes on a child that had crashed before', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    let starts = 0;
    const start = async () => {
      starts += 1;
      const ref = await GenServer.start(starts === 1 ? fragile : counter);
      if (starts === 1) GenServer.cast(ref as never, 'boom' as never);
      await new Promise((resolve) => setImmediate(resolve));
      return ref;
    };
    await Supervisor.start({ children: [{ id: 'early', start }] });
    await runtime.settle();
    expect(next(runtime.reports)).toEqual([
      'no supervisor: the process is gone',
      'restarting, 1 of 3 restarts within 5 s',
    ]);
  });

  test('survives values that were thrown in place of errors', async () => {
    const runtime = reportedWorld();
    const { GenServer } = runtime;
    const ref = await GenServer.start({
      ...fragile,
      handleCast: () => Promise.reject({ status: 503 }),
    });
    GenServer.cast(ref, 'boom');
    await runtime.settle();
    expect(runtime.reports[0]?.text).toBe(
      'process p1 crashed: ThrownValueError: thrown: { status: 503 } (NOEX_THROWN_VALUE)',
    );
  });
});

describe('a supervisor that gives up', () => {
  const shop = (runtime: TestRuntime, maxRestarts: number) => ({
    name: 'shop',
    children: [createSupervisorFixture(runtime).worker('a')],
    restartIntensity: { maxRestarts, withinMs: 2500 },
  });

  test('is one report with its last crashes', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start(shop(runtime, 1));
    for (let crashes = 0; crashes < 2; crashes += 1) {
      GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
      await runtime.settle();
    }
    expect(next(runtime.reports)).toEqual([
      'restarting, 1 of 1 restart within 2.5 s',
      'its supervisor gives up: more than 1 restart within 2.5 s',
      'no supervisor above it: it ends with all its children',
    ]);
    const time = new Date(runtime.clock.now()).toISOString();
    expect(runtime.reports.at(-1)).toMatchObject({
      level: 'error',
      text: "supervisor p1 ('shop') gave up: more than 1 restart within 2.5 s, the last of its child 'a'",
      fields: {
        event: 'supervisor_gave_up',
        processId: 'p1',
        failedChildId: 'a',
        lastCrashes: [`${time} 'a' (p2) crashed: Error: boom`, `${time} 'a' (p3) crashed: Error: boom`],
      },
    });
    expect(runtime.reports.at(-1)?.fields).not.toHaveProperty('childId');
  });

  test('says what the supervisor above it does', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor, Registry } = runtime;
    await Supervisor.start({
      name: 'root',
      children: [{ id: 'shops', start: () => Supervisor.start(shop(runtime, 0)) }],
    });
    GenServer.cast(childOf(runtime, Registry.lookup('shop'), 'a'), 'boom');
    await runtime.settle();
    expect(runtime.reports.at(-1)).toMatchObject({
      text: "supervisor p2 ('shop') gave up: more than 0 restarts within 2.5 s, the last of its child 'a'",
      fields: {
        childId: 'shops',
        failedChildId: 'a',
        supervisorName: 'root',
        path: 'root/shops',
        next: 'restarting, 1 of 3 restarts within 5 s',
      },
    });
    expect(runtime.reports).toHaveLength(2);
  });
});

describe('a transient supervisor that gives up', () => {
  test('is not restarted, and the report says so', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor, Registry } = runtime;
    const inner = () =>
      Supervisor.start({
        name: 'inner',
        children: [createSupervisorFixture(runtime).worker('a')],
        restartIntensity: { maxRestarts: 0, withinMs: 1000 },
      });
    await Supervisor.start({ children: [{ id: 'shop', restart: 'transient', start: inner }] });
    GenServer.cast(childOf(runtime, Registry.lookup('inner'), 'a'), 'boom');
    await runtime.settle();
    expect(next(runtime.reports)).toEqual([
      'its supervisor gives up: more than 0 restarts within 1 s',
      'not restarted (transient)',
    ]);
  });
});

describe('a start that fails', () => {
  test('is no report: the caller receives it', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const start = () => GenServer.start({ ...fragile, init: fails });
    await expect(start()).rejects.toThrow('boom');
    await expect(Supervisor.start({ children: [{ id: 'a', start }] })).rejects.toThrow('boom');
    const supervisor = await Supervisor.start();
    await expect(Supervisor.startChild(supervisor, { id: 'a', start })).rejects.toThrow('boom');
    await runtime.settle();
    expect(runtime.reports).toEqual([]);
  });

  test('is a report each time when a supervisor starts its child again', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    let starts = 0;
    const db = async () => {
      starts += 1;
      if (starts > 1) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      return GenServer.start(fragile);
    };
    const supervisor = await Supervisor.start({
      name: 'shop',
      children: [{ id: 'db', start: db }],
      restartIntensity: { maxRestarts: 2, withinMs: 5000 },
    });
    GenServer.cast(childOf(runtime, supervisor, 'db') as never, 'boom' as never);
    await runtime.settle();
    expect(runtime.reports.map(({ text, fields }) => [text, fields['next']])).toEqual([
      ['process p2 crashed: Error: boom', 'restarting, 1 of 2 restarts within 5 s'],
      [
        "child 'db' of supervisor p1 ('shop') could not be restarted (attempt 1): Error: connect ECONNREFUSED",
        'restarting, 2 of 2 restarts within 5 s',
      ],
      [
        "child 'db' of supervisor p1 ('shop') could not be restarted (attempt 2): Error: connect ECONNREFUSED",
        'its supervisor gives up: more than 2 restarts within 5 s',
      ],
      [
        "supervisor p1 ('shop') gave up: more than 2 restarts within 5 s, the last of its child 'db'",
        'no supervisor above it: it ends with all its children',
      ],
    ]);
    expect(runtime.reports[1]?.fields).toMatchObject({ path: 'shop/db', err: { code: 'ECONNREFUSED' } });
  });
});

describe('a child in a crash loop', () => {
  test('is five reports and one line per interval', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({
      name: 'shop',
      children: [createSupervisorFixture(runtime).worker('db')],
      restartIntensity: { maxRestarts: 100, withinMs: 5000 },
    });
    for (let crashes = 0; crashes < 53; crashes += 1) {
      GenServer.cast(childOf(runtime, supervisor, 'db'), 'boom');
      await runtime.settle();
    }
    expect(runtime.reports).toHaveLength(5);
    await runtime.advance(10_000);
    expect(runtime.reports.slice(5)).toEqual([
      {
        level: 'error',
        text: "child 'db' of supervisor shop crashed 48 more times in 10 s, last: Error: boom",
        fields: {
          event: 'summary',
          at: runtime.clock.now(),
          subject: "child 'db' of supervisor shop",
          what: 'crashed',
          count: 48,
          withinMs: 10_000,
          last: 'Error: boom',
        },
      },
    ]);
  });

  test('is counted together though its supervisor is restarted, too', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const { worker } = createSupervisorFixture(runtime);
    const intensity = { maxRestarts: 1, withinMs: 5000 };
    const inner = () => Supervisor.start({ name: 'inner', children: [worker('db')], restartIntensity: intensity });
    await Supervisor.start({
      name: 'root',
      children: [{ id: 'shop', start: inner }],
      restartIntensity: { maxRestarts: 100, withinMs: 5000 },
    });
    for (let crashes = 0; crashes < 40; crashes += 1) {
      GenServer.cast(childOf(runtime, runtime.Registry.lookup('inner'), 'db'), 'boom');
      await runtime.settle();
    }
    await runtime.shutdown();
    const summaries = runtime.reports.filter(({ fields }) => fields['event'] === 'summary');
    expect(runtime.reports.length - summaries.length).toBe(10);
    expect(summaries.map(({ text }) => text)).toEqual([
      "child 'db' of supervisor root/shop crashed 35 more times in 0 s, last: Error: boom",
      'supervisor root/shop gave up 15 more times in 0 s, last: Error: boom',
    ]);
  });
});

describe('no report', () => {
  test('is made of stops, shutdowns and kills on demand', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor, shutdown } = runtime;
    const { worker } = createSupervisorFixture(runtime);
    await GenServer.stop(await GenServer.start(counter));
    const supervisor = await Supervisor.start({ children: [worker('a'), worker('b', { shutdownTimeout: 0 })] });
    await Supervisor.terminateChild(supervisor, 'b');
    await Supervisor.restartChild(supervisor, 'a');
    await Supervisor.stop(supervisor);
    await Supervisor.start({ children: [worker('c')] });
    await shutdown();
    expect(runtime.reports).toEqual([]);
  });

  test('leaves a timer behind', async () => {
    const runtime = reportedWorld();
    runtime.GenServer.cast(await runtime.GenServer.start(fragile), 'boom');
    await runtime.settle();
    await runtime.shutdown();
    expect(runtime.clock.pending).toBe(0);
  });
});

describe('a process that does not stop in time', () => {
  test('is a warning', async () => {
    const runtime = reportedWorld();
    const { GenServer, Supervisor } = runtime;
    const stubborn = { ...counter, terminate: hangs };
    await Supervisor.start({
      children: [{ id: 'slow', shutdownTimeout: 200, start: () => GenServer.start(stubborn, { name: 'slow-one' }) }],
    });
    const down = runtime.shutdown();
    await runtime.advance(200);
    await down;
    expect(runtime.reports).toMatchObject([
      {
        level: 'warn',
        text: "process p2 ('slow-one') did not stop within 0.2 s and was killed",
        fields: { event: 'stop_timed_out', timeoutMs: 200, childId: 'slow' },
      },
    ]);
  });
});

describe('a process that is killed after the time-out of its stop', () => {
  test('is a warning that says how many messages were lost', async () => {
    const runtime = reportedWorld();
    const { GenServer } = runtime;
    const ref = await GenServer.start({ ...counter, handleCast: hangs }, { name: 'hung' });
    for (let i = 0; i < 3; i += 1) GenServer.cast(ref, 'inc');
    const stopping = GenServer.stop(ref, 'normal', { timeout: 100 });
    await runtime.advance(100);
    await stopping;
    expect(runtime.reports).toMatchObject([
      {
        text: `process ${ref.id} ('hung') did not stop within 0.1 s and was killed`,
        fields: { messagesLost: 2, timeoutMs: 100 },
      },
    ]);
  });
});

describe('errors that no caller waits for', () => {
  test('go to the reporter without onError', async () => {
    const reporter = recorder();
    const { GenServer, Observer, shutdown } = createRuntime({ clock: new CountingClock(), reporter });
    Observer.subscribe(fails);
    await GenServer.start(counter);
    expect(reporter.reports).toMatchObject([
      { level: 'warn', text: 'Error: boom', fields: { event: 'error', err: { message: 'boom' } } },
    ]);
    await shutdown();
  });

  test('go to onError where there is one, and crashes go to the reporter all the same', async () => {
    const runtime = reportedWorld();
    runtime.Observer.subscribe((event) => event.type === 'server_started' && fails());
    runtime.GenServer.cast(await runtime.GenServer.start(fragile), 'boom');
    await runtime.settle();
    expect(runtime.errors).toEqual([boom]);
    expect(runtime.reports).toHaveLength(1);
  });
});

describe('a reporter', () => {
  afterEach(() => void vi.restoreAllMocks());

  test('that throws harms nothing: one warning, and the reports go to stderr', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const written = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    const runtime = createTestRuntime({ reporter: { error: fails, warn: () => Promise.reject(boom) as never } });
    const { GenServer, Supervisor } = runtime;
    const supervisor = await Supervisor.start({ children: [createSupervisorFixture(runtime).worker('a')] });
    for (let crashes = 0; crashes < 2; crashes += 1) {
      GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
      await runtime.settle();
    }
    expect(Supervisor.countChildren(supervisor)).toBe(1);
    expect(warned.mock.calls).toEqual([[boom]]);
    expect(written.mock.calls.map(([text]) => String(text).split('\n', 1)[0])).toEqual([
      expect.stringContaining('error: process p2 crashed: Error: boom'),
      expect.stringContaining('error: process p3 crashed: Error: boom'),
    ]);
  });

  test.each([[null], ['stderr'], [{ error: () => undefined }], [true]])('is refused when it is %j', (reporter) => {
    expect(() => createRuntime({ reporter: reporter as never })).toThrow(/^reporter must be a logger/);
  });

  test('can be pino', async () => {
    const lines: string[] = [];
    const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) });
    const runtime = createTestRuntime({ reporter: logger });
    const error = new RangeError('no score', { cause: new Error('why') });
    const ref = await runtime.GenServer.start(
      { ...fragile, handleCast: () => Promise.reject(error) },
      { name: 'billing' },
    );
    runtime.GenServer.cast(ref, 'boom');
    await runtime.settle();
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 50,
        msg: "process p1 ('billing') crashed: RangeError: no score",
        processId: 'p1',
        err: { type: 'RangeError', message: 'no score: why', stack: expect.stringContaining('caused by: Error: why') },
      },
    ]);
  });
});

describe('the end of a supervisor at the root', () => {
  const run = async (onRootExit: 'report' | 'exit', reporter?: false, isReal?: true) => {
    const clock = new CountingClock();
    const order: unknown[] = [];
    const reporting = createReporting({
      clock,
      reporter: reporter ?? { error: (_fields, text) => order.push(text), warn: () => undefined },
      onRootExit,
      nodeId: () => 'a@127.0.0.1:1',
      ...(isReal === undefined && { exit: (code: number) => order.push(code) }),
    });
    const stamp = { seq: 1, at: 0, monotonic: 0 };
    const error = { name: 'Error', message: 'boom' };
    const limit = { maxRestarts: 0, withinMs: 1000 };
    reporting.handle({ ...stamp, type: 'supervisor_gave_up', id: 'p1', childId: 'a', error, ...limit });
    reporting.handle({
      ...stamp,
      type: 'process_exited',
      id: 'p1',
      kind: 'supervisor',
      reason: 'shutdown',
      unhandled: 0,
    });
    expect(reporting.isActive).toBe(true);
    return order;
  };
  const report = "supervisor p1 gave up: more than 0 restarts within 1 s, the last of its child 'a'";

  test('is only reported by default', async () => {
    expect(await run('report')).toEqual([report]);
  });

  test('ends the program after the report, if so wanted', async () => {
    expect(await run('exit')).toEqual([report, 1]);
  });

  test('ends the program without reports, too', async () => {
    expect(await run('exit', false).catch(() => 'x')).toEqual([1]);
  });

  test('ends the program though what replaced stderr.write never calls back', async () => {
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await run('exit', false, true);
    await eventually(5000, async () => (exit.mock.calls.length > 0 ? undefined : 'the program goes on'));
    expect(exit).toHaveBeenCalledWith(1);
    process.exitCode = undefined;
    write.mockRestore();
    exit.mockRestore();
  });

  test('is either of the two', () => {
    expect(() => createRuntime({ onRootExit: 'restart' as never })).toThrow("onRootExit must be 'report' or 'exit'");
  });
});
