import { Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../../src/clock.js';
import { DashboardFeed, type MessageSink } from '../../../src/dashboard/server/dashboard-feed.js';
import { emptyHistory, type History } from '../../../src/dashboard/view-model/chart-history.js';
import type { ClusterView } from '../../../src/dashboard/view-model/cluster-view.js';
import { type FeedMessage, withViewChanges } from '../../../src/dashboard/view-model/feed-protocol.js';
import { MAX_ENTRIES } from '../../../src/dashboard/view-model/log-lines.js';
import { schedulerOf } from '../../../streams/index.js';
import { crash, ToldSource } from '../../helpers/cluster-source.js';
import { clusterOf, type Done, nodeAt } from '../../helpers/snapshots.js';

/** A browser that reads what it is sent at once, or later. */
class FakeBrowser implements MessageSink {
  isReading = true;
  readonly texts: string[] = [];
  readonly #untaken: (() => void)[] = [];

  send(text: string, taken: () => void): void {
    this.texts.push(text);
    this.#untaken.push(taken);
    if (this.isReading) this.take();
  }

  take(): void {
    for (const taken of this.#untaken.splice(0)) taken();
  }

  get messages(): readonly FeedMessage[] {
    return this.texts.map((text) => JSON.parse(text));
  }

  of<Type extends FeedMessage['type']>(type: Type): readonly Extract<FeedMessage, { type: Type }>[] {
    return this.messages.filter((message): message is Extract<FeedMessage, { type: Type }> => message.type === type);
  }

  /** The view it has built from all it was sent. */
  get view(): ClusterView {
    return this.of('view').reduce<ClusterView>(withViewChanges, { timestamp: 0, monotonic: 0, nodes: [] });
  }

  get queues(): Record<string, number | undefined> {
    return Object.fromEntries(
      this.view.nodes.flatMap(({ processes }) => processes.map(({ id, queueSize }) => [id, queueSize])),
    );
  }

  get crashed(): readonly string[] {
    return this.of('log').flatMap(({ log }) => log.map(({ entry }) => ('id' in entry ? entry.id : entry.type)));
  }

  get history(): History {
    return this.of('history').at(-1)?.history ?? emptyHistory;
  }
}

class World {
  readonly clock = new SimulatedClock();
  readonly source = new ToldSource();
  readonly feed = new DashboardFeed({
    source: this.source,
    version: '1.2.3',
    scheduler: schedulerOf(this.clock),
    onError: (error) => {
      throw error;
    },
  });

  join(isReading = true): FakeBrowser & { leave(): void } {
    const browser = Object.assign(new FakeBrowser(), { isReading });
    const leave = this.feed.connect(browser);
    return Object.assign(browser, { leave });
  }

  /** The cluster reports its one node. */
  report(servers: Readonly<Record<string, Done>>, to: 'snapshots' | 'polled' = 'snapshots'): void {
    const at = this.clock.now();
    this.source[to].next({ ...clusterOf({ a: nodeAt(at, servers) }), timestamp: at, monotonic: at });
  }

  pass(ms: number): void {
    this.clock.advance(ms);
  }
}

const types = ({ messages }: FakeBrowser): readonly string[] => messages.map(({ type }) => type);

describe('a browser', () => {
  test('first gets everything, then what changed since', () => {
    const runtime = new World();
    const browser = runtime.join();
    runtime.report({ p1: { queue: 1 }, p2: { queue: 2 } });
    runtime.pass(1000);
    runtime.report({ p1: { queue: 1 }, p2: { queue: 3 }, p3: {} });
    runtime.pass(1000);
    expect(types(browser)).toEqual(['welcome', 'history', 'log', 'view', 'view']);
    expect(browser.messages.slice(0, 3)).toEqual([
      { type: 'welcome', version: '1.2.3' },
      { type: 'history', history: emptyHistory },
      { type: 'log', log: [], isWhole: true },
    ]);
    expect(browser.queues).toEqual({ p1: 1, p2: 3, p3: 0 });
  });

  test('that comes later starts from the newest view, and shares what is written with those who know the same', () => {
    const runtime = new World();
    const early = runtime.join();
    runtime.report({ p1: { queue: 1 } });
    const late = runtime.join();
    const later = runtime.join();
    expect(types(late)).toEqual(['welcome', 'view', 'history', 'log']);
    expect(late.texts[1]).toBe(later.texts[1]);
    runtime.pass(1000);
    runtime.report({ p1: { queue: 5 } });
    expect(new Set([early, late, later].map(({ texts }) => texts.at(-1))).size).toBe(1);
    expect(late.queues).toEqual({ p1: 5 });
  });

  test('that does not read gets nothing more until it does, and then the newest state', () => {
    const runtime = new World();
    const slow = runtime.join(false);
    const quick = runtime.join();
    for (let queue = 1; queue <= 100; queue += 1) {
      runtime.report({ p1: { queue } });
      runtime.source.entries.next(crash(`p${queue}`, queue));
      runtime.pass(1000);
    }
    expect(types(slow)).toEqual(['welcome']);
    expect(types(quick)).toHaveLength(203);
    slow.take();
    expect(types(slow)).toEqual(['welcome', 'view', 'history', 'log']);
    expect(slow.queues).toEqual({ p1: 100 });
    expect(slow.crashed).toHaveLength(100);
    slow.take();
    slow.take();
    expect(types(slow)).toHaveLength(4);
  });

  test('has taken it only when it has taken all of it', () => {
    const runtime = new World();
    const slow = runtime.join(false);
    runtime.report({ p1: { queue: 1 } });
    runtime.source.entries.next(crash('p1', 1));
    runtime.pass(1000);
    slow.take();
    expect(types(slow)).toEqual(['welcome', 'view', 'history', 'log']);
    runtime.report({ p1: { queue: 2 } });
    runtime.pass(1000);
    expect(slow.texts).toHaveLength(4);
    slow.take();
    expect(slow.queues).toEqual({ p1: 2 });
  });

  test('that reads at last gets no more of the log than is kept', () => {
    const runtime = new World();
    const slow = runtime.join(false);
    for (let i = 1; i <= 3 * MAX_ENTRIES; i += 1) runtime.source.entries.next(crash(`p${i}`, i));
    runtime.pass(250);
    slow.take();
    const lines = slow.of('log')[0]?.log ?? [];
    expect(lines).toHaveLength(MAX_ENTRIES);
    expect(lines.at(-1)?.number).toBe(3 * MAX_ENTRIES);
  });

  test('gets a large view part by part, each node in each of them, then the rest', () => {
    const runtime = new World();
    runtime.join();
    const many = Object.fromEntries(Array.from({ length: 3500 }, (_, at) => [`p${at}`, { queue: at }]));
    runtime.report(many);
    const late = runtime.join(false);
    late.take();
    expect(types(late)).toEqual(['welcome', 'view']);
    expect(late.view.nodes[0]).toMatchObject({ node: { processCount: 3500 } });
    expect(late.view.nodes[0]?.processes).toHaveLength(1000);
    late.take();
    expect(late.view.nodes[0]?.processes).toHaveLength(2000);
    // What changes meanwhile comes with the next part.
    runtime.pass(1000);
    runtime.report({ ...many, p7: { queue: 77_777 } });
    late.take();
    late.take();
    expect(types(late)).toEqual(['welcome', 'view', 'view', 'view', 'view', 'history', 'log']);
    expect(late.view.nodes[0]?.processes).toHaveLength(3500);
    expect(late.queues['p7']).toBe(77_777);
    expect(Math.max(...late.texts.slice(0, 3).map((text) => text.length))).toBeLessThan(120_000);
  });

  test('that has left gets nothing', () => {
    const runtime = new World();
    const browser = runtime.join(false);
    browser.leave();
    browser.leave();
    runtime.report({ p1: {} });
    browser.take();
    expect(types(browser)).toEqual(['welcome']);
  });

  test('hears of a crash within a quarter of a second', () => {
    const runtime = new World();
    const browser = runtime.join();
    runtime.pass(5000);
    runtime.source.entries.next(crash('p1', 1));
    runtime.pass(249);
    expect(browser.crashed).toEqual([]);
    runtime.pass(1);
    expect(browser.crashed).toEqual(['p1']);
  });

  test('is informed while the server has no connection, repeatedly, and when it has one again', () => {
    const runtime = new World();
    const browser = runtime.join();
    runtime.report({ p1: { queue: 1 } });
    runtime.source.snapshots.error(new Error('the cluster is not running'));
    runtime.pass(3999);
    expect(browser.of('status').map(({ problem }) => problem)).toEqual(Array(2).fill('the cluster is not running'));
    // What it saw last is still there, for it and for others.
    expect(runtime.join().queues).toEqual({ p1: 1 });
    expect(runtime.join().of('status')).toHaveLength(1);
    runtime.source.snapshots = new Subject();
    runtime.pass(1);
    runtime.report({ p1: { queue: 2 } });
    expect(types(browser).slice(-2)).toEqual(['status', 'view']);
    expect(browser.of('status').at(-1)?.problem).toBe(null);
    expect(browser.queues).toEqual({ p1: 2 });
  });
});

describe('without a browser', () => {
  test('the cluster is asked now and then, so that there is a history for the next browser', () => {
    const runtime = new World();
    expect([runtime.source.isWatched, runtime.source.isPolled, runtime.source.polls]).toEqual([false, true, [10_000]]);
    for (let queue = 1; queue <= 90; queue += 1) {
      runtime.report({ p1: { queue } }, 'polled');
      runtime.pass(10_000);
    }
    const browser = runtime.join();
    expect([runtime.source.isWatched, runtime.source.isPolled]).toEqual([true, false]);
    const { times, nodes } = browser.history;
    expect(times).toHaveLength(60);
    expect(nodes['a']?.map((point) => point?.queue).slice(-3)).toEqual([88, 89, 90]);
    expect(browser.queues).toEqual({ p1: 90 });
  });

  test('what was seen closely is not lost, nor do rates start again', () => {
    const runtime = new World();
    const first = runtime.join();
    runtime.report({ p1: { messages: 0 } });
    runtime.pass(2000);
    runtime.report({ p1: { messages: 20 } });
    first.leave();
    expect(runtime.source.isWatched).toBe(true);
    runtime.pass(5000);
    expect([runtime.source.isWatched, runtime.source.isPolled]).toEqual([false, true]);
    runtime.pass(5000);
    runtime.report({ p1: { messages: 120 } }, 'polled');
    const browser = runtime.join();
    expect(browser.history.times).toHaveLength(3);
    expect(browser.view.nodes[0]?.processes[0]?.rate).toBe(10);
  });

  test('what happens is kept all the same', () => {
    const runtime = new World();
    runtime.source.entries.next(crash('p1', 1));
    runtime.pass(250);
    expect(runtime.join().crashed).toEqual(['p1']);
  });
});

describe('the log', () => {
  test('does not repeat what comes again after the source was lost', () => {
    const runtime = new World();
    const browser = runtime.join();
    runtime.source.entries.next(crash('p1', 1));
    runtime.source.entries.next(crash('p2', 2));
    runtime.pass(1000);
    // It replays its past to each new subscriber, and then ends again.
    runtime.source.entries.complete();
    runtime.pass(10_000);
    expect(browser.crashed).toEqual(['p1', 'p2']);
  });
});

describe('a feed that is closed', () => {
  test('looks at nothing any more', () => {
    const runtime = new World();
    runtime.join();
    runtime.feed.close();
    expect([runtime.source.isWatched, runtime.source.isPolled, runtime.source.entries.observed]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
