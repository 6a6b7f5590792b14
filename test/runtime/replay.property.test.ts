import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type ChildStartError, EndedProcessError, InitializationError } from '../../src/errors.js';
import type { GenServerBehavior } from '../../src/process/gen-server-types.js';
import type { ProcessRef } from '../../src/process/process-refs.js';
import type { AutoShutdown, ChildSpec } from '../../src/supervisor/child-spec.js';
import type { RestartType } from '../../src/supervisor/strategy.js';
import { snapshotOf } from '../../streams/create-snapshot.js';
import { emptyModel, evolve } from '../../streams/node-model.js';
import type { ObserverSnapshot } from '../../streams/snapshot.js';
import { turn } from '../helpers/event-loop.js';
import { createTestRuntime, type TestRuntime } from '../helpers/test-runtime.js';

type Message = 'add' | 'later' | 'slow' | 'boom' | 'boom later';

interface Plan {
  /** How its init ends. */
  readonly init: 'sync' | 'async' | 'throws';
  readonly restart: RestartType;
  readonly significant: boolean;
  readonly shutdownTimeout: number | undefined;
  /** How many times it can be started; after that its start is rejected. */
  readonly starts: number;
  /** How long its start takes before its process exists, ms. */
  readonly startMs: number;
}

const message = fc.constantFrom<Message>('add', 'add', 'add', 'later', 'slow', 'boom', 'boom later');
const pick = fc.nat(30);
const name = fc.constantFrom('x', 'y', 'z');
const maybeName = fc.option(name, { nil: undefined, freq: 2 });
const plan: fc.Arbitrary<Plan> = fc.record({
  init: fc.constantFrom<Plan['init']>('sync', 'sync', 'sync', 'async', 'throws'),
  restart: fc.constantFrom<RestartType>('permanent', 'transient', 'temporary'),
  significant: fc.boolean(),
  shutdownTimeout: fc.constantFrom(undefined, 0, 10),
  starts: fc.constantFrom(1, 2, 100),
  startMs: fc.constantFrom(0, 0, 0, 25),
});
const healthy = plan.map((given): Plan => ({ ...given, init: given.init === 'throws' ? 'sync' : given.init }));
const strategy = fc.constantFrom<'one_for_one' | 'one_for_all' | 'rest_for_one'>(
  'one_for_one',
  'one_for_all',
  'rest_for_one',
);
const autoShutdown = fc.constantFrom<AutoShutdown>('never', 'any_significant', 'all_significant');
const fixture = fc.record({
  strategy,
  children: fc.array(healthy, { maxLength: 4 }),
  nested: fc.array(healthy, { maxLength: 2 }),
  maxRestarts: fc.nat(4),
  autoShutdown,
});

