import { fc } from '@fast-check/vitest';
import type { ProcessKind, RuntimeEvent, SupervisorStrategy, UnstampedEvent } from '../../streams/events.js';
import { latencyWindowOf } from '../../streams/latency.js';
import type { NodeModel } from '../../streams/node-model.js';
import type { GenServerStats } from '../../streams/snapshot.js';

/** Facts as events, one millisecond after another on either clock. */
export function stamped(facts: readonly UnstampedEvent[]): readonly RuntimeEvent[] {
  return facts.map((fact, index) => ({ ...fact, seq: index + 1, at: 1000 + index, monotonic: 1000 + index }));
}

/** A server that has started. */
export function server(id: string): readonly UnstampedEvent[] {
  return [
    { type: 'process_spawned', id, kind: 'genserver' },
    { type: 'process_started', id, kind: 'genserver' },
  ];
}

/** A supervisor that has started. */
export function supervisor(id: string, strategy: SupervisorStrategy = 'one_for_one'): readonly UnstampedEvent[] {
  return [
    { type: 'process_spawned', id, kind: 'supervisor', strategy },
    { type: 'process_started', id, kind: 'supervisor', strategy },
  ];
}

/** The rows and totals of a model as plain data, uptime included. */
export function rowsOf({ servers, supervisors, totals }: Pick<NodeModel, 'servers' | 'supervisors' | 'totals'>): {
  readonly servers: readonly object[];
  readonly supervisors: readonly object[];
  readonly totals: object | undefined;
} {
  return {
    servers: servers.rows.map(serverAsData),
    supervisors: supervisors.rows.map((row) => ({ ...row, uptimeMs: row.uptimeMs })),
    totals: totals && { all: totals.all, named: totals.named.rows.map(({ version: _version, ...row }) => row) },
  };
}

/** A server's row as plain data, with its uptime and the durations behind its latency. */
export function serverAsData(row: GenServerStats): object {
  const latency = latencyWindowOf(row).map(({ slice, wait, handle }) => ({ slice, wait, handle }));
  return { ...row, uptimeMs: row.uptimeMs, latency };
}

const id = fc.constantFrom('p1', 'p2', 'p3', 'p4', '__proto__');
const kind = fc.constantFrom<ProcessKind>('genserver', 'supervisor');
const strategy = fc.constantFrom<SupervisorStrategy>(
  'one_for_one',
  'one_for_all',
  'rest_for_one',
  'simple_one_for_one',
);
const name = fc.constantFrom('a', 'b');
const error = fc.constant({ name: 'Error', message: 'boom' });
const micros = fc.oneof(fc.nat(20), fc.nat(100_000_000));
const stamp = { seq: fc.nat(), at: fc.integer(), monotonic: fc.integer() };
const is = <const Type extends string>(type: Type): fc.Arbitrary<Type> => fc.constant(type);

/** Any event at all, about few processes so that they meet. */
export const anyEvent: fc.Arbitrary<RuntimeEvent> = fc.oneof(
  fc.record({ type: is('process_spawned'), id, kind, ...stamp }),
  fc.record({ type: is('process_spawned'), id, kind, strategy, ...stamp }),
  fc.record({ type: is('process_started'), id, kind, ...stamp }),
  fc.record({ type: is('process_stopping'), id, ...stamp }),
  fc.record({
    type: is('messages_handled'),
    id,
    calls: fc.nat(5),
    casts: fc.nat(5),
    infos: fc.nat(5),
    queueSize: fc.nat(5),
    ...stamp,
  }),
  fc.record({
    type: is('messages_handled'),
    id,
    calls: fc.nat(5),
    casts: fc.nat(5),
    infos: fc.nat(5),
    queueSize: fc.nat(5),
    samples: fc
      .array(fc.tuple(micros, micros, fc.integer({ min: 1, max: 100 })), { maxLength: 3 })
      .map((all) => all.flat()),
    ...stamp,
  }),
  fc.record({ type: is('loop_blocked'), id, ms: fc.nat(100), ...stamp }),
  fc.record({ type: is('process_crashed'), id, kind, error, ...stamp }),
  fc.record({ type: is('process_exited'), id, kind, reason: is('normal'), unhandled: fc.nat(3), ...stamp }),
  fc.record({ type: is('child_started'), supervisorId: id, childId: name, id, ...stamp }),
  fc.record({
    type: is('child_restarted'),
    supervisorId: id,
    childId: name,
    oldId: id,
    newId: id,
    kind,
    attempt: fc.nat(3),
    ...stamp,
  }),
  fc.record({
    type: is('child_restart_failed'),
    supervisorId: id,
    childId: name,
    oldId: id,
    error,
    attempt: fc.nat(3),
    ...stamp,
  }),
  fc.record({
    type: is('supervisor_gave_up'),
    id,
    maxRestarts: fc.nat(3),
    withinMs: fc.nat(5000),
    childId: name,
    error,
    ...stamp,
  }),
  fc.record({ type: is('global_name_registered'), name, id, ...stamp }),
  fc.record({ type: is('global_name_unregistered'), name, id, ...stamp }),
  fc.record({ type: is('group_joined'), group: name, id, ...stamp }),
  fc.record({ type: is('group_left'), group: name, id, ...stamp }),
  fc.record({
    type: is('global_name_conflict'),
    name,
    id,
    outcome: fc.constantFrom('kept' as const, 'killed' as const, 'notified' as const),
    otherId: id,
    otherNodeId: name,
    ...stamp,
  }),
  fc.record({ type: is('name_registered'), name, id, ...stamp }),
  fc.record({ type: is('name_unregistered'), name, id, ...stamp }),
);
