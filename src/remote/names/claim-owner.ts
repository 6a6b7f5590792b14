import { type Claim, type ClaimHolder, holderOf, type Stamp } from './claim.js';
import type { OtherClaims } from './claim-rivals.js';

/**
 * Returns a process that owns or claims the name, or for which the name is reserved. Prefers the process of this node.
 * `undefined`: the name is free.
 *
 * @param own the claim of this node
 */
export function claimantOf(own: Claim | undefined, others: OtherClaims, name: string): ClaimHolder | undefined {
  if (own !== undefined) return holderOf(own);
  for (const [nodeId, { claim }] of others.copies.of(name)) return holderOf(claim, nodeId);
  for (const { claim, nodeId } of others.reserved.of(name)) return holderOf(claim, nodeId);
  return undefined;
}

/**
 * Returns the owner of the name: the process of the winner among the held claims. `undefined`: no claim is held.
 *
 * @param own the claim of this node
 * @param goesFirst whether the first claim wins against the second
 */
export function ownerOf(
  own: Claim | undefined,
  { copies }: OtherClaims,
  name: string,
  goesFirst: (a: Stamp, b: Stamp) => boolean,
): ClaimHolder | undefined {
  let best = own?.state === 'held' ? own : undefined;
  let at: string | undefined;
  for (const [nodeId, { claim }] of copies.of(name)) {
    if (claim.state === 'pending' || (best !== undefined && !goesFirst(claim.stamp, best.stamp))) continue;
    best = claim;
    at = nodeId;
  }
  return best && holderOf(best, at);
}
