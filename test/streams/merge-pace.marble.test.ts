import { auditTime } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect, test } from 'vitest';
import { mergeNodes, type Presence } from '../../streams/merge-nodes.js';
import { emptyModel } from '../../streams/node-model.js';
import { createNodeState, type NodeState } from '../../streams/node-report.js';

const NODES = 1000;
const memory = { heapUsed: 1, heapTotal: 1, external: 1, rss: 1 };
const ids = Array.from({ length: NODES }, (_, at) => `n${at}`);
const presence: Presence = {
  timestamp: 0,
  monotonic: 0,
  localNodeId: 'n0',
  nodes: ids.map((nodeId) => ({ nodeId, incarnation: 1, link: 'connected' })),
};

function stateOf(nodeId: string): NodeState {
  const moment = { timestamp: 0, monotonic: 0 };
  return createNodeState(
    nodeId,
    { incarnation: 1, timestamp: 0, memory },
    emptyModel(() => 0),
    moment,
  );
}

test('a thousand nodes that push one after another are looked at once for each snapshot, and not for each push', () => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ cold, expectObservable, flush }) => {
    let reads = 0;
    const held = new Map(ids.map((id) => [id, stateOf(id)]));
    const states = {
      get(id: string) {
        reads += 1;
        return held.get(id);
      },
    };
    // A push in each of 300 ms; a snapshot at most every 100.
    const pushes = cold(`${'a'.repeat(300)}`, { a: states });
    const merged = mergeNodes(pushes, cold('p', { p: presence }), auditTime(100));
    const counts: number[] = [];
    merged.subscribe((snapshot) => counts.push(snapshot.aggregated.connectedNodeCount));
    expectObservable(cold('a')).toBe('a');
    flush();
    expect(counts).toEqual([NODES, NODES, NODES]);
    // Each snapshot reads a state for its row, and once for its moment.
    expect(reads).toBe(3 * 2 * NODES);
  });
});
