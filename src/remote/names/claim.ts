/** Says which of two claims of a name is the earlier one. No two claims have equal stamps. */
export interface Stamp {
  /** When the name was claimed, ms since the epoch on the clock of its node. */
  readonly at: number;
  /** Grows with each claim of a life. */
  readonly sequence: number;
  /** The life of the claiming node. */
  readonly life: string;
}

/** What a node says of a global name: it wants the name for one of its processes, or that process has it. */
export interface Claim {
  readonly name: string;
  /** The process, by its id on its node. */
  readonly processId: string;
  readonly stamp: Stamp;
  /** `pending`: some connected node has not accepted the claim yet. `held`: the process is the owner of the name. */
  readonly state: 'pending' | 'held';
}

/** The holder of a claim that this node knows of. */
export interface ClaimHolder {
  /** The id of its node; `undefined`: this node. */
  readonly nodeId: string | undefined;
  readonly processId: string;
  readonly life: string;
}

/** Whether `a` wins against `b`: all nodes that compare them agree. */
export function isEarlier(a: Stamp, b: Stamp): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.sequence !== b.sequence) return a.sequence < b.sequence;
  return a.life < b.life;
}

export function isSame(a: Stamp, b: Stamp): boolean {
  return a.at === b.at && a.sequence === b.sequence && a.life === b.life;
}

/**
 * A number that two tables with the same claims have in common, and two that differ almost never: the hashes (FNV-1a, 32 bits) of
 * their claims, combined by XOR, so that adding and removing a claim are the same operation.
 */
export function digestWith(digest: number, { name, processId, stamp, state }: Claim): number {
  let hash = 0x811c9dc5;
  for (const char of `${name}\n${processId}\n${stamp.at}\n${stamp.sequence}\n${state}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return (digest ^ hash) >>> 0;
}
