import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../../streams/log-entries.js';
import { type ObservedCluster, type ObservedNode, threeNodes } from '../../helpers/observed-cluster.js';
import { counter } from '../../helpers/servers.js';
import { createTestRuntime } from '../../helpers/test-runtime.js';

const NAME_EVENTS = /^(global_name|group)_/;

function eventsOf({ Observer }: Pick<ObservedNode, 'Observer'>): object[] {
  const events: object[] = [];
  Observer.events$.subscribe(({ seq: _s, at: _a, monotonic: _m, ...event }) => {
    if (NAME_EVENTS.test(event.type)) events.push(event);
  });
  return events;
}

describe('the snapshot of a node', () => {
  test('has the global names and groups of its processes, without a cluster, too', async () => {
    const { GenServer, GlobalRegistry, ProcessGroups, Observer } = createTestRuntime();
    const events = eventsOf({ Observer });
    const ref = await GenServer.start(counter);
    await GlobalRegistry.register('billing', ref);
    ProcessGroups.join('workers', ref);
    ProcessGroups.join('workers', ref);
    const [row] = Observer.getServerStats();
    expect(row?.registrations).toEqual({
      globalNames: [{ name: 'billing', since: expect.any(Number) }],
      groups: ['workers'],
    });
    ProcessGroups.leave('workers', ref);
    await GlobalRegistry.unregister('billing');
    expect(Observer.getServerStats()[0]?.registrations).toEqual({ globalNames: [], groups: ['workers'] });
    ProcessGroups.leave('workers', ref);
    expect(events).toEqual([
      { type: 'global_name_registered', name: 'billing', id: ref.id },
      { type: 'group_joined', group: 'workers', id: ref.id },
      { type: 'global_name_unregistered', name: 'billing', id: ref.id },
      { type: 'group_left', group: 'workers', id: ref.id },
    ]);
  });

  test('has the name of a process that was started under a global name', async () => {
    const { GenServer, Observer } = createTestRuntime();
    const ref = await GenServer.start(counter, { name: 'billing', registration: 'global' });
    expect(Observer.getServerStats()).toMatchObject([
      { id: ref.id, registrations: { globalNames: [{ name: 'billing' }] } },
    ]);
  });

  test('has no name that no process got: its init failed, or another process has the name', async () => {
    const { GenServer, GlobalRegistry, Observer } = createTestRuntime();
    const events = eventsOf({ Observer });
    const owner = await GenServer.start(counter);
    await GlobalRegistry.register('billing', owner);
    await expect(GenServer.start(counter, { name: 'billing', registration: 'global' })).rejects.toThrow();
    expect(events).toEqual([{ type: 'global_name_registered', name: 'billing', id: owner.id }]);
  });
});

/** Registers `leader` on node B, and lets a process of each node join `workers`. */
async function withNames(cluster: ObservedCluster, nodes: readonly ObservedNode[]) {
  const ids: string[] = [];
  for (const [at, { GenServer, GlobalRegistry, ProcessGroups }] of nodes.entries()) {
    const ref = await GenServer.start(counter);
    ids.push(ref.id);
    ProcessGroups.join('workers', ref);
    if (at === 1) await cluster.settle(GlobalRegistry.register('leader', ref));
  }
  await cluster.run(1000);
  return ids;
}

describe('the snapshot of a cluster', () => {
  test('has the owner of each global name, and the members of each group by node', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const [idA, idB, idC] = await withNames(cluster, [a, b, c]);
    const { names } = await cluster.settle(a.ClusterObserver.getClusterSnapshot({ useCache: false }));
    expect(names).toEqual({
      globalNames: [{ name: 'leader', owners: [{ nodeId: b.id, id: idB, since: expect.any(Number) }] }],
      groups: [
        {
          name: 'workers',
          nodes: [
            { nodeId: a.id, ids: [idA] },
            { nodeId: b.id, ids: [idB] },
            { nodeId: c.id, ids: [idC] },
          ],
          memberCount: 3,
        },
      ],
      omitted: 0,
    });
  });

  test('changes with the pushes of the nodes, and is without those of a node that is lost', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const [, idB] = await withNames(cluster, [a, b, c]);
    const seen: string[] = [];
    a.ClusterObserver.snapshot$.subscribe(({ names: { globalNames, groups } }) => {
      const owners = globalNames.map(({ name, owners }) => `${name}: ${owners.map(({ id }) => id)}`);
      const state = [...owners, ...groups.map(({ name, memberCount }) => `${name}: ${memberCount}`)].join(', ');
      if (seen.at(-1) !== state) seen.push(state);
    });
    await cluster.run(2000);
    expect(seen.at(-1)).toBe(`leader: ${idB}, workers: 3`);
    await cluster.settle(b.GlobalRegistry.unregister('leader'));
    await cluster.run(2000);
    expect(seen.at(-1)).toBe('workers: 3');
    cluster.network.cut(b.address, a.address);
    cluster.network.cut(b.address, c.address);
    await cluster.run(30_000);
    expect(seen.at(-1)).toBe('workers: 2');
  });

  test('has the counts of before: names and groups are in none of them', async () => {
    const [cluster, a, b, c] = await threeNodes();
    const { aggregated: before } = await cluster.settle(a.ClusterObserver.getClusterSnapshot({ useCache: false }));
    const ref = b.Registry.lookup('w1');
    await cluster.settle(b.GlobalRegistry.register('leader', ref));
    b.ProcessGroups.join('workers', ref);
    await cluster.run(1000);
    const { aggregated } = await cluster.settle(c.ClusterObserver.getClusterSnapshot({ useCache: false }));
    expect(aggregated).toEqual(before);
    expect(aggregated).toMatchObject({
      totalProcessCount: 12,
      totalServerCount: 9,
      totalSupervisorCount: 3,
      totalMessages: 90,
    });
  });
});

describe('a conflict of a global name after a partition', () => {
  test.each([
    ['kill', 'killed'],
    ['notify', 'notified'],
  ] as const)(
    'is one entry of the log on each side; with onConflict: %s the loser was %s',
    async (onConflict, outcome) => {
      const [cluster, a, b, c] = await threeNodes();
      const entries: LogEntry[] = [];
      c.ClusterObserver.log$.subscribe((entry) => entries.push(entry));
      for (const { address } of [b, c]) cluster.network.cut(a.address, address);
      await cluster.run(20_000);
      const early = await a.GenServer.start(counter);
      await cluster.settle(a.GlobalRegistry.register('leader', early));
      await cluster.run(1000);
      const late = await b.GenServer.start(counter, { name: 'late' });
      await cluster.settle(b.GlobalRegistry.register('leader', late, { onConflict }));
      cluster.network.heal();
      await cluster.run(30_000);
      const conflicts = entries.filter(({ type }) => type === 'global_name_conflict');
      expect(conflicts.toSorted((x, y) => (x.nodeId < y.nodeId ? -1 : 1))).toMatchObject([
        { nodeId: a.id, id: early.id, globalName: 'leader', outcome: 'kept', otherId: late.id, otherNodeId: b.id },
        {
          nodeId: b.id,
          id: late.id,
          name: 'late',
          globalName: 'leader',
          outcome,
          otherId: early.id,
          otherNodeId: a.id,
        },
      ]);
    },
  );
});
