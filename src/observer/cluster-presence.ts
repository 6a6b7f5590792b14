import type { NodePresence, Presence } from '../../streams/merge-nodes.js';
import { createNodeState, type NodeState } from '../../streams/node-report.js';
import type { NodeStatesById } from '../../streams/node-states.js';
import { ClusterNotStartedError, ObserverDisabledError } from '../errors.js';
import type { ClusterObserverPorts } from './cluster-observer-api.js';
import { LINK_OF_MEMBER, type LinkStatus } from './link-status.js';
import type { ObservedMember } from './observed-members.js';

/** Reads the nodes with their link statuses, and the state of the local node, at the moment of the call. */
export interface ClusterPresence<Id extends string> {
  /** @throws ClusterNotStartedError */
  localNode(): { readonly id: Id; readonly incarnation: number };
  /** Returns a member with its link status. `linked` is the link status that a connected member gets. */
  presenceOf(member: ObservedMember<Id>, linked: LinkStatus): NodePresence<Id>;
  /**
   * Returns the local node, followed by the others. An attached observer is not a node, so it is left out.
   * @throws ClusterNotStartedError
   */
  presenceWith(others: readonly NodePresence<Id>[]): Presence<Id>;
  /**
   * The current state of the local node. `undefined` for an attached observer, and for a node with `observer: false`.
   * @throws ClusterNotStartedError
   */
  localState(): NodeState | undefined;
}

export function createClusterPresence<Id extends string>(ports: ClusterObserverPorts<Id>): ClusterPresence<Id> {
  const { local, role } = ports;
  const downReasons = new Map<Id, string>();
  ports.changes.subscribe((change) => {
    if (change.type === 'down') downReasons.set(change.id, change.reason);
    if (change.type === 'left' || change.type === 'forgotten') downReasons.delete(change.id);
  });

  const localNode = (): { readonly id: Id; readonly incarnation: number } => {
    const node = ports.localNode();
    if (node === undefined) throw new ClusterNotStartedError();
    return node;
  };

  const presenceOf = ({ id, incarnation, status }: ObservedMember<Id>, linked: LinkStatus): NodePresence<Id> => {
    const link = LINK_OF_MEMBER[status];
    if (link === 'connected') return { nodeId: id, incarnation, ...linked };
    const reason = downReasons.get(id);
    const error =
      reason === undefined ? 'there is no link to it yet' : `the link is down: ${DOWN_REASONS[reason] ?? reason}`;
    return { nodeId: id, incarnation, link, error };
  };

  const presenceWith = (others: readonly NodePresence<Id>[]): Presence<Id> => {
    const { id: localNodeId, incarnation } = localNode();
    const moment = { timestamp: ports.now(), monotonic: ports.monotonic() };
    if (role === 'observer') return { ...moment, localNodeId, nodes: others };
    if (local !== undefined)
      return { ...moment, localNodeId, nodes: [{ nodeId: localNodeId, incarnation, link: 'connected' }, ...others] };
    const error = new ObserverDisabledError().message;
    return { ...moment, localNodeId, nodes: [{ nodeId: localNodeId, incarnation, link: 'error', error }, ...others] };
  };

  const localState = (): NodeState | undefined => {
    if (role === 'observer' || local === undefined) return undefined;
    const { id, incarnation } = localNode();
    const moment = { timestamp: ports.now(), monotonic: ports.monotonic() };
    const report = { incarnation, ...moment, memory: local.memoryStats(), vitals: local.vitals() };
    return createNodeState(id, report, local.currentModel(), moment);
  };

  return { localNode, presenceOf, presenceWith, localState };
}

/** Adds the state of the local node to the states of the other nodes. */
export function withLocalState(states: NodeStatesById, local: NodeState | undefined): NodeStatesById {
  if (local === undefined) return states;
  return { get: (id) => (id === local.nodeId ? local : states.get(id)) };
}

/** Texts for the reasons of a lost link. A reason without a text is shown as it is. */
const DOWN_REASONS: Readonly<Record<string, string>> = {
  connection_closed: 'its connection closed',
  connection_refused: 'its connection was refused',
  graceful_shutdown: 'the node left the cluster',
  heartbeat_timeout: 'no heartbeats arrived',
};
