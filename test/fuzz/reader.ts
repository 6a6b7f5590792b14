import { fc } from '@fast-check/vitest';
import { Subject } from 'rxjs';
import { NodeTimeoutError } from '../../src/errors.js';
import { clusterLog } from '../../src/observer/cluster-log.js';
import { NodeReplicas, timeBudget } from '../../src/observer/node-replicas.js';
import type { ObservedChange } from '../../src/observer/observed-members.js';
import { LOG, REPORT } from '../../src/observer/protocol.js';
import { latencyOf } from '../../streams/latency.js';
import { LOG_CAPACITY, type LogEntry } from '../../streams/log-entries.js';
import { clusterSnapshot } from '../../streams/merge-nodes.js';
import { changesSince, MAX_ROWS } from '../../streams/model-changes.js';
import { emptyModel, evolveAll } from '../../streams/node-model.js';
import { encodeReport } from '../../streams/node-report.js';
import type { NodeStates } from '../../streams/node-states.js';
import { anyEvent } from '../helpers/events.js';
import { asText, checkPrototypes, nearly, oddValue } from './hostile.js';
import type { Target } from './target.js';

const MEMORY = { heapUsed: 1, heapTotal: 2, external: 3, rss: 4 };
const now = (): number => 5000;

/** Reports as nodes send them: of what happened, to a reader who knows nothing or something. */
const report = fc
  .record({
    events: fc.array(anyEvent, { maxLength: 12 }),
    known: fc.nat(12),
    incarnation: fc.nat(2),
    isLast: fc.boolean(),
  })
  .map(({ events, known, incarnation, isLast }): unknown => {
    const model = evolveAll(emptyModel(now), events);
    const changes = changesSince(model, known < 6 ? undefined : known);
    const head = { incarnation, version: model.version, timestamp: 0, memory: MEMORY };
    const text = encodeReport(head, JSON.stringify(changes.type === 'page' ? { ...changes, isLast } : changes));
    return JSON.parse(text);
  });
const answer = fc.oneof({ weight: 6, arbitrary: asText(nearly(report)) }, oddValue);

const at = fc.integer();
const id = fc.constantFrom('p1', 'p2', '__proto__');
const kind = fc.constantFrom('genserver', 'supervisor');
const error = fc.record({ name: id, message: fc.string(), stack: fc.string() }, { requiredKeys: ['name', 'message'] });
const entry = fc.oneof(
  fc.record({ type: fc.constant('process_started'), at, id, kind }),
  fc.record({ type: fc.constant('process_crashed'), at, id, kind, error }),
  fc.record({
    type: fc.constant('process_exited'),
    at,
    id,
    kind,
    reason: fc.oneof(fc.constant('normal'), fc.record({ error })),
  }),
  fc.record({
    type: fc.constant('child_restarted'),
    ...{ at, id, kind, supervisorId: id, childId: id, oldId: id, attempt: fc.nat() },
  }),
  fc.record({
    type: fc.constant('child_restart_failed'),
    ...{ at, id, supervisorId: id, childId: id, error, attempt: fc.nat() },
  }),
  fc.record({
    type: fc.constant('supervisor_gave_up'),
    ...{ at, id, maxRestarts: fc.nat(), withinMs: fc.nat(), childId: id, error },
  }),
  fc.record({ type: fc.constant('loop_blocked'), at, id, ms: fc.nat() }),
);
const part = fc.record({ incarnation: fc.nat(2), position: fc.nat(9), entries: fc.array(entry, { maxLength: 8 }) });
const logText = fc.oneof({ weight: 6, arbitrary: asText(nearly(part)) }, oddValue);

/** What the honest node reports. */
function honestReport(): string {
  const model = evolveAll(emptyModel(now), [
    { type: 'process_spawned', id: 'p1', kind: 'genserver', seq: 1, at: 1, monotonic: 1 },
    { type: 'process_started', id: 'p1', kind: 'genserver', seq: 2, at: 2, monotonic: 2 },
  ]);
  const head = { incarnation: 1, version: model.version, timestamp: 0, memory: MEMORY };
  return encodeReport(head, JSON.stringify(changesSince(model, undefined)));
}

