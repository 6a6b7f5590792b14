import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { NodeId } from '../../../src/cluster/node-id.js';
import type { GenServerBehavior } from '../../../src/process/gen-server-types.js';
import { serializeError } from '../../../src/process/serialize-error.js';
import { attach } from '../../../src/runtime/attach.js';
import type { SerializedError } from '../../../streams/events.js';
import { LOG_CAPACITY, type LogEntry, localLogEntryOf } from '../../../streams/log-entries.js';
import { decodeLogPart } from '../../../streams/log-part.js';
import { ObservedCluster, type ObservedNode, threeNodes } from '../../helpers/observed-cluster.js';
import { counter } from '../../helpers/servers.js';

const fragile: GenServerBehavior<null, never, 'fall'> = {
  init: () => null,
  handleCall: (_message, state) => [undefined, state],
  handleCast: () => {
    throw new TypeError('fell over');
  },
};

function logOf(node: Pick<ObservedNode, 'ClusterObserver'>): LogEntry[] {
  const entries: LogEntry[] = [];
  node.ClusterObserver.log$.subscribe((entry) => entries.push(entry));
  return entries;
}

/** Has processes crash as they start, of an error whose every text is this. */
async function crash({ GenServer }: Pick<ObservedNode, 'GenServer'>, text: string, times: number): Promise<void> {
  const init = () => {
    throw Object.assign(new Error(text), { name: text, code: text });
  };
  for (let i = 0; i < times; i += 1) await GenServer.start({ ...fragile, init }).catch(() => undefined);
}

const onlyOf = (entries: readonly LogEntry[], type: LogEntry['type']) => entries.filter((entry) => entry.type === type);

