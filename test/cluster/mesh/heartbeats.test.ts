import { describe, expect, test } from 'vitest';
import { Heartbeats } from '../../../src/cluster/mesh/heartbeats.js';
import { NodeId } from '../../../src/cluster/node-id.js';

const id = NodeId.parse('nodeA@127.0.0.1:4369');
const [first, second] = [1, 2].map((incarnation) => ({ id, incarnation })) as [
  { id: NodeId; incarnation: number },
  { id: NodeId; incarnation: number },
];
const frame = { type: 'heartbeat', processCount: 4, uptimeMs: 5000 } as const;

describe('the latest heartbeat of a node', () => {
  test('is empty before the first one', () => {
    expect(new Heartbeats().latest(first)).toEqual({ lastHeardAt: null, processCount: 0, uptimeMs: 0 });
  });

  test('is kept for as long as it is the same incarnation, over a link that is lost and found', () => {
    const heartbeats = new Heartbeats();
    heartbeats.linked(first, 1);
    expect(heartbeats.latest(first)).toMatchObject({ lastHeardAt: 1, processCount: 0 });
    heartbeats.received(first, frame, 7);
    heartbeats.linked(first, 9);
    expect(heartbeats.latest(first)).toMatchObject({ lastHeardAt: 9, processCount: 4, uptimeMs: 5000 });
    expect(heartbeats.latest(second)).toMatchObject({ lastHeardAt: null, processCount: 0 });
    heartbeats.linked(second, 10);
    expect(heartbeats.latest(second)).toMatchObject({ lastHeardAt: 10, processCount: 0, uptimeMs: 0 });
  });

  test('is forgotten with the node', () => {
    const heartbeats = new Heartbeats();
    heartbeats.received(first, frame, 7);
    heartbeats.forget(id);
    expect(heartbeats.latest(first).lastHeardAt).toBeNull();
  });
});
