import type { Claim, ClaimHolder } from './claim.js';

/**
 * The items about claims that nodes send each other. `at` and `sequence` are parts of the stamp of a claim. The life of
 * the stamp is not sent. In `claim` and `unclaim`, it is the sender's. In the answers `claim_ok` and `claim_taken`, it
 * is the receiver's.
 *
 * `claims_digest` has the number and the digest of the sender's claims. If the receiver's copies differ, it answers
 * with `claims_wanted`. The answer to that is all claims, followed by `claims_whole`.
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
  /** All nodes have accepted a claim of this node, and enough nodes confirm it: its process owns the name. */
  | { readonly type: 'held'; readonly claim: Claim }
  /**
   * A pending claim of this node was withdrawn, because the claim of `holder` has priority. `holder` is `undefined` if
   * this node does not know it.
   */
  | { readonly type: 'refused'; readonly claim: Claim; readonly holder: ClaimHolder | undefined }
  /** After a partition the name had two owners: the process of this node lost it to `holder`. */
  | { readonly type: 'lost'; readonly claim: Claim; readonly holder: ClaimHolder }
  /** After a partition the name had two owners: the process of this node keeps it, and `loser` loses it. */
  | { readonly type: 'won'; readonly claim: Claim; readonly loser: ClaimHolder }
  /** The owners of the name, as far as this node knows them, may have changed. */
  | { readonly type: 'changed'; readonly name: string }
  /** The copies of a node's claims did not match its claims. The node is asked to resend all of them. */
  | { readonly type: 'differed'; readonly nodeId: string };

export function claimItem({ name, processId, stamp, state, child }: Claim): ClaimItem {
  const isHeld = state === 'held' ? 1 : 0;
  const { at, sequence } = stamp;
  return child === undefined
    ? ['claim', name, processId, at, sequence, isHeld]
    : ['claim', name, processId, at, sequence, isHeld, child];
}

/** Whether the stamp of a claim has this time and sequence number. */
export function isOf({ stamp }: Claim, at: number, sequence: number): boolean {
  return stamp.at === at && stamp.sequence === sequence;
}
