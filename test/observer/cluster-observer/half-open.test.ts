import { describe, expect, test } from 'vitest';
import type { ClusterObserverSnapshot } from '../../../src/runtime/runtime-options.js';
import type { LogEntry } from '../../../streams/log-entries.js';
import { threeNodes } from '../../helpers/observed-cluster.js';
import { counter } from '../../helpers/servers.js';

describe('a link that only the observed node noticed to be broken', () => {
  // Of the two, one may go on with the new link at once; the other asks over the old one first.
  test.each([
    [0, 1],
    [1, 0],
  ])('does not end its reports (node %i of node %i)', async (looking, observed) => {
    const [runtime, ...nodes] = await threeNodes();
    const [a, b] = [nodes[looking], nodes[observed]];
    if (a === undefined || b === undefined) throw new Error('there are three nodes');
    const entries: LogEntry[] = [];
    let seen: ClusterObserverSnapshot | undefined;
    a.ClusterObserver.log$.subscribe((entry) => entries.push(entry));
    a.ClusterObserver.snapshot$.subscribe((snapshot) => {
      seen = snapshot;
    });
    await runtime.run(2000);
    runtime.network.sever(b.address, a.address);
    await runtime.run(10_000);
    const ref = await b.GenServer.start(counter, { name: 'later' });
    await runtime.run(5000);
    const row = seen?.nodes.find(({ nodeId }) => nodeId === b.id);
    expect(row?.status).toBe('connected');
    expect(row?.snapshot?.processCount).toBe(5);
    expect(entries.at(-1)).toMatchObject({ type: 'process_started', id: ref.id });
  });
});