describe('the log of a cluster', () => {
  test('has what happened before the subscription, on every node, each thing once', async () => {
    const [runtime, a, b, c] = await threeNodes();
    const entries = logOf(a);
    await runtime.run(1000);
    for (const { id } of [a, b, c]) {
      const started = onlyOf(entries, 'process_started').filter(({ nodeId }) => nodeId === id);
      expect(started.map((entry) => ('name' in entry ? entry.name : undefined))).toEqual(['w1', 'w2', 'w3', undefined]);
    }
    expect(entries.length).toBe(12);
  });

  test('has a crash and a restart elsewhere as they happen, with the error and the name', async () => {
    const [runtime, a, b] = await threeNodes();
    const entries = logOf(a);
    await runtime.run(1000);
    entries.length = 0;
    const start = () => b.GenServer.start(fragile, { name: 'fragile' });
    const supervisor = await b.Supervisor.start({ children: [{ id: 'one', start }] });
    const ref = b.Supervisor.getChild(supervisor, 'one')?.ref;
    if (ref === undefined) throw new Error('it did not start');
    b.GenServer.cast(b.Registry.lookup('fragile'), 'fall');
    await runtime.run(500);
    expect(entries.filter(({ type }) => type !== 'process_started')).toMatchObject([
      {
        type: 'process_crashed',
        nodeId: b.id,
        id: ref.id,
        name: 'fragile',
        childId: 'one',
        error: { message: 'fell over' },
      },
      { type: 'process_exited', nodeId: b.id, id: ref.id, name: 'fragile', reason: { error: { name: 'TypeError' } } },
      { type: 'child_restarted', nodeId: b.id, name: 'fragile', oldId: ref.id, childId: 'one', attempt: 1 },
    ]);
  });

  test('has why a restart failed elsewhere, and why its supervisor gave up', async () => {
    const [runtime, a, b] = await threeNodes();
    const entries = logOf(a);
    await runtime.run(1000);
    let starts = 0;
    const start = async () => {
      starts += 1;
      if (starts === 2 || starts === 3) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      return b.GenServer.start(fragile, { name: 'fragile' });
    };
    const supervisor = await b.Supervisor.start({ children: [{ id: 'one', start }] });
    const other = await b.Supervisor.start({
      name: 'strict',
      restartIntensity: { maxRestarts: 0, withinMs: 0.5 },
      children: [{ id: 'two', start: () => b.GenServer.start(fragile, { name: 'other' }) }],
    });
    const ref = b.Supervisor.getChild(supervisor, 'one')?.ref;
    b.GenServer.cast(b.Registry.lookup('fragile'), 'fall');
    b.GenServer.cast(b.Registry.lookup('other'), 'fall');
    await runtime.run(500);
    const failed = { nodeId: b.id, id: ref?.id, supervisorId: supervisor.id, childId: 'one' };
    const error = { message: 'refused', code: 'ECONNREFUSED' };
    expect(onlyOf(entries, 'child_restart_failed')).toMatchObject([
      { ...failed, error, attempt: 1 },
      { ...failed, error, attempt: 2 },
    ]);
    expect(onlyOf(entries, 'supervisor_gave_up')).toMatchObject([
      { nodeId: b.id, id: other.id, name: 'strict', maxRestarts: 0, withinMs: 0.5, childId: 'two' },
    ]);
  });

  test('calls a process by no name that it has given up', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const entries = logOf(a);
    const ref = await a.GenServer.start(counter, { name: 'former' });
    a.Registry.unregister('former');
    const other = await a.GenServer.start(counter, { name: 'former' });
    await a.GenServer.stop(ref);
    await a.GenServer.stop(other);
    await runtime.run(500);
    const ends = onlyOf(entries, 'process_exited').map((entry) => ('name' in entry ? entry.name : undefined));
    expect(ends).toEqual([undefined, 'former']);
  });

  test('has nodes that come and go', async () => {
    const [runtime, a, b, c] = await threeNodes();
    const entries = logOf(a);
    await runtime.run(1000);
    runtime.network.kill(c.address);
    await runtime.settle(b.Cluster.stop());
    await runtime.start('nodeD');
    await runtime.run(2000);
    expect(entries.filter(({ type }) => type.startsWith('node_'))).toMatchObject([
      { type: 'node_down', nodeId: c.id, reason: 'connection_closed' },
      { type: 'node_down', nodeId: b.id, reason: 'graceful_shutdown' },
      { type: 'node_up', nodeId: expect.stringContaining('nodeD') },
    ]);
    expect(onlyOf(entries, 'process_started').filter(({ nodeId }) => nodeId.startsWith('nodeD')).length).toBe(4);
  });

  test('goes on where it stopped after a link was lost', async () => {
    const [runtime, a, b] = await threeNodes();
    const entries = logOf(a);
    await runtime.run(1000);
    entries.length = 0;
    runtime.network.sever(a.address, b.address);
    runtime.network.sever(b.address, a.address);
    const ref = await b.GenServer.start(counter, { name: 'meanwhile' });
    await runtime.run(5000);
    expect(onlyOf(entries, 'process_started')).toMatchObject([{ nodeId: b.id, id: ref.id, name: 'meanwhile' }]);
    expect(onlyOf(entries, 'node_up').length).toBe(1);
  });

  test('has nothing twice of a node that leaves and comes back with the same processes', async () => {
    const [runtime, a, b] = await threeNodes();
    const entries = logOf(a);
    await runtime.run(1000);
    await runtime.settle(b.Cluster.stop());
    await b.GenServer.start(counter, { name: 'meanwhile' });
    const { name: nodeName, port } = NodeId.parts(b.id);
    await b.Cluster.start({ nodeName, port, seeds: [a.id] });
    await runtime.run(3000);
    const started = onlyOf(entries, 'process_started').filter(({ nodeId }) => nodeId === b.id);
    const names = started.map((entry) => ('name' in entry ? entry.name : undefined));
    expect(names).toEqual(['w1', 'w2', 'w3', undefined, 'meanwhile']);
  });

  test('has nothing twice of a node that was forgotten meanwhile', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.start('nodeB', {}, { forgetAfterMs: 8000 });
    await runtime.run(1000);
    const entries = logOf(b);
    await runtime.run(1000);
    runtime.network.cut(a.address, b.address);
    await runtime.run(20_000);
    expect(b.Cluster.getNodes()).toEqual([]);
    runtime.network.heal();
    await runtime.run(30_000);
    expect(onlyOf(entries, 'node_up').length).toBe(1);
    expect(onlyOf(entries, 'process_started').filter(({ nodeId }) => nodeId === a.id).length).toBe(4);
  });

  test('reaches a reader that was too slow for it, even if nothing happens any more', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.start('nodeB');
    await runtime.run(1000);
    const entries = logOf(a);
    await runtime.run(1000);
    entries.length = 0;
    runtime.network.cut(a.address, b.address);
    await crash(b, 'x'.repeat(10_000), 300);
    await runtime.run(1000);
    const ref = await b.GenServer.start(counter, { name: 'last' });
    await runtime.run(1000);
    runtime.network.heal();
    await runtime.run(5000);
    expect(onlyOf(entries, 'node_down')).toEqual([]);
    expect(entries.at(-1)).toMatchObject({ type: 'process_started', id: ref.id, name: 'last' });
    expect(onlyOf(entries, 'missed').length).toBeLessThanOrEqual(1);
  });

  test('loses nothing by a node that is slow to answer', async () => {
    const runtime = new ObservedCluster();
    const patient = { heartbeatMissThreshold: 60 };
    const a = await runtime.start('nodeA', {}, patient);
    const b = await runtime.start('nodeB', {}, patient);
    await runtime.run(1000);
    runtime.network.freeze(b.address);
    const entries = logOf(a);
    await runtime.run(8000);
    runtime.network.thaw(b.address);
    await b.GenServer.start(counter, { name: 'later' });
    await runtime.run(2000);
    const started = onlyOf(entries, 'process_started').filter(({ nodeId }) => nodeId === b.id);
    expect(started.length).toBe(5);
  });

  test('comes in parts that fit, whatever errors are made of', async () => {
    const [runtime, a, b] = await threeNodes();
    const entries = logOf(a);
    await runtime.run(1000);
    entries.length = 0;
    await crash(b, '\0'.repeat(10_000), LOG_CAPACITY / 2);
    await runtime.run(15_000);
    expect(onlyOf(entries, 'process_crashed').length).toBe(LOG_CAPACITY / 2);
    const late = logOf(await runtime.start('nodeD'));
    await runtime.run(15_000);
    expect(onlyOf(late, 'process_crashed').length).toBe(LOG_CAPACITY / 2);
    expect([...onlyOf(entries, 'missed'), ...a.errors, ...b.errors]).toEqual([]);
  });

  test('says how many entries are missing when more happened at once than is kept', async () => {
    const [runtime, a, b] = await threeNodes();
    const entries = logOf(a);
    await runtime.run(1000);
    entries.length = 0;
    await Promise.all(Array.from({ length: LOG_CAPACITY + 100 }, () => b.GenServer.start(counter)));
    await runtime.run(500);
    expect(onlyOf(entries, 'missed')).toMatchObject([{ nodeId: b.id, count: 100 }]);
    expect(onlyOf(entries, 'process_started').length).toBe(LOG_CAPACITY);
  });

  test('is the same for a later subscriber, and for an observer from outside', async () => {
    const [runtime, a] = await threeNodes();
    const first = logOf(a);
    await runtime.run(1000);
    const second = logOf(a);
    expect(second).toEqual(first);
    const transport = runtime.network.transport();
    const attached = await runtime.settle(attach(a.id, { clock: transport.clock, transport }));
    const outside: LogEntry[] = [];
    attached.log$.subscribe((entry) => outside.push(entry));
    await runtime.run(1000);
    const sorted = (entries: readonly LogEntry[]) => entries.map((entry) => JSON.stringify(entry)).sort();
    expect(sorted(outside)).toEqual(sorted(first));
    await runtime.settle(attached.detach());
  });

  test('leaves out the entries of types that only a later version knows, and nothing else', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    await runtime.run(1000);
    const entries = logOf(a);
    const started = (id: string) => ({ type: 'process_started', at: 1, id, kind: 'genserver' });
    const later = { type: 'child_moved', at: 1, from: 'x' };
    b.rpc.notify(a.id, 'observer.log', { incarnation: 1, position: 3, entries: [started('p1'), later, started('p2')] });
    await runtime.run(100);
    expect(entries.filter(({ nodeId }) => nodeId === b.id)).toMatchObject([started('p1'), started('p2')]);
    expect(a.errors).toEqual([]);
  });

  test('costs a node nothing without a reader', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const b = await runtime.startBare('nodeB');
    await runtime.run(1000);
    let pushed = 0;
    b.rpc.onNotify('observer.log', () => {
      pushed += 1;
    });
    const happen = async () => {
      await a.GenServer.stop(await a.GenServer.start(counter));
      await runtime.run(1000);
    };
    await happen();
    expect(pushed).toBe(0);
    await runtime.settle(b.rpc.request(a.id, 'observer.log', null, 1000));
    await happen();
    expect(pushed).toBe(1);
    await runtime.settle(b.rpc.request(a.id, 'observer.unlog', null, 1000));
    await happen();
    expect(pushed).toBe(1);
    await runtime.settle(b.rpc.request(a.id, 'observer.log', null, 1000));
    await runtime.settle(Promise.all([a.Cluster.stop(), b.cluster.stop()]));
    await runtime.run(15_000);
    expect(runtime.clock.pendingTimers).toBe(0);
  });

  test('keeps of an error what fits', async () => {
    const runtime = new ObservedCluster();
    const a = await runtime.start('nodeA');
    const entries = logOf(a);
    const ref = await a.GenServer.start({
      ...fragile,
      handleCast: () => {
        throw new Error('x'.repeat(1_000_000));
      },
    });
    a.GenServer.cast(ref, 'fall');
    await runtime.run(500);
    expect(JSON.stringify(onlyOf(entries, 'process_crashed')).length).toBeLessThan(7000);
  });
});

