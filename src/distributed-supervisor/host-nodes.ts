import { type CandidateNode, type NodeSelector, selectNode } from './node-selection.js';
import type { PlacedChild } from './placed-children.js';
import { LOCAL_NODE } from './supervision-protocol.js';

interface HostNode {
  readonly life: string;
  /** Whether the node has answered this leader: it has reported all its children, or does not obey. */
  hasAnswered: boolean;
  isObeying: boolean;
  /** The process ids of the children in the current report of the node, which `obeying` will complete. */
  listed: Set<string>;
  /** The `countedAt` of the process count that this leader read last; 0 before the first. */
  countedAt: number;
  /** The number of children that were placed on the node by a selector since that count. */
  placed: number;
}

/** A candidate, with an id of its process count. */
export interface CountedCandidate extends CandidateNode {
  /** Identifies the process count: each new count has another value. */
  readonly countedAt: number;
}

export interface HostNodesOptions {
  /** The life of this node. */
  readonly life: string;
  /** Describes a node. `node`: {@link LOCAL_NODE}, or the id of another node. */
  candidate(node: string): CountedCandidate;
  /** A random number from 0 to below 1. */
  random(): number;
}

/** The nodes that may run the children of one supervisor, as its leader knows them. */
export class HostNodes {
  readonly #options: HostNodesOptions;
  readonly #nodes = new Map<string, HostNode>();
  #turn = 0;

  constructor(options: HostNodesOptions) {
    this.#options = options;
    this.up(LOCAL_NODE, options.life);
  }

  up(node: string, life: string): void {
    this.#nodes.set(node, { life, hasAnswered: false, isObeying: false, listed: new Set(), countedAt: 0, placed: 0 });
  }

  down(node: string): void {
    this.#nodes.delete(node);
  }

  lifeOf(node: string): string | undefined {
    return this.#nodes.get(node)?.life;
  }

  /**
   * Whether all nodes have answered. A node that has not answered may still run any child, so no child starts earlier.
   */
  get haveAllAnswered(): boolean {
    for (const { hasAnswered } of this.#nodes.values()) if (!hasAnswered) return false;
    return true;
  }

  list(node: string, processId: string): void {
    this.#nodes.get(node)?.listed.add(processId);
  }

  /** Records that a node obeys and has reported all its children. Returns their process ids. */
  obeys(node: string): ReadonlySet<string> {
    const host = this.#nodes.get(node);
    if (host === undefined) return new Set();
    const { listed } = host;
    host.hasAnswered = true;
    host.isObeying = true;
    host.listed = new Set();
    return listed;
  }

  refuses(node: string): void {
    const host = this.#nodes.get(node);
    if (host === undefined) return;
    host.hasAnswered = true;
    host.isObeying = false;
  }

  /**
   * Chooses the node that runs the child next; `undefined` if none is suitable now.
   *
   * @throws what a selector function throws. If no other node is suitable, throws why the last tried node cannot run
   * the child.
   */
  choose(child: PlacedChild, defaultSelector: NodeSelector): string | undefined {
    const { preferredNode, unusableNodes, nodeSelector = defaultSelector, id, spec } = child;
    const obeying = [...this.#nodes.keys()].filter((node) => this.#nodes.get(node)?.isObeying);
    const usable = obeying.filter((node) => !unusableNodes.has(node));
    if (preferredNode !== undefined && usable.includes(preferredNode)) return preferredNode;
    const candidates = usable.map((node) => this.#candidate(node));
    const toPlace = { id, behavior: spec.behavior, args: spec.args };
    const { random } = this.#options;
    const chosen = selectNode(nodeSelector, candidates, toPlace, { turn: this.#turn, random });
    if (chosen === undefined) {
      const [problem] = [...unusableNodes.values()].toReversed();
      if (obeying.length > 0 && problem !== undefined) throw problem;
      return undefined;
    }
    this.#turn += 1;
    const node = chosen.isLocal ? LOCAL_NODE : (chosen.id ?? LOCAL_NODE);
    const host = this.#nodes.get(node);
    if (host !== undefined) host.placed += 1;
    return node;
  }

  #candidate(node: string): CandidateNode {
    const { countedAt, processCount, ...candidate } = this.#options.candidate(node);
    const host = this.#nodes.get(node);
    if (host === undefined) return { ...candidate, processCount };
    if (host.countedAt !== countedAt) host.placed = 0;
    host.countedAt = countedAt;
    return { ...candidate, processCount: processCount + host.placed };
  }
}
