import type { ClusterObserverSnapshot, NodeObserverSnapshot, ObserverSnapshot } from '../../streams/snapshot.js';
import type { ObservedChange } from './observed-members.js';

/** An event for the handlers of `ClusterObserver.subscribe` and `ClusterObserver.startPolling`. */
export type ClusterObserverEvent<Id extends string = string> =
  | { readonly type: 'cluster_snapshot_update'; readonly snapshot: ClusterObserverSnapshot<Id> }
  | { readonly type: 'node_snapshot_update'; readonly nodeId: Id; readonly snapshot: ObserverSnapshot }
  | { readonly type: 'node_error'; readonly nodeId: Id; readonly error: string }
  | { readonly type: 'node_timeout'; readonly nodeId: Id }
  | { readonly type: 'node_up'; readonly nodeId: Id }
  | { readonly type: 'node_down'; readonly nodeId: Id; readonly reason: string };

export function membershipEvents<Id extends string>(change: ObservedChange<Id>): readonly ClusterObserverEvent<Id>[] {
  if (change.type === 'up') return [{ type: 'node_up', nodeId: change.id }];
  if (change.type === 'down') return [{ type: 'node_down', nodeId: change.id, reason: change.reason }];
  return [];
}

/**
 * Returns the events for two successive snapshots: at most one for each changed node, then one with the whole new
 * snapshot. A change to `disconnected` has no event here: {@link membershipEvents} reports lost links.
 */
export function eventsBetween<Id extends string>([before, snapshot]: readonly [
  ClusterObserverSnapshot<Id> | undefined,
  ClusterObserverSnapshot<Id> | undefined,
]): readonly ClusterObserverEvent<Id>[] {
  if (snapshot === undefined) return [];
  const rowsBefore = new Map(before?.nodes.map((row) => [row.nodeId, row]));
  const changed = snapshot.nodes.filter((row) => !isSame(row, rowsBefore.get(row.nodeId)));
  return [...changed.flatMap(nodeEvent), { type: 'cluster_snapshot_update', snapshot }];
}

function isSame(row: NodeObserverSnapshot, before: NodeObserverSnapshot | undefined): boolean {
  return row.status === before?.status && row.snapshot === before.snapshot && row.error === before.error;
}

function nodeEvent<Id extends string>(row: NodeObserverSnapshot<Id>): readonly ClusterObserverEvent<Id>[] {
  const { nodeId, status, snapshot, error = '' } = row;
  if (snapshot !== null) return [{ type: 'node_snapshot_update', nodeId, snapshot }];
  if (status === 'timeout') return [{ type: 'node_timeout', nodeId }];
  return status === 'error' ? [{ type: 'node_error', nodeId, error }] : [];
}
