import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/clock.js';
import { NodeReplicas, timeBudget } from '../../src/observer/node-replicas.js';
import { type HeldVersion, REPORT } from '../../src/observer/protocol.js';
import type { UnstampedEvent } from '../../streams/events.js';
import { changesSince, MAX_ROWS, pageOf } from '../../streams/model-changes.js';
import { emptyModel, evolveAll, type NodeModel } from '../../streams/node-model.js';
import { encodeReport } from '../../streams/node-report.js';
import { server, stamped } from '../helpers/events.js';

const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };
const spawned = (from: number, to: number): readonly UnstampedEvent[] =>
  Array.from({ length: to - from }, (_, at) => server(`p${from + at}`)).flat();

function modelOf(processes: number): NodeModel {
  return evolveAll(
    emptyModel(() => 0),
    stamped(spawned(0, processes)),
  );
}

/** Answers as a node does that keeps the version which is being read. */
function answerOf(model: NodeModel, known: HeldVersion | null): string {
  const changes = known?.page === undefined ? changesSince(model, known?.version) : pageOf(model, known.page);
  return encodeReport({ incarnation: 1, version: model.version, timestamp: 0, memory }, JSON.stringify(changes));
}

/** A reader whose requests are answered by `answerAfter` ms later. */
function readerOf(model: NodeModel, answerAfter: (open: number) => number) {
  const clock = new SimulatedClock();
  const requests: (number | undefined)[] = [];
  let open = 0;
  let mostOpen = 0;
  const reader = new NodeReplicas<string>({
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    request(_to, _method, body, timeoutMs) {
      const known = body as HeldVersion | null;
      requests.push(known?.page);
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      return new Promise((resolve, reject) => {
        const delay = answerAfter(open);
        const end = (act: () => void): void => {
          open -= 1;
          act();
        };
        if (delay > timeoutMs) clock.setTimeout(() => end(() => reject(new Error('too late'))), timeoutMs);
        else clock.setTimeout(() => end(() => resolve(JSON.parse(answerOf(model, known)))), delay);
      });
    },
  });
  /** Asks within `timeoutMs`; resolves with the simulated time it took, or the error. */
  const ask = async (timeoutMs: number): Promise<number | Error> => {
    const begun = clock.monotonic();
    let result: number | Error | undefined;
    reader
      .ask(
        'n',
        REPORT,
        timeBudget(timeoutMs, () => clock.monotonic()),
      )
      .then(
        () => {
          result = clock.monotonic() - begun;
        },
        (error) => {
          result = error;
        },
      );
    while (result === undefined) {
      for (let i = 0; i < 20; i += 1) await Promise.resolve();
      if (result === undefined) clock.advance(10);
    }
    return result;
  };
  return { reader, ask, requests, mostOpen: () => mostOpen };
}

