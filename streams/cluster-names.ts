import type { Registrations } from './registrations.js';

/** A process that owns a global name. */
export interface NameOwner {
  readonly nodeId: string;
  /** The process id. */
  readonly id: string;
  /** Since when the process owns the name, ms since the epoch on the clock of its node. */
  readonly since: number;
}

/** A global name of a cluster. */
export interface ClusterName {
  readonly name: string;
  /**
   * The owners, in the order of `since`. Usually there is one. There are several while a conflict after a partition is
   * not settled yet, or while the reports of some nodes are out of date.
   */
  readonly owners: readonly NameOwner[];
}

/** A group of a cluster. */
export interface ClusterGroup {
  readonly name: string;
  /** The members by node, in the order of the nodes in the snapshot. Nodes without members are left out. */
  readonly nodes: readonly {
    readonly nodeId: string;
    /** The process ids of the members, each once. */
    readonly ids: readonly string[];
  }[];
  /** The number of listed members on all nodes. */
  readonly memberCount: number;
}

/** The global names and the groups of the connected nodes of a cluster, both in alphabetical order. */
export interface ClusterNames {
  readonly globalNames: readonly ClusterName[];
  readonly groups: readonly ClusterGroup[];
  /**
   * The number of further global names and memberships, which nodes have left out of the rows of their processes. Those
   * of processes without a row are not counted.
   */
  readonly omitted: number;
}

/** The processes of one node, with their global names and groups. */
export interface NodeRegistrations {
  readonly nodeId: string;
  readonly processes: Iterable<{ readonly id: string; readonly registrations?: Registrations | undefined }>;
}

/** Merges the registrations of the processes of all nodes. */
export function clusterNames(nodes: readonly NodeRegistrations[]): ClusterNames {
  const owners = new Map<string, NameOwner[]>();
  const members = new Map<string, Map<string, string[]>>();
  let omitted = 0;
  for (const { nodeId, processes } of nodes) {
    for (const { id, registrations } of processes) {
      if (registrations === undefined) continue;
      for (const { name, since } of registrations.globalNames) {
        entryOf(owners, name, () => []).push(Object.freeze({ nodeId, id, since }));
      }
      for (const group of registrations.groups) {
        entryOf(
          entryOf(members, group, () => new Map()),
          nodeId,
          () => [],
        ).push(id);
      }
      omitted += registrations.omitted ?? 0;
    }
  }
  return Object.freeze({
    globalNames: Object.freeze(byName(owners).map(([name, all]) => nameOf(name, all))),
    groups: Object.freeze(byName(members).map(([name, byNode]) => groupOf(name, byNode))),
    omitted,
  });
}

function nameOf(name: string, owners: readonly NameOwner[]): ClusterName {
  return Object.freeze({ name, owners: Object.freeze(owners.toSorted((a, b) => a.since - b.since)) });
}

function groupOf(name: string, byNode: ReadonlyMap<string, readonly string[]>): ClusterGroup {
  const nodes = [...byNode].map(([nodeId, ids]) => Object.freeze({ nodeId, ids: Object.freeze(ids) }));
  const memberCount = nodes.reduce((sum, { ids }) => sum + ids.length, 0);
  return Object.freeze({ name, nodes: Object.freeze(nodes), memberCount });
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const held = map.get(key);
  if (held !== undefined) return held;
  const created = create();
  map.set(key, created);
  return created;
}

function byName<Value>(map: ReadonlyMap<string, Value>): readonly (readonly [name: string, value: Value])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
