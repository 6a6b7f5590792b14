import type { NodeState } from './node-report.js';

/** The newest state of each node, by node id. */
export type NodeStates = ReadonlyMap<string, NodeState>;

/** Returns the newest state of a node by its id; `undefined` if none is known. */
export type NodeStatesById = Pick<NodeStates, 'get'>;

export const emptyNodeStates: NodeStates = new Map();

/**
 * Returns the states with `state` in place of the older state of its node. Returns `states` itself if `state` is not
 * newer. A later incarnation is newer, then a higher version, then the state that was received last. The order in which
 * states arrive, and duplicates, do not change the result.
 *
 * @param linkedIncarnation the incarnation that the reader is linked with. This incarnation counts as the latest, even
 * if its number is smaller because the node's clock was set back.
 */
export function withNodeState(states: NodeStates, state: NodeState, linkedIncarnation?: number): NodeStates {
  return isNewer(state, states.get(state.nodeId), linkedIncarnation)
    ? new Map(states).set(state.nodeId, state)
    : states;
}

/**
 * Whether state `a` is newer than `b` of the same node, by the rule of {@link withNodeState}. Any state is newer than
 * none.
 */
export function isNewer(a: NodeState, b: NodeState | undefined, linkedIncarnation?: number): boolean {
  if (b === undefined) return true;
  if (a.incarnation !== b.incarnation) {
    if (linkedIncarnation === a.incarnation) return true;
    return linkedIncarnation !== b.incarnation && a.incarnation > b.incarnation;
  }
  if (a.version !== b.version) return a.version > b.version;
  return a.receivedMonotonic > b.receivedMonotonic;
}
