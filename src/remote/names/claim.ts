/** The position of a claim in the order of all claims: the earlier one wins. No two claims have equal stamps. */
export interface Stamp {
  /** When the name was claimed, ms since the epoch by the clock of the claiming node. */
  readonly at: number;
  /** The number of the claim within its life, starting at 1. */
  readonly sequence: number;
  /** The life of the claiming node. */
  readonly life: string;
}

/** The claim of a node to a global name for one of its processes. */
export interface Claim {
  readonly name: string;
  /** The id of the process on the claiming node. */
  readonly processId: string;
  readonly stamp: Stamp;
  /**
   * `pending`: some connected nodes have not accepted the claim yet, or too few nodes confirm it. `held`: the process
   * owns the name.
   */
  readonly state: 'pending' | 'held';
  /**
   * Identifies the child of a distributed supervisor for which the name is claimed; otherwise `undefined`. After a
   * partition, processes of one child may share its name: the supervisor decides which of them continues.
   */
  readonly child?: string | undefined;
}

/** The process for which a claim was made. */
export interface ClaimHolder {
  /** The id of the node of the process; `undefined`: this node. */
  readonly nodeId: string | undefined;
  readonly processId: string;
  readonly life: string;
}

/** @param nodeId the node of the process; absent for this node */
export function holderOf({ processId, stamp: { life } }: Claim, nodeId?: string): ClaimHolder {
  return { nodeId, processId, life };
}

/** Whether the claim with stamp `a` wins against the one with stamp `b`. All nodes decide in the same way. */
export function isEarlier(a: Stamp, b: Stamp): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.sequence !== b.sequence) return a.sequence < b.sequence;
  return a.life < b.life;
}

export function isSame(a: Stamp, b: Stamp): boolean {
  return a.at === b.at && a.sequence === b.sequence && a.life === b.life;
}

/**
 * Adds a claim to the digest of the claims of one node, or removes it. Returns the new digest. Equal sets of claims
 * have equal digests; different sets almost always have different ones. `child` is not included. The digest is the XOR
 * of the claims' FNV-1a hashes (32 bits), so that adding and removing are the same operation.
 */
export function digestWith(digest: number, { name, processId, stamp, state }: Claim): number {
  let hash = 0x811c9dc5;
  for (const char of `${name}\n${processId}\n${stamp.at}\n${stamp.sequence}\n${state}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return (digest ^ hash) >>> 0;
}
