/** A node that may run a child, as a selector function receives it. */
export interface CandidateNode {
  /** The id of the node. `undefined`: this node, while it is in no cluster. */
  readonly id: string | undefined;
  /** Whether this candidate is the node of the supervisor's leader. */
  readonly isLocal: boolean;
  /** The `roles` with which the node was started. */
  readonly roles: readonly string[];
  /** The `metadata` with which the node was started. */
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
  /**
   * An estimate of the number of processes of the node: the number at its last heartbeat, plus the children placed
   * there since then. For the leader's node: the current number, plus the children placed there in the last second.
   */
  readonly processCount: number;
}

/** The child that a selector function places. */
export interface ChildToPlace {
  readonly id: string;
  readonly behavior: string;
  readonly args: unknown;
}

/** Returns the chosen candidate or its id; `undefined` if none is suitable now. Any other id counts as `undefined`. */
export type NodeSelectorFunction = (
  nodes: readonly CandidateNode[],
  child: ChildToPlace,
) => CandidateNode | string | undefined;

/**
 * Where children of a distributed supervisor run, among the connected nodes that can run them.
 *
 * - `local_first`: on the node of the leader. If that node cannot run the child, on the others in turn.
 * - `round_robin`: on all nodes in turn.
 * - `least_loaded`: on the node with the fewest processes.
 * - `random`: on any node.
 * - `{ node }`: on this node only. The child waits while the node is not connected.
 * - `{ role }`: in turn on the nodes that have this role. The child waits while no such node is connected.
 * - A function chooses among the nodes that can run the child. It cannot be sent to standby instances: an instance that
 *   becomes the leader uses the function of its own options.
 *
 * A child that has ended by itself restarts on the same node if that node can run it, whatever the selector is.
 */
export type NodeSelector =
  | 'local_first'
  | 'round_robin'
  | 'least_loaded'
  | 'random'
  | { readonly node: string }
  | { readonly role: string }
  | NodeSelectorFunction;

const SELECTORS: readonly unknown[] = ['local_first', 'round_robin', 'least_loaded', 'random'];

/** Returns `undefined` for a valid node selector; otherwise the valid forms, as text for an error message. */
export function selectorProblem(selector: unknown): string | undefined {
  if (SELECTORS.includes(selector) || typeof selector === 'function') return undefined;
  const { node, role } = (typeof selector === 'object' && selector !== null ? selector : {}) as {
    readonly node?: unknown;
    readonly role?: unknown;
  };
  const fields = typeof selector === 'object' && selector !== null ? Object.keys(selector).length : 0;
  const isText = (text: unknown): boolean => typeof text === 'string' && text !== '';
  if (fields === 1 && (isText(node) || isText(role))) return undefined;
  return `${SELECTORS.join(' | ')} | { node } | { role } | a function`;
}

/** The inputs of a choice, in addition to the candidates. */
export interface SelectionState {
  /** The number of earlier choices. */
  readonly turn: number;
  /** A random number from 0 to below 1. */
  random(): number;
}

/**
 * Returns the candidate that the selector chooses for the child; `undefined` if it chooses none of the candidates.
 *
 * @throws what a selector function throws
 */
export function selectNode(
  selector: NodeSelector,
  candidates: readonly CandidateNode[],
  child: ChildToPlace,
  { turn, random }: SelectionState,
): CandidateNode | undefined {
  if (typeof selector === 'function') {
    const chosen = selector(candidates, child);
    const id = typeof chosen === 'object' ? chosen.id : chosen;
    return chosen === undefined ? undefined : candidates.find((each) => each.id === id);
  }
  if (typeof selector === 'object') {
    if ('node' in selector) return candidates.find(({ id }) => id === selector.node);
    return inTurn(
      candidates.filter(({ roles }) => roles.includes(selector.role)),
      turn,
    );
  }
  switch (selector) {
    case 'local_first':
      return candidates.find(({ isLocal }) => isLocal) ?? inTurn(candidates, turn);
    case 'round_robin':
      return inTurn(candidates, turn);
    case 'random':
      return candidates[Math.floor(random() * candidates.length)];
    case 'least_loaded':
      return candidates.toSorted((a, b) => a.processCount - b.processCount)[0];
  }
}

function inTurn(candidates: readonly CandidateNode[], turn: number): CandidateNode | undefined {
  return candidates[turn % Math.max(1, candidates.length)];
}
