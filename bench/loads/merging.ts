import { SimulatedClock } from '../../dist/src/clock.js';
import { createClusterPresence } from '../../dist/src/observer/cluster-presence.js';
import { NodeReplicas } from '../../dist/src/observer/node-replicas.js';
import { watchCluster } from '../../dist/src/observer/watch-cluster.js';
import type { RuntimeEvent, UnstampedEvent } from '../../dist/streams/events.js';
import { changesSince } from '../../dist/streams/model-changes.js';
import { emptyModel, evolveAll } from '../../dist/streams/node-model.js';
import { encodeReport } from '../../dist/streams/node-report.js';
import { schedulerOf } from '../../dist/streams/rx-scheduler.js';
import { median, type Samples } from '../measure.js';
import { atMost, type Row } from '../row.js';

const NODES = 1000;
const PROCESSES = 100;
const PUSHES_A_SECOND = 4;
const SECONDS = 4;
/** The pushes of the nodes are spread over time: so many nodes, and then time goes on, ms. */
const NODES_A_STEP = 100;
const STEP_MS = (NODES_A_STEP * 1000) / PUSHES_A_SECOND / NODES;
const ROUNDS = 7;
const WANTED = 0.1;

/** What a reader of 1,000 nodes spends on merging, of one core: each node pushes one changed row four times a second. */
export async function* run(): AsyncGenerator<Row> {
  const clock = new SimulatedClock();
  const ids = Array.from({ length: NODES }, (_, at) => `n${at}@127.0.0.1:4369`);
  const reports = reportsOfANode(1 + PUSHES_A_SECOND * SECONDS * (ROUNDS + 1));
  const { push, snapshot$ } = watched(ids, clock);
  const snapshots = { count: 0, processes: 0 };
  snapshot$.subscribe(({ aggregated }) => {
    snapshots.count += 1;
    snapshots.processes = aggregated.totalProcessCount;
  });
  const [first = '', ...others] = reports;
  for (const id of ids) push(id, first);

  const shares: number[] = [];
  for (let round = -1; round < ROUNDS; round += 1) {
    globalThis.gc?.();
    const before = process.cpuUsage();
    for (const text of others.splice(0, PUSHES_A_SECOND * SECONDS)) {
      ids.forEach((id, at) => {
        push(id, text);
        if (at % NODES_A_STEP === NODES_A_STEP - 1) clock.advance(STEP_MS);
      });
    }
    const { user, system } = process.cpuUsage(before);
    if (round >= 0) shares.push((user + system) / 1e6 / SECONDS);
  }
  if (snapshots.processes !== NODES * PROCESSES) throw new Error(`${snapshots.processes} processes were merged`);
  yield rowOf(shares, snapshots.count / (SECONDS * (ROUNDS + 1)));
}

function rowOf(shares: Samples, perSecond: number): Row {
  return {
    what: `${NODES} nodes, ${PUSHES_A_SECOND} pushes a second each, of one core`,
    unit: 'share',
    noex: shares,
    targets: [atMost(WANTED, median(shares), '10 %')],
    note: `${perSecond.toFixed(1)} snapshots a second; parsing the JSON included, the network not`,
  };
}

interface Watched {
  push(id: string, text: string): void;
  readonly snapshot$: ReturnType<typeof watchCluster<string>>;
}

function watched(ids: readonly string[], clock: SimulatedClock): Watched {
  let receive: (body: unknown, from: string) => void = () => undefined;
  const now = (): number => clock.now();
  const monotonic = (): number => clock.monotonic();
  const never = new Promise<never>(() => undefined);
  const silent = { subscribe: () => () => undefined };
  const ports = {
    now,
    monotonic,
    scheduler: schedulerOf(clock),
    role: 'observer' as const,
    local: undefined,
    localNode: () => ({ id: 'reader@127.0.0.1:4368', incarnation: 1 }),
    members: () => ids.map((id) => ({ id, incarnation: 1, status: 'connected' as const })),
    changes: silent,
    stopped: silent,
    links: () => [],
    request: () => never,
    onNotify: (_topic: string, handler: (body: unknown, from: string) => void) => {
      receive = handler;
      return () => undefined;
    },
    conflations: () => 0,
    onError: (error: unknown): never => {
      throw error;
    },
  };
  const replicas = new NodeReplicas<string>({ now, monotonic, request: ports.request });
  const presence = createClusterPresence(ports);
  // As the link does, which reads a frame within the limits of JSON, and then hands over the report.
  return {
    push: (id, text) => receive(JSON.parse(text), id),
    snapshot$: watchCluster({ ports, replicas, presence }),
  };
}

/** All rows of a node first, then one changed row each. */
function reportsOfANode(count: number): readonly string[] {
  const begun = Array.from({ length: PROCESSES }, (_, at) => started(`p${at}`)).flat();
  let model = evolveAll(
    emptyModel(() => 0),
    stamped(begun, 1),
  );
  return Array.from({ length: count }, (_, at) => {
    const before = at === 0 ? undefined : model.version;
    if (at > 0) model = evolveAll(model, stamped([handled(`p${at % PROCESSES}`)], begun.length + at));
    return encodeReport({ ...HEAD, version: model.version }, JSON.stringify(changesSince(model, before)));
  });
}

const HEAD = {
  incarnation: 1,
  timestamp: 1_790_000_000_000,
  monotonic: 12_345,
  memory: { heapUsed: 40_000_000, heapTotal: 60_000_000, external: 2_000_000, rss: 90_000_000 },
  vitals: {
    eventLoopUtilization: 0.1234,
    eventLoopDelay: { p50: 1.05, p99: 12.3 },
    cpu: 0.2345,
    uptimeMs: 1_234_567,
    observer: { msPerSecond: 1.2, eventsPerSecond: 400, bytesPerSecond: 4000 },
    flushIntervalMs: 50,
  },
};

function started(id: string): readonly UnstampedEvent[] {
  const kind = 'genserver';
  const named: readonly UnstampedEvent[] = id.endsWith('0')
    ? [{ type: 'name_registered', id, name: `worker_${id}` }]
    : [];
  return [{ type: 'process_spawned', id, kind }, { type: 'process_started', id, kind }, ...named];
}

function handled(id: string): UnstampedEvent {
  const samples = [12, 140, 1, 30, 155, 1, 45, 161, 1];
  return { type: 'messages_handled', id, calls: 2, casts: 1, infos: 0, queueSize: 0, samples };
}

function stamped(facts: readonly UnstampedEvent[], firstSeq: number): readonly RuntimeEvent[] {
  return facts.map((fact, at) => ({ ...fact, seq: firstSeq + at, at: HEAD.timestamp, monotonic: HEAD.monotonic }));
}
