import { fc } from '@fast-check/vitest';
import type { UnstampedEvent } from '../../streams/events.js';
import { clusterSnapshot, type NodePresence } from '../../streams/merge-nodes.js';
import { emptyModel, evolve, evolveAll, type NodeModel } from '../../streams/node-model.js';
import { createNodeState } from '../../streams/node-report.js';
import type { ClusterObserverSnapshot } from '../../streams/snapshot.js';
import { anyEvent, server, stamped, supervisor } from './events.js';

const MEMORY = { heapUsed: 1, heapTotal: 2, external: 3, rss: 4 };
const NODES = ['a', 'b', 'c'] as const;

/** What there is on each node at the beginning: two levels, and a process without a supervisor. */
const fixture: readonly UnstampedEvent[] = [
  ...supervisor('p1'),
  ...supervisor('p2'),
  ...['p3', 'p4', '__proto__'].flatMap(server),
  { type: 'child_started', supervisorId: 'p1', childId: 'a', id: 'p2' },
  { type: 'child_started', supervisorId: 'p2', childId: 'a', id: 'p3' },
  { type: 'child_started', supervisorId: 'p2', childId: 'b', id: 'p4' },
];

const step = fc.record({
  nodeId: fc.constantFrom(...NODES),
  event: anyEvent,
  link: fc.constantFrom<NodePresence['link']>('connected', 'connected', 'connected', 'disconnected', 'timeout'),
  ms: fc.nat(5000),
  /** Now and then the wall clock is set. */
  clockStep: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -20_000, max: 20_000 }) },
  ),
});

/** What a reader saw of three nodes while all sorts of things happened: rows that did not change are the same objects. */
export const clusterHistory: fc.Arbitrary<readonly ClusterObserverSnapshot[]> = fc
  .array(step, { minLength: 1, maxLength: 30, size: 'max' })
  .map((steps) => {
    let now = 1_000_000;
    let wall = 0;
    const models = new Map<string, NodeModel>(
      NODES.map((nodeId) => [
        nodeId,
        evolveAll(
          emptyModel(() => now),
          stamped(fixture),
        ),
      ]),
    );
    const frames = new Map(NODES.map((nodeId) => [nodeId, frameNow(nodeId)] as const));
    const links = new Map<string, NodePresence['link']>();
    return steps.map(({ nodeId, event, link, ms, clockStep }) => {
      now += ms;
      wall += clockStep;
      models.set(nodeId, evolve(models.get(nodeId) ?? emptyModel(() => now), event));
      links.set(nodeId, link);
      if (link === 'connected') frames.set(nodeId, frameNow(nodeId));
      const nodes = NODES.map((id) => ({ nodeId: id, incarnation: 1, link: links.get(id) ?? ('connected' as const) }));
      return clusterSnapshot(frames, { ...moment(), localNodeId: 'a', nodes });
    });

    function frameNow(nodeId: (typeof NODES)[number]) {
      const model = models.get(nodeId) ?? emptyModel(() => now);
      return createNodeState(nodeId, { incarnation: 1, ...moment(), memory: MEMORY }, model, moment());
    }

    function moment() {
      return { timestamp: now + wall, monotonic: now };
    }
  });
