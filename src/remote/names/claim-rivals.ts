import { isSame, type Stamp } from './claim.js';
import type { ClaimCopies } from './claim-copies.js';
import type { Reservations } from './reservations.js';

/** What a node knows of the claims of other nodes. */
export interface OtherClaims {
  readonly copies: ClaimCopies;
  readonly reserved: Reservations;
}

/**
 * Whether the answer to a node's claim must wait. It must wait while the name is reserved for another life. It must
 * also wait while a third node holds the name, or this node has accepted the claim of a third node. The same claim
 * under a second node id does not count.
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
 * Returns the names of a node's claims that this node does not confirm. It does not confirm a pending claim that it has
 * not accepted. It also does not confirm a claim if the owner of a competing claim may count on this node. So two
 * owners of one name never count on this node at the same time.
 */
export function withheldFrom(others: OtherClaims, nodeId: string): readonly string[] {
  return others.copies.namesOf(nodeId).filter((name) => !isConfirmed(others, name, nodeId));
}

function isConfirmed({ copies, reserved }: OtherClaims, name: string, nodeId: string): boolean {
  const copy = copies.get(name, nodeId);
  if (copy === undefined) return false;
  const { stamp, state } = copy.claim;
  if ((state === 'pending' && !copy.isAccepted) || reserved.isForOther(name, stamp.life)) return false;
  // A held claim does not prevent the confirmation of another held claim: one of the two is out of date. A node becomes
  // the owner without the confirmations of nodes that know another owner.
  return !copies
    .of(name)
    .some(
      ([, { claim, isAccepted }]) =>
        (claim.state === 'held' ? state === 'pending' : isAccepted) && !isSame(claim.stamp, stamp),
    );
}

/**
 * Reserves the names that a node holds, and the names for which this node has accepted its claim.
 *
 * @param until ms of the monotonic clock
 */
export function reserve({ copies, reserved }: OtherClaims, nodeId: string, until: number): void {
  for (const name of copies.namesOf(nodeId)) {
    const copy = copies.get(name, nodeId);
    if (copy !== undefined && (copy.claim.state === 'held' || copy.isAccepted)) reserved.add(nodeId, copy.claim, until);
  }
}
