import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { clusterNames, type NodeRegistrations } from '../../streams/cluster-names.js';
import { emptyModel, evolveAll } from '../../streams/index.js';
import { clusterSnapshot } from '../../streams/merge-nodes.js';
import { createNodeState } from '../../streams/node-report.js';
import { emptyNodeStates, withNodeState } from '../../streams/node-states.js';
import { server, stamped } from '../helpers/events.js';

const name = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const registrations = fc.record(
  {
    globalNames: fc.uniqueArray(fc.record({ name, since: fc.nat() }), { selector: (owned) => owned.name }),
    groups: fc.uniqueArray(name),
    omitted: fc.nat(5),
  },
  { requiredKeys: ['globalNames', 'groups'] },
);
const process = (id: string) =>
  fc.record({ registrations: fc.option(registrations, { nil: undefined }) }).map((rest) => ({ id, ...rest }));
const processes = fc.tuple(process('p1'), process('p2'), process('p3'));
const cluster: fc.Arbitrary<readonly NodeRegistrations[]> = fc.tuple(processes, processes).map(([a, b]) => [
  { nodeId: 'nodeA', processes: a },
  { nodeId: 'nodeB', processes: b },
]);

/** All registrations of all processes, one by one. */
const all = (nodes: readonly NodeRegistrations[]) =>
  nodes.flatMap(({ nodeId, processes }) =>
    [...processes].flatMap(({ id, registrations }) =>
      registrations === undefined ? [] : [{ nodeId, id, registrations }],
    ),
  );

describe('the names of a cluster', () => {
  test.prop([cluster])('have each owner of each name, the earliest first', (nodes) => {
    const { globalNames } = clusterNames(nodes);
    const merged = globalNames.flatMap(({ name, owners }) => owners.map((owner) => ({ name, ...owner })));
    const owned = all(nodes).flatMap(({ nodeId, id, registrations }) =>
      registrations.globalNames.map(({ name, since }) => ({ name, nodeId, id, since })),
    );
    expect(merged).toHaveLength(owned.length);
    expect(merged).toEqual(expect.arrayContaining(owned));
    for (const { owners } of globalNames) {
      const times = owners.map(({ since }) => since);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  test.prop([cluster])('have each member of each group, by node, and their number', (nodes) => {
    const { groups } = clusterNames(nodes);
    const merged = groups.flatMap(({ name, nodes }) =>
      nodes.flatMap(({ nodeId, ids }) => ids.map((id) => ({ name, nodeId, id }))),
    );
    const members = all(nodes).flatMap(({ nodeId, id, registrations }) =>
      registrations.groups.map((name) => ({ name, nodeId, id })),
    );
    expect(merged).toHaveLength(members.length);
    expect(merged).toEqual(expect.arrayContaining(members));
    for (const { name, memberCount } of groups)
      expect(memberCount).toBe(members.filter((member) => member.name === name).length);
  });

  test.prop([cluster])('are in order, each once, and count what is not listed', (nodes) => {
    const { globalNames, groups, omitted } = clusterNames(nodes);
    for (const list of [globalNames, groups]) {
      const names = list.map(({ name }) => name);
      expect(names).toEqual([...new Set(names)].sort());
    }
    expect(omitted).toBe(all(nodes).reduce((sum, { registrations }) => sum + (registrations.omitted ?? 0), 0));
  });

  test('do not include those of a node that is not connected, because its names are free', () => {
    const model = evolveAll(
      emptyModel(() => 0),
      stamped([...server('p1'), { type: 'global_name_registered', id: 'p1', name: 'leader' }]),
    );
    const memory = { heapUsed: 0, heapTotal: 0, external: 0, rss: 0 };
    const moment = { timestamp: 0, monotonic: 0 };
    const states = withNodeState(
      emptyNodeStates,
      createNodeState('nodeA', { incarnation: 1, timestamp: 0, memory }, model, moment),
    );
    const seen = (link: 'connected' | 'disconnected') =>
      clusterSnapshot(states, { ...moment, localNodeId: 'nodeB', nodes: [{ nodeId: 'nodeA', incarnation: 1, link }] });
    expect(seen('connected').names.globalNames).toMatchObject([
      { name: 'leader', owners: [{ nodeId: 'nodeA', id: 'p1' }] },
    ]);
    expect(seen('disconnected').names.globalNames).toEqual([]);
  });
});
