import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Bus } from '../../src/bus/event-bus.js';
import { deepFreeze } from '../../streams/deep-freeze.js';
import type { RuntimeEvent } from '../../streams/events.js';
import { latencyWindowOf } from '../../streams/latency.js';
import type { LogEntry } from '../../streams/log-entries.js';
import { anyEvent } from '../helpers/events.js';
import { threeNodes } from '../helpers/observed-cluster.js';
import { boom, counter } from '../helpers/servers.js';
import { childOf, createSupervisorFixture } from '../helpers/supervisor-fixture.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';
import { writablePaths } from '../helpers/writable-paths.js';

/** A supervisor with a child that has crashed and was restarted, and a server that has answered. */
async function busy(runtime: TestRuntime): Promise<void> {
  const fixture = createSupervisorFixture(runtime);
  const supervisor = await runtime.Supervisor.start({ name: 'top', children: [fixture.worker('a')] });
  runtime.GenServer.cast(childOf(runtime, supervisor, 'a'), 'boom');
  const ref = await runtime.GenServer.start(counter, { name: 'lone' });
  await runtime.GenServer.call(ref, 'get');
  await runtime.settle();
}

describe('what a listener gets cannot be changed:', () => {
  test.prop([anyEvent, fc.boolean()])('any event, down to its parts, and writing to it throws', (event, withCause) => {
    const { seq: _s, at: _a, monotonic: _m, ...fact } = event;
    const given = 'error' in fact && withCause ? { ...fact, error: { ...fact.error, cause: { ...fact.error } } } : fact;
    const bus = new Bus({
      deliver: (drain) => drain(),
      clock: { now: () => 1, monotonic: () => 1 },
      freeze: deepFreeze,
      onError: (error) => expect.fail(`${error}`),
    });
    const heard: RuntimeEvent[] = [];
    bus.subscribe((each) => heard.push(each));
    bus.emit(structuredClone(given));
    expect(heard).toHaveLength(1);
    expect(writablePaths(heard[0])).toEqual([]);
    expect(() => Object.assign(heard[0] ?? {}, { type: 'process_exited' })).toThrow(TypeError);
  });

  test('a listener that tries to rewrite every event is reported, and changes nothing for others or in the model', async () => {
    const [touched, untouched] = [createTestRuntime(), createTestRuntime()];
    const types = new Set<string>();
    touched.Observer.events$.subscribe((event) => {
      types.add(event.type);
      // What a subscriber of an Observable throws, RxJS reports.
      expect(() => Object.assign(event, { id: 'p1', seq: 0 })).toThrow(TypeError);
    });
    touched.GenServer.onLifecycleEvent((event) => {
      if (event.type === 'crashed') Object.assign(event.error, { message: 'nothing happened' });
    });
    const crashes: string[] = [];
    touched.GenServer.onLifecycleEvent((event) => event.type === 'crashed' && crashes.push(event.error.message));
    await busy(touched);
    await busy(untouched);
    expect(types.size).toBeGreaterThan(7);
    expect(touched.errors).toEqual([expect.any(TypeError)]);
    expect(crashes).toEqual([boom.message]);
    expect(rows(touched)).toEqual(rows(untouched));
  });

  const rows = ({ Observer }: TestRuntime): unknown => {
    const { servers, supervisors, totalMessages } = Observer.getSnapshot();
    return {
      servers: servers.map((row) => ({ ...row })),
      supervisors: supervisors.map((row) => ({ ...row })),
      totalMessages,
    };
  };

  test('a snapshot with its rows, tree and figures', async () => {
    const runtime = createTestRuntime();
    await busy(runtime);
    const snapshot = runtime.Observer.getSnapshot();
    expect(snapshot.servers.some(({ latency }) => latency !== undefined)).toBe(true);
    expect(writablePaths(snapshot)).toEqual([]);
    expect(
      writablePaths(snapshot.servers.flatMap(latencyWindowOf).map((each) => ({ each }))).filter((path) =>
        path.includes('each.'),
      ),
    ).toEqual([]);
    expect(() => (snapshot.servers as unknown[]).pop()).toThrow(TypeError);
    expect(writablePaths(runtime.Observer.getServerStats())).toEqual([]);
    expect(runtime.Observer.getServerStats()).toHaveLength(snapshot.servers.length);
  });

  test('the rows of an observer event, and those of a poll', async () => {
    const runtime = createTestRuntime();
    const stats: unknown[] = [];
    runtime.Observer.subscribe((event) => 'stats' in event && stats.push(event.stats));
    runtime.Observer.startPolling(1000, ({ servers, supervisors }) => stats.push(servers, supervisors))();
    await busy(runtime);
    expect(stats.length).toBeGreaterThan(4);
    expect(stats.flatMap((each) => writablePaths(each))).toEqual([]);
  });

  test('what a supervisor says of its children', async () => {
    const runtime = createTestRuntime();
    const supervisor = await runtime.Supervisor.start({ children: [createSupervisorFixture(runtime).worker('a')] });
    expect(runtime.Supervisor.getChildren(supervisor).every(Object.isFrozen)).toBe(true);
    expect(Object.isFrozen(runtime.Supervisor.getChild(supervisor, 'a'))).toBe(true);
  });

  test('a cluster snapshot, the infos of nodes, and the lines of the log', async () => {
    const [runtime, a, b] = await threeNodes();
    const lines: LogEntry[] = [];
    const subscription = a.ClusterObserver.log$.subscribe((line) => lines.push(line));
    await b.GenServer.stop(await b.GenServer.start(counter), { error: boom });
    await runtime.run(1000);
    const snapshot = await runtime.settle(a.ClusterObserver.getClusterSnapshot());
    expect(snapshot.aggregated.connectedNodeCount).toBe(3);
    expect(writablePaths(snapshot)).toEqual([]);
    expect([a.Cluster.getLocalNodeInfo(), ...a.Cluster.getNodes()].flatMap((info) => writablePaths(info))).toEqual([]);
    expect(lines.length).toBeGreaterThan(8);
    expect(lines.flatMap((line) => writablePaths(line))).toEqual([]);
    subscription.unsubscribe();
  });
});