describe('the pages of a report', () => {
  test('of 30,000 processes arrive within the default time-out over a round trip of 200 ms', async () => {
    const { reader, ask, mostOpen } = readerOf(modelOf(30_000), () => 200);
    expect(await ask(5000)).toBeLessThan(2000);
    expect(reader.states.get('n')?.snapshot).toMatchObject({ processCount: 30_000 });
    expect(reader.states.get('n')?.snapshot.servers).toHaveLength(30_000);
    expect(mostOpen()).toBe(8);
  });

  test('are requested one at a time while each takes long, so that a slow link has room for heartbeats', async () => {
    const { ask, mostOpen } = readerOf(modelOf(5000), () => 700);
    expect(await ask(5000)).toBe(3500);
    expect(mostOpen()).toBe(1);
  });

  test('that arrived before a time-out are not requested again by the next read', async () => {
    const { reader, ask, requests } = readerOf(modelOf(12_000), () => 900);
    const results: (number | Error)[] = [];
    while (results.length < 10 && !(typeof results.at(-1) === 'number')) results.push(await ask(4000));
    expect(results.length).toBe(4);
    expect(reader.states.get('n')?.snapshot.processCount).toBe(12_000);
    const pages = requests.filter((page) => page !== undefined);
    expect(new Set(pages).size).toBe(11);
    // A page on its way at the time-out is requested twice.
    expect(pages.length).toBeLessThanOrEqual(11 + 3);
  });

  test('without their number, as older nodes send them, are read one after another', async () => {
    const model = modelOf(4000);
    const asked: (number | undefined)[] = [];
    const reader = new NodeReplicas<string>({
      now: () => 0,
      monotonic: () => 0,
      request(_to, _method, body) {
        const known = body as HeldVersion | null;
        asked.push(known?.page);
        const report = JSON.parse(answerOf(model, known));
        const { pages: _pages, ...changes } = report.changes;
        return Promise.resolve({ ...report, changes });
      },
    });
    await reader.ask(
      'n',
      REPORT,
      timeBudget(1000, () => 0),
    );
    expect(asked).toEqual([undefined, 1, 2, 3]);
    expect(reader.states.get('n')?.snapshot.processCount).toBe(4000);
  });

  test('without an end are refused', async () => {
    const model = modelOf(2000);
    const reader = new NodeReplicas<string>({
      now: () => 0,
      monotonic: () => 0,
      request(_to, _method, body) {
        const page = (body as HeldVersion | null)?.page ?? 0;
        const report = JSON.parse(answerOf(model, null));
        return Promise.resolve({ ...report, changes: { ...report.changes, page, isLast: false, pages: 1e6 } });
      },
    });
    const asked = reader.ask(
      'n',
      REPORT,
      timeBudget(1000, () => 0),
    );
    await expect(asked).rejects.toThrow('more pages than 250');
  });
});

describe('a node with more processes than a reader holds', () => {
  const model = modelOf(MAX_ROWS + 500);
  /** What the node answers with. */
  let current = model;

  async function read() {
    current = model;
    const reader = new NodeReplicas<string>({
      now: () => 0,
      monotonic: () => 0,
      request: (_to, _method, body) => Promise.resolve(JSON.parse(answerOf(current, body as HeldVersion | null))),
    });
    await reader.ask(
      'n',
      REPORT,
      timeBudget(1000, () => 0),
    );
    return reader;
  }

  test('is shown with its counts and totals, and as many rows as are held', async () => {
    const snapshot = (await read()).states.get('n')?.snapshot;
    expect(snapshot).toMatchObject({
      processCount: MAX_ROWS + 500,
      serverCount: MAX_ROWS + 500,
      truncated: 'rows',
      totals: { started: MAX_ROWS + 500 },
    });
    expect(snapshot?.servers).toHaveLength(MAX_ROWS);
  });

  test('stays so with each delta, and is shown whole when it has few enough', async () => {
    const reader = await read();
    const delta = (since: NodeModel, next: NodeModel): boolean =>
      reader.accept(
        'n',
        encodeReport(
          { incarnation: 1, version: next.version, timestamp: 0, memory },
          JSON.stringify(changesSince(next, since.version)),
        ),
      );
    const more = evolveAll(model, stamped(spawned(MAX_ROWS + 500, MAX_ROWS + 600)));
    expect(delta(model, more)).toBe(true);
    expect(reader.states.get('n')?.snapshot).toMatchObject({ processCount: MAX_ROWS + 600, truncated: 'rows' });
    const exits = Array.from({ length: 700 }, (_, at): UnstampedEvent => {
      return { type: 'process_exited', id: `p${at}`, kind: 'genserver', reason: 'normal', unhandled: 0 };
    });
    const fewer = evolveAll(more, stamped(exits));
    // The reader does not have all the rows that are left: it has to ask for them.
    expect(delta(more, fewer)).toBe(false);
    current = fewer;
    await reader.ask(
      'n',
      'observer.watch',
      timeBudget(1000, () => 0),
    );
    expect(reader.states.get('n')?.snapshot.truncated).toBeUndefined();
    expect(reader.states.get('n')?.snapshot.servers).toHaveLength(MAX_ROWS - 100);
  });
});
