import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { mergeHistograms, percentile, RELATIVE_ERROR } from '../../streams/histogram.js';
import { latencyOf, latencyWindowOf, mergeLatency } from '../../streams/latency.js';
import {
  bucketsInSlices,
  currentSlices,
  type LatencyWindow,
  packSlices,
  unpackSlices,
  withSamples,
} from '../../streams/latency-window.js';
import { applyChanges, changesSince } from '../../streams/model-changes.js';
import { emptyModel, evolve, type NodeModel } from '../../streams/node-model.js';
import { ServerRow } from '../../streams/snapshot-rows.js';
import { server, serverAsData, stamped } from '../helpers/events.js';

/** A message: when it was reported, ms, and how long it waited and was handled, us. */
type Sample = readonly [at: number, wait: number, handle: number];

const micros = fc.oneof(fc.nat(20), fc.nat(5000), fc.nat(100_000_000));
/** In the order of time, over three minutes. */
const samples: fc.Arbitrary<readonly Sample[]> = fc
  .array(fc.tuple(fc.nat(180_000), micros, micros), { minLength: 1, maxLength: 100 })
  .map((all) => all.toSorted((a, b) => a[0] - b[0]));

function windowOf(all: readonly Sample[]): LatencyWindow {
  return all.reduce<LatencyWindow>(
    (window, [monotonic, wait, handle]) => withSamples(window, [wait, handle, 1], { monotonic, version: monotonic }),
    [],
  );
}

/** Those that a window which ends at `now` covers: of the slice of `now`, and of five slices before. */
function covered(all: readonly Sample[], now: number): readonly Sample[] {
  const slice = Math.floor(now / 10_000);
  return all.filter(([at]) => at <= now && Math.floor(at / 10_000) > slice - 6);
}

function expectPercentile(found: number | undefined, values: readonly number[], p: number): void {
  if (values.length === 0) {
    expect(found).toBeUndefined();
    return;
  }
  const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(p * values.length)) - 1] ?? Number.NaN;
  expect(Math.abs((found ?? Number.NaN) - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR);
}

describe('a latency window', () => {
  test.prop([
    fc.array(samples, { minLength: 1, maxLength: 4 }),
    fc.nat(60_000),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ])('merged with others has the percentiles of the pooled samples of the last minute', (processes, later, p) => {
    const now = Math.max(...processes.flat().map(([at]) => at)) + later;
    const pooled = processes.flatMap((all) => covered(all, now));
    const { wait, handle } = mergeLatency(processes.flatMap((all) => currentSlices(windowOf(all), now)));
    expectPercentile(
      percentile(wait, p),
      pooled.map((sample) => sample[1]),
      p,
    );
    expectPercentile(
      percentile(handle, p),
      pooled.map((sample) => sample[2]),
      p,
    );
  });

  test.prop([samples])('has at most six slices, and only those in which something happened', (all) => {
    const window = windowOf(all);
    expect(window.length).toBeLessThanOrEqual(6);
    const slices = window.map(({ slice }) => slice);
    expect(slices).toEqual([...new Set(slices)].toSorted((a, b) => a - b));
    expect(slices.every((slice) => all.some(([at]) => Math.floor(at / 10_000) === slice))).toBe(true);
  });

  test.prop([samples, fc.nat(60_000)])('in a row changes by reading the clock, and by nothing else', (all, later) => {
    let now = all.at(-1)?.[0] ?? 0;
    const fields = {
      id: 'p1',
      status: 'running',
      queueSize: 0,
      messageCount: 1,
      startedAt: 0,
      startedMonotonic: 0,
    } as const;
    const row = new ServerRow({ ...fields, latencyWindow: windowOf(all) }, () => now);
    expect(row.latency).toBe(row.latency);
    now += later;
    const left = covered(all, now);
    expect(row.latency?.handle.max).toBe(
      left.length === 0 ? undefined : Math.max(...left.map((sample) => sample[2])) / 1000,
    );
  });

  test.prop([samples])('packed and unpacked is the same, and passes the check', (all) => {
    const window = windowOf(all);
    const packed = JSON.parse(JSON.stringify(packSlices(window)));
    expect(bucketsInSlices(packed)).toBe(
      window.reduce((sum, { wait, handle }) => sum + wait.counts.length + handle.counts.length, 0),
    );
    const histograms = (slices: LatencyWindow) => slices.map(({ slice, wait, handle }) => ({ slice, wait, handle }));
    expect(histograms(unpackSlices(packed, 1))).toEqual(histograms(window));
  });

  test.prop([fc.oneof(fc.anything(), fc.array(fc.integer({ min: -2, max: 9 })))])(
    'is never mistaken for something that would unpack to much',
    (value) => {
      if (bucketsInSlices(value) !== undefined)
        expect(unpackSlices(value as readonly number[], 0).length).toBeLessThanOrEqual(6);
    },
  );
});

describe('a delta', () => {
  const now = (): number => 180_000;
  const started = stamped(['p1', 'p2', 'p3', 'p4'].flatMap(server)).reduce(evolve, emptyModel(now));

  function modelsOf(all: readonly Sample[]): readonly NodeModel[] {
    const models = [started];
    for (const [monotonic, wait, handle] of all) {
      const counts = { calls: 1, casts: 0, infos: 0, queueSize: 0 };
      const event = { type: 'messages_handled', id: 'p1', ...counts, samples: [wait, handle, 1] } as const;
      models.push(evolve(models.at(-1) ?? started, { ...event, seq: 9, at: monotonic, monotonic }));
    }
    return models;
  }

  test.prop([samples, fc.nat()])('carries the slices that changed, and leads to the same window', (all, pick) => {
    const models = modelsOf(all);
    const [held, model] = [models[pick % models.length] ?? started, models.at(-1) ?? started];
    fc.pre(held !== model);
    const changes = changesSince(model, held.version);
    if (changes.type !== 'delta') throw new Error('a delta was expected');
    const changedSince = all.slice(models.indexOf(held)).map(([at]) => Math.floor(at / 10_000));
    const sent = unpackSlices(changes.servers.latency?.[0] ?? [], 0);
    expect(sent.every(({ slice }) => changedSince.includes(slice))).toBe(true);
    const reached = applyChanges(held, model.version, changes, now);
    expect(reached?.servers.rows.map(serverAsData)).toEqual(model.servers.rows.map(serverAsData));
  });
});

test('latency of a cluster counts the last minute of each node up to the moment of its snapshot', () => {
  const row = (at: number) => {
    const fields = {
      id: 'p1',
      status: 'running',
      queueSize: 0,
      messageCount: 1,
      startedAt: 0,
      startedMonotonic: 0,
    } as const;
    return new ServerRow({ ...fields, latencyWindow: windowOf([[at, 1000, 2000]]) }, () => at);
  };
  const node = (at: number, monotonic: number) => ({ snapshot: { servers: [row(at)], monotonic } });
  const cluster = (...nodes: object[]) => ({ nodes }) as never;
  expect(latencyOf(cluster(node(5000, 59_999)))?.wait.max).toBe(1);
  expect(latencyOf(cluster(node(5000, 60_000)))).toBeUndefined();
  expect(latencyOf(cluster(node(5000, 60_000), node(1_000_000, 1_000_001)))?.handle).toMatchObject({ max: 2 });
  expect(mergeHistograms(latencyWindowOf(row(0)).map(({ wait }) => wait)).max).toBe(1000);
});