describe('an error in the log', () => {
  test('keeps its causes, shortened', () => {
    let error = new Error('deepest');
    for (let depth = 0; depth < 4; depth += 1) error = new Error('x'.repeat(5000), { cause: error });
    const entry = crashEntry(new AggregateError([error, error, error, error], 'all', { cause: error }));
    const chain: (string | undefined)[] = [];
    for (let at: SerializedError | undefined = entry.error; at !== undefined; at = at.cause)
      chain.push(at.message.slice(0, 7));
    expect(chain).toEqual(['all', 'xxxxxxx', 'xxxxxxx', 'xxxxxxx', 'xxxxxxx', 'deepest']);
    expect(JSON.stringify(entry).length).toBeLessThan(25_000);
    expect(decodeLogPart(JSON.stringify({ incarnation: 1, position: 1, entries: [entry] })).entries).toEqual([entry]);
  });
});

function crashEntry(error: Error) {
  const event = {
    type: 'process_crashed',
    seq: 1,
    at: 1,
    monotonic: 1,
    id: 'p1',
    kind: 'genserver',
    error: serializeError(error),
  } as const;
  const entry = localLogEntryOf(event, undefined);
  if (entry?.type !== 'process_crashed') throw new Error('a crash is an entry');
  return entry;
}

describe('what another node sends of its log', () => {
  property.prop([fc.jsonValue()])('is taken whole, or refused with a TypeError', (value) => {
    const json = JSON.stringify(value);
    try {
      expect(decodeLogPart(json)).toEqual(value);
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
    }
  });

  test('is taken when it is right', () => {
    const error = { ...causes(5), errors: [{ ...ERROR, code: 11000 }] };
    const entries = [
      { type: 'process_exited', at: 1, id: 'p1', kind: 'genserver', reason: 'normal' },
      { type: 'process_crashed', at: 1, id: 'p2', kind: 'genserver', childId: 'db', error },
    ];
    const part = { incarnation: 1, position: 2, entries };
    expect(decodeLogPart(JSON.stringify(part))).toEqual(part);
  });

  test.each([
    ['a type that is no text', { type: 7, at: 1, id: 'p1' }, 'log.entries[0].type'],
    ['no id', { type: 'process_started', at: 1, kind: 'genserver' }, 'log.entries[0].id'],
    ['a time that is none', { type: 'process_started', at: 'now', id: 'p1', kind: 'genserver' }, 'log.entries[0].at'],
    [
      'a bad reason',
      { type: 'process_exited', at: 1, id: 'p1', kind: 'genserver', reason: 'x' },
      'log.entries[0].reason',
    ],
    [
      'a cause that is no error',
      { type: 'process_crashed', at: 1, id: 'p1', kind: 'genserver', error: { ...ERROR, cause: 'x' } },
      'log.entries[0].error.cause',
    ],
    [
      'too many errors in one',
      {
        type: 'process_crashed',
        at: 1,
        id: 'p1',
        kind: 'genserver',
        error: { ...ERROR, errors: Array(9).fill(ERROR) },
      },
      'log.entries[0].error.errors',
    ],
    [
      'causes without an end',
      { type: 'process_crashed', at: 1, id: 'p1', kind: 'genserver', error: causes(8) },
      /error(\.cause){7} must be absent/,
    ],
    [
      'a code that is neither text nor number',
      { type: 'process_crashed', at: 1, id: 'p1', kind: 'genserver', error: { ...ERROR, code: {} } },
      'log.entries[0].error.code',
    ],
    [
      'a bad error',
      { type: 'process_crashed', at: 1, id: 'p1', kind: 'genserver', error: {} },
      'log.entries[0].error.name',
    ],
    [
      'a conflict without an outcome',
      { type: 'global_name_conflict', at: 1, id: 'p1', globalName: 'x', otherId: 'p2', otherNodeId: 'b' },
      'log.entries[0].outcome',
    ],
  ])('is refused when it has %s', (_, entry, field) => {
    const json = JSON.stringify({ incarnation: 1, position: 1, entries: [entry] });
    expect(() => decodeLogPart(json)).toThrow(field);
  });
});

const ERROR = { name: 'Error', message: 'x', stack: 'Error: x', code: 'E' };

function causes(depth: number): object {
  return depth === 0 ? ERROR : { ...ERROR, cause: causes(depth - 1) };
}
