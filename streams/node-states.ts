import type { NodeState } from './node-report.js';

/** The newest state of each node. */
export type NodeStates = ReadonlyMap<string, NodeState>;

export const emptyNodeStates: NodeStates = new Map();

/**
 * The states with one more, if that is newer: of a later incarnation, then of a higher version, then received last. In
 * whatever order states come, and however often, the result is the same.
 *
 * @param linkedIncarnation the incarnation that the reader is linked with: it is the current one, even where its number is
 * smaller because the node's clock was set back
 */
export function withNodeState(states: NodeStates, state: NodeState, linkedIncarnation?: number): NodeStates {
  const held = states.get(state.nodeId);
  if (held !== undefined && !isNewer(state, held, linkedIncarnation)) return states;
  return new Map(states).set(state.nodeId, state);
}

function isNewer(a: NodeState, b: NodeState, linkedIncarnation: number | undefined): boolean {
  if (a.incarnation !== b.incarnation) {
    if (linkedIncarnation === a.incarnation) return true;
    return linkedIncarnation !== b.incarnation && a.incarnation > b.incarnation;
  }
  if (a.version !== b.version) return a.version > b.version;
  return a.receivedMonotonic > b.receivedMonotonic;
}