const step = fc.oneof(
  fc.record({ do: fc.constant('start' as const), plan, name: maybeName }),
  fc.record({ do: fc.constant('supervise' as const), fixture, name: maybeName }),
  fc.record({ do: fc.constant('supervise simply' as const), plan: healthy, autoShutdown }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant('call' as const), pick, message }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('cast' as const), pick, message, times: fc.integer({ min: 1, max: 5 }) }),
  },
  fc.record({ do: fc.constant('info' as const), pick }),
  fc.record({ do: fc.constant('send after' as const), pick, ms: fc.nat(40) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stop' as const), pick }) },
  fc.record({ do: fc.constant('start child' as const), pick, plan }),
  fc.record({ do: fc.constant('terminate child' as const), pick, child: fc.nat(4), byRef: fc.boolean() }),
  fc.record({ do: fc.constant('delete child' as const), pick, child: fc.nat(4) }),
  fc.record({ do: fc.constant('restart child' as const), pick, child: fc.nat(4) }),
  fc.record({ do: fc.constant('register' as const), pick, name }),
  fc.record({ do: fc.constant('unregister' as const), name }),
  fc.record({ do: fc.constant('trace' as const), pick }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('check' as const) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Runs programs in a runtime, and keeps its own list of who was ever started, apart from what the runtime reports. */
class Player {
  readonly #runtime: TestRuntime;
  readonly #known: ProcessRef[] = [];
  readonly #supervisors: ProcessRef[] = [];
  #specs = 0;

  constructor(runtime: TestRuntime) {
    this.#runtime = runtime;
  }

  get known(): readonly ProcessRef[] {
    return this.#known;
  }

  /** Does one step, without waiting for what comes of it. Whatever is refused is refused. */
  play(given: Step): void {
    try {
      Promise.resolve(this.#begin(given)).catch(() => {});
    } catch {
      // A cast to the gone, a name that is taken: part of any program.
    }
  }

  #begin(given: Step): unknown {
    const { GenServer, Registry, Observer, clock } = this.#runtime;
    switch (given.do) {
      case 'start':
        return GenServer.start(this.#behavior(given.plan), given.name === undefined ? {} : { name: given.name });
      case 'call':
        return GenServer.call(this.#one(given.pick), given.message, { timeout: 30 });
      case 'cast':
        for (let i = 0; i < given.times; i += 1) GenServer.cast(this.#one(given.pick), given.message);
        return undefined;
      case 'info':
        return GenServer.info(this.#one(given.pick), 'info');
      case 'send after':
        return GenServer.sendAfter(this.#one(given.pick), 'add', given.ms);
      case 'stop':
        return GenServer.stop(this.#one(given.pick));
      case 'register':
        return Registry.register(given.name, this.#one(given.pick));
      case 'unregister':
        return Registry.unregister(given.name);
      case 'trace':
        return Observer.trace$(this.#one(given.pick).id).subscribe({ error: () => {} });
      case 'advance':
        return clock.advance(given.ms);
      default:
        return this.#supervise(given);
    }
  }

  #supervise(given: Step): unknown {
    const { Supervisor } = this.#runtime;
    switch (given.do) {
      case 'supervise': {
        const { children, nested, maxRestarts, ...options } = given.fixture;
        const inner: ChildSpec = {
          id: 'inner',
          start: () => this.#note(Supervisor.start({ children: nested.map((child) => this.#spec(child, 'never')) })),
        };
        return this.#note(
          Supervisor.start({
            ...options,
            ...(given.name !== undefined && { name: given.name }),
            // Longer than any number of slow starts takes: a child that has no starts left would be tried for ever.
            restartIntensity: { maxRestarts, withinMs: 600_000 },
            children: [
              ...children.map((child) => this.#spec(child, options.autoShutdown)),
              ...(nested.length > 0 ? [inner] : []),
            ],
          }),
        );
      }
      case 'supervise simply': {
        const { id: _, ...childTemplate } = this.#spec(given.plan, given.autoShutdown);
        const { autoShutdown } = given;
        return this.#note(Supervisor.start({ strategy: 'simple_one_for_one', autoShutdown, childTemplate }));
      }
      case 'start child': {
        const sup = this.#supervisor(given.pick);
        return Supervisor.startChild(sup, this.#spec(given.plan, 'never')).catch(() => Supervisor.startChild(sup, []));
      }
      case 'terminate child': {
        const sup = this.#supervisor(given.pick);
        const child = Supervisor.getChildren(sup)[given.child];
        return Supervisor.terminateChild(sup, (given.byRef ? child?.ref : child?.id) ?? 'none');
      }
      case 'delete child': {
        const sup = this.#supervisor(given.pick);
        return Supervisor.deleteChild(sup, Supervisor.getChildren(sup)[given.child]?.id ?? 'none');
      }
      case 'restart child': {
        const sup = this.#supervisor(given.pick);
        return Supervisor.restartChild(sup, Supervisor.getChildren(sup)[given.child]?.id ?? 'nobody');
      }
      default:
        return undefined;
    }
  }

  #one(index: number): { readonly id: string; readonly life: string } {
    return this.#runtime.refOf(this.#known[index % Math.max(1, this.#known.length)]?.id ?? 'p0');
  }

  #supervisor(index: number): { readonly id: string; readonly life: string } {
    return this.#runtime.refOf(this.#supervisors[index % Math.max(1, this.#supervisors.length)]?.id ?? 'p0');
  }

  async #note(starting: Promise<ProcessRef>): Promise<ProcessRef> {
    const ref = await starting;
    this.#known.push(ref);
    this.#supervisors.push(ref);
    return ref;
  }

  #spec({ restart, significant, shutdownTimeout, ...given }: Plan, autoShutdown: AutoShutdown): ChildSpec {
    this.#specs += 1;
    let left = given.starts;
    const behavior = this.#behavior({ restart, significant, shutdownTimeout, ...given });
    return {
      id: `child ${this.#specs}`,
      restart,
      significant: significant && restart !== 'permanent' && autoShutdown !== 'never',
      ...(shutdownTimeout !== undefined && { shutdownTimeout }),
      start: async () => {
        const { GenServer, clock } = this.#runtime;
        left -= 1;
        // At once: a slow start that always fails stays within any intensity, and is tried for ever.
        if (left < 0) throw new Error('no more');
        if (given.startMs > 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, given.startMs));
        return GenServer.start(behavior);
      },
    };
  }

  #behavior({ init }: Plan): GenServerBehavior<number, Message, Message, number, unknown> {
    const { clock } = this.#runtime;
    const handle = (given: Message, sum: number): number | Promise<number> => {
      if (given === 'boom') throw new Error('boom');
      if (given === 'boom later') return Promise.reject(new Error('boom later'));
      if (given === 'later') return Promise.resolve(sum + 1);
      if (given === 'slow') return new Promise((resolve) => clock.setTimeout(() => resolve(sum + 1), 25));
      return sum + 1;
    };
    return {
      init: (self) => {
        this.#known.push(self);
        if (init === 'throws') throw new Error('init');
        return init === 'async' ? Promise.resolve(0) : 0;
      },
      handleCall: (given, sum) => {
        const next = handle(given, sum);
        return typeof next === 'number' ? [next, next] : next.then((value) => [value, value]);
      },
      handleCast: handle,
    };
  }
}

const plain = (
  rows: readonly (object & { readonly uptimeMs: number; readonly latency?: unknown })[],
): readonly object[] => rows.map((row) => ({ ...row, uptimeMs: row.uptimeMs, latency: row.latency }));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Folds the recorded events once more, and compares with the live snapshot. */
function check({ Observer, clock, events }: TestRuntime): ObserverSnapshot {
  const live = Observer.getSnapshot();
  const model = events.reduce(
    evolve,
    emptyModel(() => clock.monotonic()),
  );
  const replayed = snapshotOf(model, live, live.memoryStats, live.vitals);
  expect(plain(replayed.servers)).toEqual(plain(live.servers));
  expect(plain(replayed.supervisors)).toEqual(plain(live.supervisors));
  expect(JSON.stringify(replayed)).toBe(JSON.stringify(live));
  expect(live.totalMessages).toBe(sum(live.servers.map(({ messageCount }) => messageCount)));
  expect(live.totalRestarts).toBe(sum(live.supervisors.map(({ totalRestarts }) => totalRestarts)));
  expect(live.processCount).toBe(live.servers.length + live.supervisors.length);
  return live;
}

/** Of each process there is one spawn, one exit, and nothing before the one or after the other. */
function expectWholeLives({ events }: TestRuntime): void {
  const lives = new Map<string, string[]>();
  for (const event of events) {
    if (!('id' in event)) continue;
    const life = lives.get(event.id) ?? [];
    lives.set(event.id, [...life, event.type]);
  }
  for (const life of lives.values()) {
    expect(life[0]).toBe('process_spawned');
    expect(life.filter((type) => type === 'process_spawned')).toHaveLength(1);
    // A child that was gone before its supervisor could adopt it is placed after its end.
    const types = life.filter((type) => type !== 'child_started');
    expect(types.indexOf('process_exited')).toBe(types.length - 1);
  }
}

test.prop([fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), fc.boolean()], { numRuns: 500 })(
  'replaying the recorded events of any program gives exactly the live snapshot, and that is the truth',
  async (program, watched) => {
    const runtime = createTestRuntime();
    const { GenServer, Observer, clock } = runtime;
    let version = 0;
    if (watched) {
      Observer.subscribe(() => {
        const snapshot = Observer.getSnapshot();
        expect(snapshot.version).toBeGreaterThanOrEqual(version);
        version = snapshot.version;
      });
    }
    const player = new Player(runtime);
    for (const given of program) {
      if (given.do === 'turn') await turn();
      else if (given.do === 'check') check(runtime);
      else player.play(given);
    }
    check(runtime);

    // What still hangs comes to its end, by itself or by time-out.
    do await runtime.advance(5000);
    while (clock.pending > 0);
    const { processCount, servers, supervisors, tree } = check(runtime);
    const living = player.known.filter((ref) => GenServer.isRunning(ref)).map(({ id }) => id);
    const shown = [...servers, ...supervisors].map(({ id }) => id);
    expect(shown.toSorted()).toEqual(living.toSorted());
    expect(processCount).toBe(living.length);
    expect(tree.length).toBeLessThanOrEqual(processCount);
    for (const row of servers) expect(row).toMatchObject({ status: 'running', queueSize: 0 });
    for (const row of supervisors) {
      const children = [...servers, ...supervisors].filter(({ parentId }) => parentId === row.id);
      expect(row.childCount).toBe(children.length);
      expect(runtime.Supervisor.countChildren(runtime.refOf(row.id))).toBe(children.length);
    }

    await runtime.shutdown();
    expect(check(runtime).processCount).toBe(0);
    expectWholeLives(runtime);
    expect(clock.pending).toBe(0);
    // Handlers that fail after their process was killed, starts that fail after their supervisor had abandoned them.
    for (const error of runtime.errors) {
      if (error instanceof EndedProcessError) continue;
      expect(error).toMatchObject({ name: 'ChildStartError' });
      const { cause } = error as ChildStartError;
      expect(cause instanceof InitializationError || (cause as Error).message === 'no more').toBe(true);
    }
    expect(runtime.events.map(({ seq }) => seq)).toEqual(runtime.events.map((_event, index) => index + 1));
  },
);
