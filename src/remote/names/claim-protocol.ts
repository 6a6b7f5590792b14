import type { Claim, ClaimHolder } from './claim.js';

/**
 * The items about claims that nodes send each other. `at` and `sequence` are the stamp of a claim. Its life is the
 * sender's in `claim` and `unclaim`, and the receiver's in the answers `claim_ok` and `claim_taken`.
 */
export type ClaimItem =
  | readonly ['claim', name: string, processId: string, at: number, sequence: number, isHeld: 0 | 1, child?: string]
  | readonly ['unclaim', name: string, at: number, sequence: number]
  | readonly ['claim_ok', name: string, at: number, sequence: number]
  | readonly ['claim_taken', name: string, at: number, sequence: number]
  | readonly ['claims_digest', count: number, digest: number]
  | readonly ['claims_wanted']
  | readonly ['claims_whole'];

/** The effects of a protocol step. The caller carries them out in order. */
export type ClaimEffect =
  /** Send `item` to the node `to`, or without `to` to all nodes with a channel. */
  | { readonly type: 'send'; readonly to?: string; readonly item: ClaimItem }
  /** All nodes have accepted a claim of this node: its process owns the name. */
  | { readonly type: 'held'; readonly claim: Claim }
  /**
   * A pending claim of this node was withdrawn, because the claim of `holder` has priority. `holder` is `undefined` if
   * this node does not know it.
   */
  | { readonly type: 'refused'; readonly claim: Claim; readonly holder: ClaimHolder | undefined }
  /** After a partition the name had two owners: this node lost it to `holder`. */
  | { readonly type: 'lost'; readonly claim: Claim; readonly holder: ClaimHolder }
  /** After a partition the name had two owners: this node keeps it and `loser` loses it. */
  | { readonly type: 'won'; readonly claim: Claim; readonly loser: ClaimHolder }
  /** The owner of the name, as far as this node knows, may have changed. */
  | { readonly type: 'changed'; readonly name: string }
  /** The copies of a node's claims did not match its claims, and are being replaced. */
  | { readonly type: 'differed'; readonly nodeId: string };

export function claimItem({ name, processId, stamp, state, child }: Claim): ClaimItem {
  const isHeld = state === 'held' ? 1 : 0;
  const { at, sequence } = stamp;
  return child === undefined
    ? ['claim', name, processId, at, sequence, isHeld]
    : ['claim', name, processId, at, sequence, isHeld, child];
}

/** Whether this is the claim with these parts of its stamp. */
export function isOf({ stamp }: Claim, at: number, sequence: number): boolean {
  return stamp.at === at && stamp.sequence === sequence;
}
