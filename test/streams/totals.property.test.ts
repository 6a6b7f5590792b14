import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { snapshotOf } from '../../streams/create-snapshot.js';
import type { UnstampedEvent } from '../../streams/events.js';
import { applyChanges, pageOf } from '../../streams/model-changes.js';
import { emptyModel, evolve, evolveAll, type NodeModel } from '../../streams/node-model.js';
import type { NodeTotals, ProcessTotals } from '../../streams/totals.js';
import { DURATION_BOUNDS_MS, MAX_NAMED_TOTALS, nodeTotals, TOTAL_COUNT_NAMES } from '../../streams/totals.js';
import { anyEvent, rowsOf, server, stamped } from '../helpers/events.js';

const now = (): number => 0;
const empty = emptyModel(now);
const history = fc.array(anyEvent, { maxLength: 60 });

function totalsOf(model: NodeModel): NodeTotals {
  const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1, timestamp: 0 };
  const { totals } = snapshotOf(model, { timestamp: 0, monotonic: 0 }, memory);
  if (totals === undefined) throw new Error('no totals');
  return totals;
}

function figures({ wait, handle, ...totals }: ProcessTotals): readonly number[] {
  const counts = TOTAL_COUNT_NAMES.map((name) => totals[name]);
  return [...counts, ...wait.counts, wait.sumMs, ...handle.counts, handle.sumMs];
}

function expectNotBelow(after: ProcessTotals, before: ProcessTotals): void {
  const old = figures(before);
  for (const [at, figure] of figures(after).entries()) expect(figure).toBeGreaterThanOrEqual(old[at] ?? Number.NaN);
}

const exited = (id: string, name?: string): UnstampedEvent => ({
  type: 'process_exited',
  id,
  kind: 'genserver',
  reason: 'normal',
  unhandled: 2,
  ...(name !== undefined && { name }),
});
const handled = (id: string, casts: number, samples: readonly number[] = []): UnstampedEvent => ({
  type: 'messages_handled',
  id,
  calls: 0,
  casts,
  infos: 0,
  queueSize: 0,
  samples,
});

describe('totals', () => {
  test.prop([history])('never fall, whatever happens to the processes', (events) => {
    let before = empty;
    for (const event of events) {
      const after = evolve(before, event);
      const [old, young] = [totalsOf(before), totalsOf(after)];
      expectNotBelow(young, old);
      for (const named of old.named) {
        const same = young.named.find(({ kind, name }) => kind === named.kind && name === named.name);
        expectNotBelow(same as ProcessTotals, named);
      }
      before = after;
    }
  });

  test.prop([history])('of messages are those of the living and of the dead', (events) => {
    let expected = 0;
    let model = empty;
    for (const event of events) {
      const next = evolve(model, event);
      if (event.type === 'messages_handled') expected += next.servers.total - model.servers.total;
      model = next;
    }
    expect(totalsOf(model).handled).toBe(expected);
  });

  test.prop([history, fc.integer({ min: 1, max: 4 })])('are the same for a reader that gets pages', (events, rows) => {
    const model = evolveAll(empty, events);
    let reached: NodeModel | undefined;
    for (let page = 0; ; page += 1) {
      const changes = JSON.parse(JSON.stringify(pageOf(model, page, rows)));
      reached = applyChanges(reached, model.version, changes, now);
      if (changes.isLast) break;
    }
    expect(rowsOf(reached ?? empty).totals).toEqual(rowsOf(model).totals);
  });

  test.prop([fc.array(fc.tuple(fc.nat(60_000_000), fc.nat(60_000_000), fc.integer({ min: 1, max: 5 })))])(
    'put each duration into the first bucket that is long enough',
    (samples) => {
      const model = evolveAll(empty, stamped([...server('p1'), handled('p1', 0, samples.flat())]));
      const { wait } = totalsOf(model);
      for (const [at, bound] of DURATION_BOUNDS_MS.entries()) {
        const expected = samples.filter(([us]) => us / 1000 <= bound).reduce((all, [, , weight]) => all + weight, 0);
        expect(wait.counts.slice(0, at + 1).reduce((all, count) => all + count, 0)).toBe(expected);
      }
      expect(wait.sumMs).toBe(samples.reduce((all, [us, , weight]) => all + us * weight, 0) / 1000);
    },
  );
});

describe('named totals', () => {
  const named = (...facts: readonly (UnstampedEvent | readonly UnstampedEvent[])[]) =>
    totalsOf(evolveAll(empty, stamped(facts.flat()))).named;
  const registered = (id: string, name: string): UnstampedEvent => ({ type: 'name_registered', id, name });
  const unregistered = (id: string, name: string): UnstampedEvent => ({ type: 'name_unregistered', id, name });

  test('survive the process that had the name, and go on with the next', () => {
    const life = (id: string, casts: number): readonly UnstampedEvent[] => [
      { type: 'process_spawned', id, kind: 'genserver' },
      registered(id, 'billing'),
      { type: 'process_started', id, kind: 'genserver' },
      handled(id, casts, [5, 7, casts]),
      { type: 'process_crashed', id, kind: 'genserver', error: { name: 'Error', message: 'boom' } },
      unregistered(id, 'billing'),
      exited(id, 'billing'),
    ];
    expect(named(life('p1', 3), life('p2', 4))).toMatchObject([
      {
        kind: 'name',
        name: 'billing',
        started: 2,
        handled: 7,
        crashed: 2,
        exited: 2,
        unhandled: 4,
        handle: { sumMs: 0.049 },
      },
    ]);
  });

  test('of a label are those of all processes with it, and a name goes first', () => {
    const labelled = (id: string): readonly UnstampedEvent[] => [
      { type: 'process_spawned', id, kind: 'genserver', label: 'session' },
      { type: 'process_started', id, kind: 'genserver' },
    ];
    const totals = named(
      ...[labelled('p1'), labelled('p2'), labelled('p3'), registered('p3', 'main')],
      ...[handled('p1', 1), handled('p2', 2), handled('p3', 4), exited('p1')],
    );
    expect(totals).toMatchObject([
      { kind: 'label', name: 'session', started: 3, handled: 3, exited: 1 },
      { kind: 'name', name: 'main', handled: 4, exited: 0 },
    ]);
  });

  test('are at most a thousand; all further names share one', () => {
    const lives = Array.from({ length: MAX_NAMED_TOTALS + 5 }, (_, at) => [
      ...server(`p${at}`),
      registered(`p${at}`, `n${at}`),
      handled(`p${at}`, 1),
    ]);
    const totals = named(...lives, ...lives.map((_, at) => handled(`p${at}`, 1)));
    expect(totals).toHaveLength(MAX_NAMED_TOTALS + 1);
    expect(totals[0]).toMatchObject({ name: 'n0', handled: 2 });
    expect(totals.at(-1)).toMatchObject({ kind: 'other', name: '', handled: 10 });
  });

  test('that did not change are the same objects in the next version', () => {
    const before = evolveAll(
      empty,
      stamped([
        ...server('p1'),
        registered('p1', 'a'),
        handled('p1', 1),
        ...server('p2'),
        registered('p2', 'b'),
        handled('p2', 1),
      ]),
    );
    const after = evolveAll(before, stamped([handled('p2', 1)]));
    expect(after.totals && nodeTotals(after.totals).named[0]).toBe(before.totals && nodeTotals(before.totals).named[0]);
  });
});
