import { type Claim, digestWith, isSame } from './claim.js';

/** A claim of another node, and what this node answered to it. */
export interface ClaimCopy {
  readonly claim: Claim;
  isAccepted: boolean;
  isRejected: boolean;
}

interface NodeCopies {
  readonly life: string;
  readonly names: Set<string>;
  digest: number;
  /** While the node sends all its claims again: the names that it has not sent yet. */
  unconfirmed: Set<string> | undefined;
}

/** Copies of the claims of the nodes that this node has channels with. */
export class ClaimCopies {
  /** By name, then by node. */
  readonly #byName = new Map<string, Map<string, ClaimCopy>>();
  readonly #nodes = new Map<string, NodeCopies>();

  up(nodeId: string, life: string): void {
    this.#nodes.set(nodeId, { life, names: new Set(), digest: 0, unconfirmed: undefined });
  }

  /** The names that the node claims. */
  namesOf(nodeId: string): readonly string[] {
    return [...(this.#nodes.get(nodeId)?.names ?? [])];
  }

  /** The channel with the node is down, and its copies are dropped. */
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

  /** The claims of a name, with their nodes. */
  of(name: string): readonly (readonly [nodeId: string, copy: ClaimCopy])[] {
    const copies = this.#byName.get(name);
    return copies === undefined ? [] : [...copies];
  }

  /** Takes the place of the node's copy for that name. An answer to the same claim stays. Returns the claim that is gone. */
  put(nodeId: string, claim: Claim): Claim | undefined {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return undefined;
    const { name } = claim;
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

  /** Whether there was a copy. */
  drop(name: string, nodeId: string): boolean {
    const copies = this.#byName.get(name);
    const copy = copies?.get(nodeId);
    if (copies === undefined || copy === undefined) return false;
    copies.delete(nodeId);
    if (copies.size === 0) this.#byName.delete(name);
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return true;
    node.names.delete(name);
    node.digest = digestWith(node.digest, copy.claim);
    return true;
  }

  /** Whether the copies equal the claims of the node, as far as their number and digest say. */
  equal(nodeId: string, count: number, digest: number): boolean {
    const node = this.#nodes.get(nodeId);
    return node === undefined || (node.names.size === count && node.digest === digest);
  }

  /** The node is going to send all its claims again. The copies stay until then: what was accepted must not be forgotten. */
  awaitAll(nodeId: string): void {
    const node = this.#nodes.get(nodeId);
    if (node !== undefined) node.unconfirmed = new Set(node.names);
  }

  /** The node has sent all its claims again; returns the names of those that it no longer makes. */
  takeUnconfirmed(nodeId: string): readonly string[] {
    const node = this.#nodes.get(nodeId);
    const names = [...(node?.unconfirmed ?? [])];
    if (node !== undefined) node.unconfirmed = undefined;
    return names;
  }
}
