import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NEVER } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/clock.js';
import { EventLog } from '../../src/observer/event-log.js';
import { PAGING_MS } from '../../src/observer/protocol.js';
import { createPublisher } from '../../src/observer/publisher.js';
import type { RuntimeEvent } from '../../streams/events.js';
import { emptyModel, evolveAll, type NodeModel } from '../../streams/node-model.js';
import { decodeReport, type NodeReport } from '../../streams/node-report.js';
import { schedulerOf } from '../../streams/rx-scheduler.js';
import { turn } from '../helpers/event-loop.js';
import { server, stamped } from '../helpers/events.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

interface Published {
  readonly clock: SimulatedClock;
  /** Publishes another model from now on. */
  becomes(model: NodeModel): void;
  ask(known: object | null): string;
  watch(watcher: string): void;
  /** Watchers that take nothing. */
  readonly deaf: Set<string>;
  /** What each push was, and to which watchers it went. */
  readonly pushes: { readonly to: readonly string[]; readonly version: number; readonly type: string }[];
  conflations(): number;
  forget(): void;
}

/** A node that publishes `model`. */
function publish(initial: NodeModel): Published {
  const handlers = new Map<string, (body: unknown, from: string) => unknown>();
  const clock = new SimulatedClock();
  const deaf = new Set<string>();
  const pushes: { to: readonly string[]; version: number; type: string }[] = [];
  let model = initial;
  const publisher = createPublisher<string>({
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    scheduler: schedulerOf(clock),
    local: {
      endPolls: () => undefined,
      currentModel: () => model,
      model$: NEVER,
      log: new EventLog(),
      logged$: NEVER,
      memoryStats: () => ({ heapUsed: 1, heapTotal: 1, external: 1, rss: 1, timestamp: 0 }),
      vitals: () => ({
        eventLoopUtilization: 0,
        eventLoopDelay: { p50: 0, p99: 0 },
        cpu: 0,
        uptimeMs: 0,
        observer: { msPerSecond: 0, eventsPerSecond: 0, bytesPerSecond: 0 },
        flushIntervalMs: 50,
      }),
      measured: (work) => work(),
      recordBytes() {},
      get observer(): never {
        throw new Error('it is of no use to others');
      },
    },
    incarnation: () => 1,
    handle: (method, answer) => void handlers.set(method, answer),
    hasRoom: (reader) => !deaf.has(reader),
    notify(to, _topic, text) {
      const { version, changes } = decodeReport(text);
      pushes.push({ to, version, type: changes.type });
      return to;
    },
  });
  return {
    clock,
    becomes(next) {
      model = next;
    },
    ask: (known) => String(handlers.get('observer.report')?.(known, 'reader')),
    forget: () => publisher.forget('reader'),
    watch: (watcher) => void handlers.get('observer.watch')?.(null, watcher),
    deaf,
    pushes,
    conflations: () => publisher.conflations(),
  };
}

const spawned = (count: number): NodeModel =>
  evolveAll(
    emptyModel(() => 0),
    stamped(Array.from({ length: count }, (_, at) => server(`p${at}`)).flat()),
  );

test('changes that are too many for one frame are sent in pages', () => {
  const before = spawned(12_000);
  const named = (count: number): readonly RuntimeEvent[] =>
    stamped(
      Array.from({ length: count }, (_, at) => ({
        type: 'name_registered' as const,
        id: `p${at}`,
        name: `${at}-${'x'.repeat(180)}`,
      })),
    );
  const changesAfter = (count: number): NodeReport['changes'] => {
    const publisher = publish(evolveAll(before, named(count)));
    return decodeReport(publisher.ask({ incarnation: 1, version: before.version })).changes;
  };
  expect(changesAfter(1000)).toMatchObject({ type: 'delta' });
  expect(changesAfter(1900)).toMatchObject({ type: 'page', page: 0, isLast: false });
});

test('answers to readers who say they know ever other versions are not kept', () => {
  const publisher = publish(spawned(5000));
  const heapUsed = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  publisher.ask(null);
  const before = heapUsed();
  for (let version = 1_000_000; version < 1_000_300; version += 1) publisher.ask({ incarnation: 1, version });
  expect(heapUsed() - before).toBeLessThan(20 * 1024 * 1024);
});

