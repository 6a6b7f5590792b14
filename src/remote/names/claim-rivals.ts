import { isSame, type Stamp } from './claim.js';
import type { ClaimCopies } from './claim-copies.js';
import type { Reservations } from './reservations.js';

/** What a node knows of the claims of other nodes. */
export interface OtherClaims {
  readonly copies: ClaimCopies;
  readonly reserved: Reservations;
}

/**
 * Whether a claim must wait: another node holds the name, or this node has accepted its claim, or the name is reserved. The
 * same claim under a second node id does not count.
 */
export function mustWait({ copies, reserved }: OtherClaims, name: string, nodeId: string, stamp: Stamp): boolean {
  if (reserved.isForOther(name, stamp.life)) return true;
  return copies
    .of(name)
    .some(
      ([other, { claim, isAccepted }]) =>
        other !== nodeId && (claim.state === 'held' || isAccepted) && !isSame(claim.stamp, stamp),
    );
}

/**
 * The names of a node's claims that this node does not confirm: it has not accepted the claim, or it knows another one that
 * may be counting on this node. So two nodes never count on this one for one name.
 */
export function withheldFrom(others: OtherClaims, nodeId: string): readonly string[] {
  return others.copies.namesOf(nodeId).filter((name) => !isConfirmed(others, name, nodeId));
}

function isConfirmed({ copies, reserved }: OtherClaims, name: string, nodeId: string): boolean {
  const copy = copies.get(name, nodeId);
  if (copy === undefined) return false;
  const { stamp, state } = copy.claim;
  if ((state === 'pending' && !copy.isAccepted) || reserved.isForOther(name, stamp.life)) return false;
  // Of two held claims, one is out of date: a node that becomes the owner counts on no node that knows another owner.
  return !copies
    .of(name)
    .some(
      ([, { claim, isAccepted }]) =>
        (claim.state === 'held' ? state === 'pending' : isAccepted) && !isSame(claim.stamp, stamp),
    );
}

/** Reserves the claims of a node that it holds or that this node has accepted. @param until ms of the monotonic clock */
export function reserve({ copies, reserved }: OtherClaims, nodeId: string, until: number): void {
  for (const name of copies.namesOf(nodeId)) {
    const copy = copies.get(name, nodeId);
    if (copy !== undefined && (copy.claim.state === 'held' || copy.isAccepted)) reserved.add(nodeId, copy.claim, until);
  }
}
