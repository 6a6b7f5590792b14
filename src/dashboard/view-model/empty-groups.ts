import type { NodeRow, ProcessRow } from './view-rows.js';

/**
 * A group that has lost its last member on a connected node while the dashboard was running. Only the dashboard
 * remembers such a group: the cluster knows no groups without members.
 */
export interface EmptyGroup {
  readonly name: string;
  /** When the dashboard noticed the loss, ms since the epoch on the clock of the dashboard. */
  readonly since: number;
}

/** The maximum number of empty groups that are kept; the most recent ones are kept. */
export const MAX_EMPTY_GROUPS = 100;

/** Returns the names of all groups with a member on a connected node. */
export function groupsWithMembers(
  nodes: readonly { readonly node: NodeRow; readonly processes: readonly ProcessRow[] }[],
): ReadonlySet<string> {
  const groups = new Set<string>();
  for (const { node, processes } of nodes) {
    if (node.status !== 'connected') continue;
    for (const { registrations } of processes) for (const group of registrations?.groups ?? []) groups.add(group);
  }
  return groups;
}

/**
 * Returns the groups without members, the most recent last: at most {@link MAX_EMPTY_GROUPS}.
 *
 * @param before the groups without members so far
 * @param had the groups that had members in the previous view
 * @param has the groups that have members now
 * @param timestamp current time, ms since the epoch on the clock of the dashboard
 */
export function emptyGroupsAfter(
  before: readonly EmptyGroup[],
  had: ReadonlySet<string>,
  has: ReadonlySet<string>,
  timestamp: number,
): readonly EmptyGroup[] {
  const emptied = [...had].flatMap((name) => (has.has(name) ? [] : [{ name, since: timestamp }]));
  const isUnchanged = emptied.length === 0 && !before.some(({ name }) => has.has(name));
  if (isUnchanged) return before;
  return [...before.filter(({ name }) => !has.has(name)), ...emptied].slice(-MAX_EMPTY_GROUPS);
}
