import { snapshotOf } from '../../streams/create-snapshot.js';
import type { UnstampedEvent } from '../../streams/events.js';
import { emptyModel, evolveAll } from '../../streams/node-model.js';
import type { ClusterObserverSnapshot, NodeObserverSnapshot, ObserverSnapshot } from '../../streams/snapshot.js';
import { server, stamped } from './events.js';

/** What a process of a snapshot has done so far. */
export interface Done {
  readonly messages?: number;
  readonly queue?: number;
  /** For how long one of its messages waited, and took, ms. */
  readonly latency?: readonly [wait: number, handle: number];
}

/** A node at `at` ms, with servers that have done so much. */
export function nodeAt(at: number, servers: Readonly<Record<string, Done>>): ObserverSnapshot {
  const facts = Object.entries(servers).flatMap(([id, { messages = 0, queue = 0, latency }]): UnstampedEvent[] => [
    ...server(id),
    {
      type: 'messages_handled',
      id,
      calls: 0,
      casts: messages,
      infos: 0,
      queueSize: queue,
      ...(latency !== undefined && { samples: [...latency.map((ms) => ms * 1000), 1] }),
    },
  ]);
  return snapshotNow(at, facts);
}

/** A node at `at` ms, after these facts. */
export function snapshotNow(at: number, facts: readonly UnstampedEvent[]): ObserverSnapshot {
  const model = evolveAll(
    emptyModel(() => at),
    stamped(facts),
  );
  return snapshotOf(
    model,
    { timestamp: at, monotonic: at },
    { heapUsed: 0, heapTotal: 0, external: 0, rss: 0, timestamp: at },
  );
}

/** A cluster of such nodes; `null`: not connected. */
export function clusterOf(nodes: Readonly<Record<string, ObserverSnapshot | null>>): ClusterObserverSnapshot {
  const rows = Object.entries(nodes).map(
    ([nodeId, snapshot]): NodeObserverSnapshot => ({
      nodeId,
      status: snapshot === null ? 'disconnected' : 'connected',
      snapshot,
      lastUpdate: 0,
    }),
  );
  const aggregated = {
    totalProcessCount: 0,
    totalServerCount: 0,
    totalSupervisorCount: 0,
    totalMessages: 0,
    totalRestarts: 0,
    connectedNodeCount: 0,
    totalNodeCount: rows.length,
  };
  const names = { globalNames: [], groups: [], omitted: 0 };
  return { timestamp: 0, monotonic: 0, localNodeId: 'a', nodes: rows, aggregated, names };
}
