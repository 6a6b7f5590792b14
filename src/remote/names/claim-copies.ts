import { ProtocolError } from '../../errors.js';
import { type Claim, digestWith, isSame } from './claim.js';

/** The maximum number of global names that one node claims or owns. Other nodes end the channel if it claims more. */
export const MAX_NODE_NAMES = 100_000;

/** The copy of a claim of another node, with this node's answer to it. Both flags are false before the answer. */
export interface ClaimCopy {
  readonly claim: Claim;
  isAccepted: boolean;
  isRejected: boolean;
}

interface NodeCopies {
  readonly life: string;
  readonly names: Set<string>;
  digest: number;
  /** While the node resends all its claims: the names that it has not resent yet. Otherwise `undefined`. */
  unconfirmed: Set<string> | undefined;
}

/** The copies of the claims of all nodes with a channel. */
export class ClaimCopies {
  /** The copies by name, then by node id. */
  readonly #byName = new Map<string, Map<string, ClaimCopy>>();
  readonly #nodes = new Map<string, NodeCopies>();

  up(nodeId: string, life: string): void {
    this.#nodes.set(nodeId, { life, names: new Set(), digest: 0, unconfirmed: undefined });
  }

  /** The names that a node claims. */
  namesOf(nodeId: string): readonly string[] {
    return [...(this.#nodes.get(nodeId)?.names ?? [])];
  }

  /** Removes a node whose channel has ended. The copies of its claims must be dropped first. */
  forget(nodeId: string): void {
    this.#nodes.delete(nodeId);
  }

  nodes(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  lifeOf(nodeId: string): string | undefined {
    return this.#nodes.get(nodeId)?.life;
  }

  names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  get(name: string, nodeId: string): ClaimCopy | undefined {
    return this.#byName.get(name)?.get(nodeId);
  }

  /** The copies of all claims for a name, with the ids of their nodes. */
  of(name: string): readonly (readonly [nodeId: string, copy: ClaimCopy])[] {
    const copies = this.#byName.get(name);
    return copies === undefined ? [] : [...copies];
  }

  /**
   * Stores the copy of a claim in place of the node's earlier copy for that name. If both are the same claim, keeps
   * this node's answer and returns `undefined`. Otherwise returns the replaced claim; `undefined` if there was none.
   * Does nothing for a node without a channel.
   *
   * @throws ProtocolError (`too_many_names`), before anything changes
   */
  put(nodeId: string, claim: Claim): Claim | undefined {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return undefined;
    const { name } = claim;
    if (node.names.size >= MAX_NODE_NAMES && !node.names.has(name)) {
      throw new ProtocolError('too_many_names', `node ${nodeId} claims more than ${MAX_NODE_NAMES} global names`);
    }
    const copies = this.#byName.get(name) ?? new Map<string, ClaimCopy>();
    const before = copies.get(nodeId);
    const isSameClaim = before !== undefined && isSame(before.claim.stamp, claim.stamp);
    if (before !== undefined) node.digest = digestWith(node.digest, before.claim);
    node.digest = digestWith(node.digest, claim);
    node.names.add(name);
    node.unconfirmed?.delete(name);
    const { isAccepted, isRejected } = isSameClaim ? before : { isAccepted: false, isRejected: false };
    copies.set(nodeId, { claim, isAccepted, isRejected });
    this.#byName.set(name, copies);
    return isSameClaim ? undefined : before?.claim;
  }

  /** Removes a copy. Returns its claim; `undefined` if there was no copy. */
  drop(name: string, nodeId: string): Claim | undefined {
    const copies = this.#byName.get(name);
    const copy = copies?.get(nodeId);
    if (copies === undefined || copy === undefined) return undefined;
    copies.delete(nodeId);
    if (copies.size === 0) this.#byName.delete(name);
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return copy.claim;
    node.names.delete(name);
    node.digest = digestWith(node.digest, copy.claim);
    return copy.claim;
  }

  /** Whether the copies of a node's claims match the number and digest that it reports. True without a channel. */
  equal(nodeId: string, count: number, digest: number): boolean {
    const node = this.#nodes.get(nodeId);
    return node === undefined || (node.names.size === count && node.digest === digest);
  }

  /**
   * Starts to track which names a node has not resent, before it resends all its claims. The copies stay meanwhile,
   * because an accepted claim must not be forgotten.
   */
  awaitAll(nodeId: string): void {
    const node = this.#nodes.get(nodeId);
    if (node !== undefined) node.unconfirmed = new Set(node.names);
  }

  /** Ends the tracking of {@link awaitAll}. Returns the names that the node has not resent: it claims them no more. */
  takeUnconfirmed(nodeId: string): readonly string[] {
    const node = this.#nodes.get(nodeId);
    const names = [...(node?.unconfirmed ?? [])];
    if (node !== undefined) node.unconfirmed = undefined;
    return names;
  }
}
