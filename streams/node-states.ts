import type { NodeState } from './node-report.js';

/** The newest state of each node. */
export type NodeStates = ReadonlyMap<string, NodeState>;

/** As much of {@link NodeStates} as merging needs. */
export type NodeStatesById = Pick<NodeStates, 'get'>;

export const emptyNodeStates: NodeStates = new Map();

/**
 * The states with one more, if that is newer: of a later incarnation, then of a higher version, then received last. In
 * whatever order states come, and however often, the result is the same.
 *
 * @param linkedIncarnation the incarnation that the reader is linked with: it is the current one, even where its number is
 * smaller because the node's clock was set back
 */
export function withNodeState(states: NodeStates, state: NodeState, linkedIncarnation?: number): NodeStates {
  return isNewer(state, states.get(state.nodeId), linkedIncarnation)
    ? new Map(states).set(state.nodeId, state)
    : states;
}

/** Whether a state takes the place of the one that is held: the rule of {@link withNodeState}. */
export function isNewer(a: NodeState, b: NodeState | undefined, linkedIncarnation?: number): boolean {
  if (b === undefined) return true;
  if (a.incarnation !== b.incarnation) {
    if (linkedIncarnation === a.incarnation) return true;
    return linkedIncarnation !== b.incarnation && a.incarnation > b.incarnation;
  }
  if (a.version !== b.version) return a.version > b.version;
  return a.receivedMonotonic > b.receivedMonotonic;
}