/** No report of a node harms its reader, or what is known of other nodes. */
export const reports: Target = {
  name: 'reports',
  share: 18,
  run: (cases, measure) =>
    cases.each(
      fc.record({
        answers: fc.array(answer, { minLength: 1, maxLength: 4 }),
        pushes: fc.array(answer, { maxLength: 3 }),
      }),
      async ({ answers, pushes }) => {
        let time = 0;
        let asked = 0;
        const reader = new NodeReplicas<string>({
          now: () => time,
          monotonic: () => time,
          request: async () => {
            time += 10;
            asked += 1;
            return answers[asked % answers.length];
          },
        });
        reader.accept('honest', honestReport());
        const honest = reader.states.get('honest');
        await reader
          .ask(
            'evil',
            REPORT,
            timeBudget(100, () => time),
          )
          .catch((thrown: unknown) => {
            if (!(thrown instanceof TypeError || thrown instanceof NodeTimeoutError)) throw thrown;
          });
        if (asked > 12) throw new Error(`it asked ${asked} times`);
        for (const text of pushes) {
          try {
            measure(String(text), () => reader.accept('evil', text));
          } catch (thrown) {
            if (!(thrown instanceof TypeError)) throw thrown;
          }
        }
        if (reader.states.get('honest') !== honest) throw new Error('what is known of another node changed');
        show(reader.states);
        checkPrototypes();
      },
    ),
};

/** What is read of it is shown. */
function show(frames: NodeStates): void {
  const nodes = [...frames.values()].map(({ nodeId, incarnation }) => ({
    nodeId,
    incarnation,
    link: 'connected' as const,
  }));
  const snapshot = clusterSnapshot(frames, { timestamp: 0, monotonic: 0, localNodeId: 'honest', nodes });
  latencyOf(snapshot);
  for (const { snapshot: shown } of snapshot.nodes) {
    JSON.stringify([shown, shown?.tree]);
    if (shown !== null && shown.processCount > MAX_ROWS) throw new Error('more rows than a node may have');
  }
}

/** The same of the log. */
export const log: Target = {
  name: 'log',
  share: 10,
  run: (cases, measure) =>
    cases.each(
      fc.record({ answer: logText, pushes: fc.array(logText, { maxLength: 4 }) }),
      async ({ answer, pushes }) => {
        const entries: LogEntry[] = [];
        const changes = new Subject<ObservedChange<string>>();
        const errors: unknown[] = [];
        let notify: (body: unknown, from: string) => void = () => undefined;
        const ended = clusterLog<string>({
          now,
          local: undefined,
          localNode: () => undefined,
          members: () => [{ id: 'evil', incarnation: 1, status: 'connected' }],
          changes: { subscribe: (listener) => unsubscriber(changes.subscribe(listener)) },
          request: async () => answer,
          onNotify: (topic, handler) => {
            if (topic === LOG) notify = handler;
            return () => undefined;
          },
          onError: (thrown) => errors.push(thrown),
        }).subscribe({
          next: (each) => entries.push(each),
          error: (thrown: unknown) => {
            throw thrown;
          },
        });
        await Promise.resolve();
        for (const text of pushes) measure(String(text), () => notify(text, 'evil'));
        const before = entries.length;
        notify(
          JSON.stringify({
            incarnation: 1,
            position: 1,
            entries: [{ type: 'process_started', at: 1, id: 'p', kind: 'genserver' }],
          }),
          'honest',
        );
        if (entries.length !== before + 1) throw new Error('the log of another node is not heard');
        if (entries.some(({ nodeId }) => nodeId !== 'evil' && nodeId !== 'honest'))
          throw new Error('it spoke for another');
        if (entries.length > (pushes.length + 2) * (LOG_CAPACITY + 1)) throw new Error('more entries than are kept');
        if (errors.some((thrown) => !(thrown instanceof TypeError))) throw errors[0];
        ended.unsubscribe();
        checkPrototypes();
      },
    ),
};

function unsubscriber(subscription: { unsubscribe(): void }): () => void {
  return () => subscription.unsubscribe();
}