describe('a reader that gives up in the middle of several pages', () => {
  const begin = (publisher: Published): void => {
    expect(decodeReport(publisher.ask(null)).changes).toMatchObject({ type: 'page', page: 0, isLast: false });
  };

  test('does not make the node keep for long what it was like then', async () => {
    let model = spawned(6000);
    const weak = new WeakRef(model);
    const publisher = publish(model);
    begin(publisher);
    model = emptyModel(() => 0);
    publisher.becomes(model);
    publisher.ask(null);
    await turn();
    collectGarbage();
    expect(weak.deref()).toBeDefined();
    await turn();
    publisher.clock.advance(PAGING_MS);
    collectGarbage();
    expect(weak.deref()).toBeUndefined();
  });

  test('leaves no timer behind once it is gone, nor does one that reads to the end', () => {
    const publisher = publish(spawned(1500));
    begin(publisher);
    expect(publisher.clock.pendingTimers).toBe(1);
    publisher.forget();
    expect(publisher.clock.pendingTimers).toBe(0);
    begin(publisher);
    const { version } = decodeReport(publisher.ask(null));
    const { changes } = decodeReport(publisher.ask({ incarnation: 1, version, page: 1 }));
    expect(changes).toMatchObject({ page: 1, isLast: true });
    expect(publisher.clock.pendingTimers).toBe(0);
  });
});

describe('a watcher that takes nothing', () => {
  test('is written nothing for meanwhile, and gets the newest state once it takes something again', () => {
    let model = spawned(10);
    const publisher = publish(model);
    const grow = (): void => {
      model = evolveAll(model, stamped(server(`more${model.version}`)));
      publisher.becomes(model);
    };
    publisher.watch('quick');
    publisher.watch('slow');
    publisher.deaf.add('slow');
    const before = model.version;
    for (let n = 0; n < 3; n += 1) {
      grow();
      publisher.clock.advance(1250);
    }
    expect(publisher.pushes.every(({ to }) => to.join() === 'quick')).toBe(true);
    expect(publisher.conflations()).toBe(publisher.pushes.length);
    publisher.pushes.length = 0;
    publisher.deaf.clear();
    publisher.clock.advance(1250);
    expect(publisher.pushes.find(({ to }) => to.includes('slow'))).toEqual({
      to: ['slow'],
      version: model.version,
      type: 'delta',
    });
    expect(model.version).toBeGreaterThan(before);
  });

  test('does not keep many others from theirs, though all of them know other versions', () => {
    let model = spawned(10);
    const publisher = publish(model);
    for (let n = 0; n < 40; n += 1) {
      publisher.watch(`watcher${n}`);
      publisher.deaf.add(`watcher${n}`);
      model = evolveAll(model, stamped(server(`more${n}`)));
      publisher.becomes(model);
    }
    publisher.deaf.clear();
    publisher.clock.advance(1250);
    // So many are written at once; the next go to those that had none.
    expect(publisher.pushes.length).toBe(16);
    publisher.clock.advance(2500);
    const reached = new Set(
      publisher.pushes.filter(({ version }) => version === model.version).flatMap(({ to }) => to),
    );
    expect(reached.size).toBe(40);
  });
});

test('reads of several pages keep a bounded number of rows; those with the most begin again', () => {
  let model = spawned(120_000);
  const publisher = publish(model);
  const begun = Array.from({ length: 4 }, () => {
    const { incarnation, version } = decodeReport(publisher.ask(null));
    model = evolveAll(model, stamped(server(`more${model.version}`)));
    publisher.becomes(model);
    return { incarnation, version, page: 1 };
  });
  const pages = (): unknown[] =>
    begun.map((known) => {
      const { changes } = decodeReport(publisher.ask(known));
      return changes.type === 'page' ? changes.page : changes.type;
    });
  expect(pages()).toEqual([1, 1, 1, 1]);
  publisher.becomes(evolveAll(model, stamped(server('one more'))));
  publisher.ask(null);
  expect(pages()[0]).toBe(0);
});
