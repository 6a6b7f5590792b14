import { beforeEach, describe, expect, test } from 'vitest';
import type { ObserverEvent } from '../../src/observer/observer.js';
import { createRuntime } from '../../src/runtime/runtime.js';
import type { ProcessTreeNode } from '../../streams/snapshot.js';
import { counter, gate } from '../helpers/servers.js';
import { childOf, createSupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

describe('a snapshot', () => {
  let runtime: TestRuntime = createTestRuntime();

  beforeEach(() => {
    runtime = createTestRuntime();
  });

  test('of a runtime in which nothing has happened is empty', () => {
    const { Observer, clock } = runtime;
    expect(Observer.getSnapshot()).toMatchObject({
      timestamp: clock.now(),
      version: 0,
      servers: [],
      supervisors: [],
      tree: [],
      processCount: 0,
      totalMessages: 0,
      totalRestarts: 0,
    });
  });

  test('shows servers and supervisors, their sums and their tree', async () => {
    const { Supervisor, GenServer, Observer, clock } = runtime;
    const fixture = createSupervisorFixture(runtime);
    const startedAt = clock.now();
    const sup = await Supervisor.start({
      name: 'top',
      strategy: 'rest_for_one',
      children: [fixture.worker('a'), fixture.worker('b')],
    });
    const lone = await GenServer.start(counter, { name: 'lone' });
    const [a, b] = [childOf(runtime, sup, 'a'), childOf(runtime, sup, 'b')];
    await GenServer.call(a, 'ping');
    await GenServer.call(b, 'ping');
    GenServer.cast(b, 'boom');
    await runtime.settle();
    const again = childOf(runtime, sup, 'b');
    clock.advance(50);
    const snapshot = Observer.getSnapshot();
    const row = { status: 'running', queueSize: 0, startedAt };
    expect(snapshot.servers).toMatchObject([
      { ...row, id: a.id, parentId: sup.id, messageCount: 1, uptimeMs: 50 },
      { ...row, id: lone.id, name: 'lone', messageCount: 0, uptimeMs: 50 },
      { ...row, id: again.id, parentId: sup.id, messageCount: 0, uptimeMs: 50 },
    ]);
    expect(snapshot.supervisors).toMatchObject([
      { id: sup.id, name: 'top', strategy: 'rest_for_one', childCount: 2, totalRestarts: 1, startedAt, uptimeMs: 50 },
    ]);
    expect(snapshot).toMatchObject({ timestamp: clock.now(), processCount: 4, totalMessages: 1, totalRestarts: 1 });
    expect(snapshot.tree).toMatchObject([
      { type: 'supervisor', id: sup.id, name: 'top', children: [{ id: a.id }, { id: again.id }] },
      { type: 'genserver', id: lone.id, name: 'lone' },
    ]);
  });

  test('knows a child without a name by the id of its child spec, restarted or not', async () => {
    const { Supervisor, GenServer, Observer } = runtime;
    const fixture = createSupervisorFixture(runtime);
    const nested = { id: 'nested', start: () => Supervisor.start({ children: [fixture.worker('leaf')] }) };
    const sup = await Supervisor.start({ children: [fixture.worker('a'), nested] });
    const shown = () => Observer.getProcessTree().map(({ childId, children }) => [childId, children?.map(childIds)]);
    const childIds = (node: ProcessTreeNode): unknown => [node.childId, node.children?.map((below) => below.childId)];
    const expected = [
      [
        undefined,
        [
          ['nested', ['leaf']],
          ['a', undefined],
        ],
      ],
    ];
    expect(shown()).toEqual(expected);
    const old = childOf(runtime, sup, 'a');
    GenServer.cast(old, 'boom');
    await runtime.settle();
    expect(childOf(runtime, sup, 'a').id).not.toBe(old.id);
    expect(shown()).toEqual(expected);
    const { servers, supervisors } = Observer.getSnapshot();
    expect(servers.map(({ childId }) => childId)).toEqual(['leaf', 'a']);
    expect(supervisors.map((row) => 'childId' in row)).toEqual([false, true]);
  });

  test('is in parts what it is as a whole', async () => {
    const { Supervisor, Observer } = runtime;
    const fixture = createSupervisorFixture(runtime);
    await Supervisor.start({ children: [fixture.worker('a')] });
    const snapshot = Observer.getSnapshot();
    expect(Observer.getServerStats()).toBe(snapshot.servers);
    expect(Observer.getSupervisorStats()).toBe(snapshot.supervisors);
    expect(Observer.getProcessTree()).toEqual(snapshot.tree);
    expect(Observer.getProcessCount()).toBe(snapshot.processCount);
  });

  test('is never behind: ten casts and an awaited call are eleven messages at once', async () => {
    const { GenServer, Observer } = runtime;
    const ref = await GenServer.start(counter);
    for (let i = 0; i < 10; i += 1) GenServer.cast(ref, 'inc');
    expect(Observer.getServerStats()).toMatchObject([{ messageCount: 0, queueSize: 10 }]);
    await GenServer.call(ref, 'get');
    expect(Observer.getSnapshot()).toMatchObject({ totalMessages: 11, servers: [{ messageCount: 11, queueSize: 0 }] });
  });

  test('is current inside a listener, too', async () => {
    const { GenServer, Observer } = runtime;
    const seen: [string, number, number][] = [];
    Observer.subscribe(({ type }) => {
      const { processCount, totalMessages } = Observer.getSnapshot();
      seen.push([type, processCount, totalMessages]);
    });
    const ref = await GenServer.start(counter);
    GenServer.cast(ref, 'inc');
    GenServer.cast(ref, 'boom');
    await runtime.settle();
    expect(seen).toEqual([
      ['server_started', 1, 0],
      ['server_crashed', 1, 1],
      ['server_stopped', 0, 0],
    ]);
    expect(runtime.errors).toEqual([]);
  });

  test('is current inside a handler, which counts when it is through', async () => {
    const { GenServer, Observer } = runtime;
    const ref = await GenServer.start<null, 'count', never, number>({
      init: () => null,
      handleCall: () => [Observer.getSnapshot().totalMessages, null],
      handleCast: () => null,
    });
    expect(await GenServer.call(ref, 'count')).toBe(0);
    expect(await GenServer.call(ref, 'count')).toBe(1);
  });

  test('shows a server that is starting, and one that is stopping', async () => {
    const { GenServer, Observer } = runtime;
    const [opening, closing] = [gate<number>(), gate()];
    const status = () => Observer.getServerStats().map((row) => row.status);
    const starting = GenServer.start({ ...counter, init: () => opening.opened, terminate: () => closing.opened });
    expect(status()).toEqual(['starting']);
    opening.open(0);
    const ref = await starting;
    expect(status()).toEqual(['running']);
    const stopping = GenServer.stop(ref);
    expect(status()).toEqual(['stopping']);
    closing.open();
    await stopping;
    expect(status()).toEqual([]);
  });

  test('shares the rows of processes that did nothing with the one before, and has the same version when no process did anything', async () => {
    const { GenServer, Observer } = runtime;
    const [idle, busy] = [await GenServer.start(counter), await GenServer.start(counter)];
    const before = Observer.getSnapshot();
    runtime.clock.advance(1000);
    expect(Observer.getSnapshot().version).toBe(before.version);
    expect(Observer.getSnapshot().servers).toBe(before.servers);
    await GenServer.call(busy, 'get');
    const after = Observer.getSnapshot();
    expect(after.version).toBeGreaterThan(before.version);
    expect(after.servers.find(({ id }) => id === idle.id)).toBe(before.servers[0]);
    expect(after.servers.find(({ id }) => id === busy.id)).not.toBe(before.servers[1]);
    expect(before.servers[1]?.messageCount).toBe(0);
  });

  test('knows names that come and go', async () => {
    const { GenServer, Registry, Observer } = runtime;
    const ref = await GenServer.start(counter);
    const name = () => Observer.getServerStats()[0]?.name;
    Registry.register('n', ref);
    expect(name()).toBe('n');
    Registry.unregister('n');
    expect(name()).toBeUndefined();
  });

  test('has the memory of this Node process, in bytes, as of now', () => {
    const { Observer, clock } = runtime;
    const { timestamp, ...bytes } = Observer.getMemoryStats();
    expect(timestamp).toBe(clock.now());
    expect(Object.keys(bytes).sort()).toEqual(['external', 'heapTotal', 'heapUsed', 'rss']);
    for (const size of Object.values(bytes)) expect(size).toBeGreaterThan(0);
    expect(Observer.getSnapshot().memoryStats.timestamp).toBe(clock.now());
  });
});

describe('subscribe', () => {
  test('reports starts, crashes, restarts and ends', async () => {
    const runtime = createTestRuntime();
    const { Supervisor, GenServer, Observer } = runtime;
    const fixture = createSupervisorFixture(runtime);
    const events: ObserverEvent[] = [];
    const leave = Observer.subscribe((event) => events.push(event));
    const sup = await Supervisor.start({ children: [fixture.worker('a')] });
    const a = childOf(runtime, sup, 'a');
    GenServer.cast(a, 'boom');
    await runtime.settle();
    const again = childOf(runtime, sup, 'a');
    await Supervisor.stop(sup);
    leave();
    await GenServer.start(counter);
    const error = { name: 'Error', message: 'boom' };
    expect(events).toMatchObject([
      { type: 'server_started', stats: { id: a.id, status: 'running', messageCount: 0, uptimeMs: 0 } },
      { type: 'supervisor_started', stats: { id: sup.id, strategy: 'one_for_one', childCount: 1 } },
      { type: 'server_crashed', id: a.id, error },
      { type: 'server_stopped', id: a.id, reason: { error } },
      { type: 'server_started', stats: { id: again.id } },
      { type: 'child_restarted', supervisorId: sup.id, childId: 'a', oldId: a.id, newId: again.id, attempt: 1 },
      { type: 'server_stopped', id: again.id, reason: 'shutdown' },
      { type: 'supervisor_stopped', id: sup.id },
    ]);
    expect(events).toHaveLength(8);
  });

  test('isolates a handler that throws', async () => {
    const { GenServer, Observer, errors } = createTestRuntime();
    const oops = new Error('oops');
    let heard = 0;
    Observer.subscribe(() => {
      throw oops;
    });
    Observer.subscribe(() => {
      heard += 1;
    });
    await GenServer.start(counter);
    expect(heard).toBe(1);
    expect(errors).toEqual([oops]);
  });
});

describe('stopProcess', () => {
  test('stops a server, which terminates as ever', async () => {
    const { GenServer, Observer } = createTestRuntime();
    const reasons: unknown[] = [];
    const ref = await GenServer.start({ ...counter, terminate: (reason) => void reasons.push(reason) });
    expect(await Observer.stopProcess(ref.id)).toEqual({ success: true });
    expect(await Observer.stopProcess((await GenServer.start({ ...counter })).id, 'shutdown')).toEqual({
      success: true,
    });
    expect(reasons).toEqual(['normal']);
    expect(Observer.getProcessCount()).toBe(0);
  });

  test('stops a supervisor with its children', async () => {
    const runtime = createTestRuntime();
    const fixture = createSupervisorFixture(runtime);
    const sup = await runtime.Supervisor.start({ children: [fixture.worker('a'), fixture.worker('b')] });
    expect(await runtime.Observer.stopProcess(sup.id)).toEqual({ success: true });
    expect(runtime.Observer.getProcessCount()).toBe(0);
    expect(fixture.newEntries()).toEqual(['+a', '+b', '-b shutdown', '-a shutdown']);
  });

  test('says why not when there is no such process', async () => {
    const { Observer } = createTestRuntime();
    expect(await Observer.stopProcess('p99')).toEqual({
      success: false,
      error: expect.stringContaining('process p99 is not running'),
    });
  });
});

describe('a runtime without observer', () => {
  test('says so whatever is asked of its Observer, and works', async () => {
    const { GenServer, Supervisor, Observer, shutdown } = createRuntime({ observer: false });
    const disabled = expect.objectContaining({ name: 'ObserverDisabledError', code: 'NOEX_OBSERVER_DISABLED' });
    expect(() => Observer.getSnapshot()).toThrow(disabled);
    expect(() => Observer.events$).toThrow(disabled);
    expect(() => Observer.subscribe(() => {})).toThrow(disabled);
    const ref = await GenServer.start(counter, { name: 'a' });
    const sup = await Supervisor.start({ children: [{ id: 'b', start: () => GenServer.start(counter) }] });
    GenServer.cast(ref, 'inc');
    expect(await GenServer.call(ref, 'get')).toBe(1);
    const heard: string[] = [];
    GenServer.onLifecycleEvent(({ type }) => heard.push(type));
    await Supervisor.stop(sup);
    expect(heard).toEqual(['terminated']);
    await shutdown();
    expect(GenServer.isRunning(ref)).toBe(false);
  });
});
