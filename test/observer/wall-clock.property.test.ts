import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { addToHistory, emptyHistory } from '../../src/dashboard/view-model/chart-history.js';
import { emptyViewState, nextViewState } from '../../src/dashboard/view-model/cluster-view.js';
import { NodeReplicas } from '../../src/observer/node-replicas.js';
import type { UnstampedEvent } from '../../streams/events.js';
import { clusterSnapshot } from '../../streams/merge-nodes.js';
import { emptyRateHistory, ratesOf, withSnapshot } from '../../streams/message-rates.js';
import { changesSince } from '../../streams/model-changes.js';
import { emptyModel, evolveAll } from '../../streams/node-model.js';
import { encodeReport } from '../../streams/node-report.js';
import { counter } from '../helpers/servers.js';
import { createTestRuntime } from '../helpers/test-runtime.js';

const MEMORY = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };

/** Time passes, and before and after that the wall clocks are set. */
const step = fc.record({
  ms: fc.integer({ min: 1, max: 10_000 }),
  jump: fc.integer({ min: -1e12, max: 1e12 }),
  readerJump: fc.integer({ min: -1e12, max: 1e12 }),
  messages: fc.nat(20),
});
const steps = fc.array(step, { minLength: 1, maxLength: 15 });

describe('however the wall clocks are set', () => {
  test.prop([steps], { numRuns: 50 })(
    'uptimes and rates of a runtime are those of the time that passed',
    async (all) => {
      const runtime = createTestRuntime();
      const ref = await runtime.GenServer.start(counter);
      const supervisor = await runtime.Supervisor.start({ children: [] });
      let history = withSnapshot(emptyRateHistory, runtime.Observer.getSnapshot());
      let passed = 0;
      for (const { ms, jump, messages } of all) {
        runtime.clock.stepWallClock(jump);
        for (let sent = 0; sent < messages; sent += 1) runtime.GenServer.cast(ref, 'inc');
        await runtime.settle();
        runtime.clock.advance(ms);
        passed += ms;
        const snapshot = runtime.Observer.getSnapshot();
        history = withSnapshot(history, snapshot);
        expect(snapshot.servers.map(({ id, uptimeMs }) => [id, uptimeMs])).toEqual([[ref.id, passed]]);
        expect(snapshot.supervisors.map(({ id, uptimeMs }) => [id, uptimeMs])).toEqual([[supervisor.id, passed]]);
        expect(ratesOf(history).messagesPerSecond).toBeCloseTo(messages / (ms / 1000), 9);
      }
      await runtime.shutdown();
    },
  );

  test.prop([steps])(
    'a reader of another node sees its uptimes, its age and its rates, and draws them in order',
    (all) => {
      let monotonic = 5000;
      let wall = 1e12;
      let readerWall = 2e12;
      // The two monotonic clocks have nothing to do with each other.
      const clock = { now: () => readerWall, monotonic: () => monotonic + 7_000_000 };
      const reader = new NodeReplicas<string>({ ...clock, request: () => Promise.reject(new Error('not asked')) });
      const spawned: UnstampedEvent = { type: 'process_spawned', id: 'p1', kind: 'genserver' };
      const stamp = (fact: UnstampedEvent) => ({ ...fact, seq: 1, at: wall, monotonic });
      let model = evolveAll(
        emptyModel(() => monotonic),
        [stamp(spawned)],
      );
      const report = (): void => {
        const head = { incarnation: 1, version: model.version, timestamp: wall, monotonic, memory: MEMORY };
        reader.accept('a', encodeReport(head, JSON.stringify(changesSince(model, undefined))));
      };
      const snapshot = () => {
        const nodes = [{ nodeId: 'a', incarnation: 1, link: 'connected' as const }];
        const moment = { timestamp: readerWall, monotonic: clock.monotonic() };
        return clusterSnapshot(reader.states, { ...moment, localNodeId: 'reader', nodes });
      };
      report();
      let viewed = nextViewState(emptyViewState, snapshot());
      let chart = addToHistory(emptyHistory, viewed.view);
      for (const [index, { ms, jump, readerJump, messages }] of all.entries()) {
        wall += jump;
        readerWall += readerJump;
        const counts = { calls: 0, casts: messages, infos: 0, queueSize: 0 };
        model = evolveAll(model, [stamp({ type: 'messages_handled', id: 'p1', ...counts })]);
        monotonic += ms;
        wall += ms;
        readerWall += ms;
        report();
        monotonic += 300;
        wall += 300;
        readerWall += 300;
        const seen = snapshot();
        viewed = nextViewState(viewed, seen);
        const before = chart;
        chart = addToHistory(chart, viewed.view);
        const [row] = seen.nodes;
        // As of the report, whose age is known.
        expect(row?.snapshot?.servers[0]?.uptimeMs).toBe(monotonic - 300 - 5000);
        expect(row?.ageMs).toBe(300);
        const [{ node, processes: [process] = [] } = { node: undefined }] = viewed.view.nodes;
        expect(viewed.view.monotonic + (node?.monotonicAheadMs ?? 0) - (process?.startedMonotonic ?? 0)).toBe(
          monotonic - 5000,
        );
        const sinceLastReport = index === 0 ? ms : ms + 300;
        expect(node?.rate).toBeCloseTo(messages / (sinceLastReport / 1000), 9);
        expect(spans(chart.times).every((span) => span > 0 && span <= 12_300)).toBe(true);
        if (chart.times.length > before.times.length) expect(chart.times.at(-1)).toBe(readerWall);
      }
    },
  );
});

function spans(times: readonly number[]): readonly number[] {
  return times.slice(1).map((time, at) => time - (times[at] ?? time));
}
