import type { Claim, ClaimHolder } from './claim.js';

/** What the claims of one node have to say to others. The life of a stamp is that of the sender. */
export type ClaimItem =
  | readonly ['claim', name: string, processId: string, at: number, sequence: number, isHeld: 0 | 1]
  | readonly ['unclaim', name: string, at: number, sequence: number]
  | readonly ['claim_ok', name: string, at: number, sequence: number]
  | readonly ['claim_taken', name: string, at: number, sequence: number]
  | readonly ['claims_digest', count: number, digest: number]
  | readonly ['claims_wanted']
  | readonly ['claims_whole'];

/** What a step of the protocol leads to, in this order. */
export type ClaimEffect =
  /** `to` is a node; without it: all nodes with a channel. */
  | { readonly type: 'send'; readonly to?: string; readonly item: ClaimItem }
  /** A claim of this node became its owner's. */
  | { readonly type: 'held'; readonly claim: Claim }
  /** A pending claim of this node is withdrawn: the claim of `holder`, where it is known here, goes first. */
  | { readonly type: 'refused'; readonly claim: Claim; readonly holder: ClaimHolder | undefined }
  /** Two owners met: this one lost the name. */
  | { readonly type: 'lost'; readonly claim: Claim; readonly holder: ClaimHolder }
  /** Two owners met: the other one loses the name. */
  | { readonly type: 'won'; readonly claim: Claim; readonly loser: ClaimHolder }
  /** Which process has the name, as far as is known here, may have changed. */
  | { readonly type: 'changed'; readonly name: string }
  /** The copies of the claims of a node were not equal to them, and are being replaced. */
  | { readonly type: 'differed'; readonly nodeId: string };
