import { expect, test } from 'vitest';
import { NodeReplicas, timeBudget } from '../../src/observer/node-replicas.js';
import { changesSince } from '../../streams/model-changes.js';
import { emptyModel, evolveAll } from '../../streams/node-model.js';
import { encodeReport } from '../../streams/node-report.js';
import { server, stamped } from '../helpers/events.js';

const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };

/** The full report of a node with so many processes. */
function report(processes: number): string {
  const facts = Array.from({ length: processes }, (_, at) => server(`p${at}`)).flat();
  const model = evolveAll(
    emptyModel(() => 0),
    stamped(facts),
  );
  const changes = JSON.stringify(changesSince(model, undefined));
  return encodeReport({ incarnation: 1, version: model.version, timestamp: 0, memory }, changes);
}

test('an answer that a push has overtaken does not take the reader back', async () => {
  let reply: (text: string) => void = () => {};
  const reader = new NodeReplicas<string>({
    now: () => 0,
    monotonic: () => 0,
    request: () =>
      new Promise((resolve) => {
        reply = resolve;
      }),
  });
  const asked = reader.ask(
    'a',
    'observer.report',
    timeBudget(1000, () => 0),
  );
  expect(reader.accept('a', report(3))).toBe(true);
  reply(report(2));
  await asked;
  expect(reader.states.get('a')?.snapshot.processCount).toBe(3);
  expect(reader.gaps('a')).toBe(0);
});
