import type { Claim, ClaimHolder, Stamp } from './claim.js';
import type { ClaimCopy } from './claim-copies.js';

/** A process that owns a name, and the stamp of its claim. */
export interface NameOwner extends ClaimHolder {
  readonly stamp: Stamp;
}

/** Returns all owners of a name, the one with the winning claim first. After a partition there may be several. */
export function ownersOf(
  own: Claim | undefined,
  copies: readonly (readonly [nodeId: string, copy: ClaimCopy])[],
  goesFirst: (a: Stamp, b: Stamp) => boolean,
): readonly NameOwner[] {
  const others = copies.map(([nodeId, { claim }]) => ({ nodeId, claim }));
  return [...(own === undefined ? [] : [{ nodeId: undefined, claim: own }]), ...others]
    .filter(({ claim }) => claim.state === 'held')
    .sort((a, b) => (goesFirst(a.claim.stamp, b.claim.stamp) ? -1 : 1))
    .map(({ nodeId, claim: { processId, stamp } }) => ({ nodeId, processId, life: stamp.life, stamp }));
}
