import { clusterNames } from '../../../streams/index.js';
import type { ClusterView } from './cluster-view.js';
import { labelOf } from './process-table.js';
import { keyOf, type NodeRow, type ProcessRow } from './view-rows.js';

/** A global name and its owner. A name with several owners, which a partition may cause, has several rows. */
export interface NameRow {
  /** Unique among the rows of names and groups. */
  readonly key: string;
  readonly name: string;
  readonly owner: ProcessRow;
  /** Since when the process owns the name, ms since the epoch on the clock of the dashboard. */
  readonly since: number;
  /** Whether the name has several owners now. */
  readonly isContested: boolean;
}

/** A group and its members. */
export interface GroupRow {
  /** Unique among the rows of names and groups. */
  readonly key: string;
  readonly name: string;
  /** The members by node. */
  readonly nodes: readonly { readonly nodeId: string; readonly members: readonly ProcessRow[] }[];
  readonly memberCount: number;
  /** When the dashboard noticed that the last member had left, ms since the epoch. Absent: the group has members. */
  readonly emptySince?: number;
}

/** The global names and groups that pass a filter. */
export interface NamesTable {
  /** In alphabetical order. */
  readonly names: readonly NameRow[];
  /** Groups with the fewest members first. */
  readonly groups: readonly GroupRow[];
  /** The number of rows without a filter. */
  readonly total: number;
  /** The number of names and memberships that nodes have left out of their reports. */
  readonly omitted: number;
}

/** Criteria that select names and groups. An absent field excludes nothing. */
export interface NamesFilter {
  /**
   * Words, separated by blanks, that must all be part of the name, of the label or id of the owner or a member, or of
   * its node id. Case is ignored.
   */
  readonly text?: string;
  /** Selects names and groups with an owner or a member on this node. */
  readonly nodeId?: string;
}

/** Returns those global names and groups of the connected nodes, and those empty groups, that pass the filter. */
export function namesTableOf(view: ClusterView, { text = '', nodeId }: NamesFilter): NamesTable {
  const connected = view.nodes.filter(({ node }) => node.status === 'connected');
  const { globalNames, groups, omitted } = clusterNames(
    connected.map(({ node, processes }) => ({ nodeId: node.nodeId, processes })),
  );
  const find = rowFinder(view);
  const ahead = new Map(connected.map(({ node }) => [node.nodeId, node]));
  const names = globalNames.flatMap(({ name, owners }) =>
    owners.flatMap(({ nodeId, id, since }): readonly NameRow[] => {
      const owner = find(nodeId, id);
      if (owner === undefined) return [];
      const key = `name ${name} ${owner.key}`;
      return [{ key, name, owner, since: onThisClock(since, ahead.get(nodeId)), isContested: owners.length > 1 }];
    }),
  );
  const withMembers = groups.map(({ name, nodes, memberCount }): GroupRow => {
    const byNode = nodes.map(({ nodeId, ids }) => ({ nodeId, members: ids.flatMap((id) => find(nodeId, id) ?? []) }));
    return { key: `group ${name}`, name, nodes: byNode, memberCount };
  });
  const empty = (view.emptyGroups ?? []).map(
    ({ name, since }): GroupRow => ({ key: `group ${name}`, name, nodes: [], memberCount: 0, emptySince: since }),
  );
  const all = [...empty, ...withMembers].sort((a, b) => a.memberCount - b.memberCount || (a.name < b.name ? -1 : 1));
  const passes = filterOf(text, nodeId);
  return {
    names: names.filter(({ name, owner }) => passes(name, [owner])),
    groups: all.filter(({ name, nodes }) =>
      passes(
        name,
        nodes.flatMap(({ members }) => members),
      ),
    ),
    total: names.length + all.length,
    omitted,
  };
}

/** Returns the number of members of a group on each node, as text: `nodeA 2, nodeB 1`. */
export function membersByNode({ nodes }: GroupRow, labelOfNode: (nodeId: string) => string): string {
  return nodes.map(({ nodeId, members }) => `${labelOfNode(nodeId)} ${members.length}`).join(', ');
}

function filterOf(
  text: string,
  nodeId: string | undefined,
): (name: string, processes: readonly ProcessRow[]) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (name, processes) => {
    const here = nodeId === undefined ? processes : processes.filter((row) => row.nodeId === nodeId);
    if (nodeId !== undefined && here.length === 0) return false;
    if (words.length === 0) return true;
    const searched = [name, ...here.map((row) => `${labelOf(row)} ${row.id} ${row.nodeId}`)].join(' ').toLowerCase();
    return words.every((word) => searched.includes(word));
  };
}

/**
 * Returns a function that finds the row of a process; `undefined` if there is none. The function indexes the rows of a
 * node when it searches the first of them.
 */
function rowFinder(view: ClusterView): (nodeId: string, id: string) => ProcessRow | undefined {
  const indexes = new Map<string, ReadonlyMap<string, ProcessRow>>();
  return (nodeId, id) => {
    let index = indexes.get(nodeId);
    if (index === undefined) {
      const processes = view.nodes.find(({ node }) => node.nodeId === nodeId)?.processes ?? [];
      index = new Map(processes.map((row) => [row.key, row]));
      indexes.set(nodeId, index);
    }
    return index.get(keyOf(nodeId, id));
  };
}

function onThisClock(at: number, node: NodeRow | undefined): number {
  return at - (node?.clockAheadMs ?? 0);
}
