import { type Claim, type ClaimHolder, holderOf, isEarlier, isSame, type Stamp } from './claim.js';
import { ClaimCopies } from './claim-copies.js';
import { claimantOf, ownerOf } from './claim-owner.js';
import { type ClaimEffect, type ClaimItem, claimItem, isOf } from './claim-protocol.js';
import { mustWait, reserve, withheldFrom } from './claim-rivals.js';
import { type NameOwner, ownersOf } from './name-owners.js';
import { type OwnClaim, OwnClaims } from './own-claims.js';
import { Reservations } from './reservations.js';

type NewClaim = { readonly claim: Claim; readonly effects: readonly ClaimEffect[] };

/**
 * All global names as one node knows them: its own claims, and copies of the claims of all nodes with a channel. Copies
 * are dropped with the channel, so that no claim outlives its node. There is no clock and no I/O: each method that
 * changes the table returns effects.
 *
 * A claim is held once every node with a channel has accepted it, and enough nodes confirm it. A node accepts one claim
 * for a name at a time: while another claim is held or accepted, the answer waits. So two nodes that stay connected,
 * with each other or with a third node, never hold the same name. After a partition, the earlier of two claims wins.
 */
export class ClaimTable {
  readonly #life: string;
  readonly #goesFirst: (a: Stamp, b: Stamp) => boolean;
  readonly #isConfirmed: (name: string) => boolean;
  readonly #own = new OwnClaims();
  readonly #copies = new ClaimCopies();
  readonly reserved = new Reservations();
  readonly #others = { copies: this.#copies, reserved: this.reserved };
  #comparedDigest = 0;
  #sequence = 0;
  #effects: ClaimEffect[] = [];

  /**
   * @param goesFirst whether the first of two claims wins; all nodes must use the same rule
   * @param isConfirmed whether enough nodes confirm the claim of this node for a name
   */
  constructor(
    life: string,
    goesFirst: (a: Stamp, b: Stamp) => boolean = isEarlier,
    isConfirmed = (_name: string) => true,
  ) {
    this.#life = life;
    this.#goesFirst = goesFirst;
    this.#isConfirmed = isConfirmed;
  }

  /** Adds a node whose channel has opened, and sends it all own claims. Pending claims now wait for its answer, too. */
  up(nodeId: string, life: string): readonly ClaimEffect[] {
    this.#copies.up(nodeId, life);
    for (const { claim, awaited } of this.#own.all()) {
      if (claim.state === 'pending') awaited.add(nodeId);
      this.#send(claimItem(claim), nodeId);
    }
    return this.#taken();
  }

  /**
   * Removes a node whose channel has ended, and forgets its claims. Pending claims no longer wait for its answer. With
   * `reservedUntil`, ms of the monotonic clock, its held claims and those accepted here stay reserved until then.
   */
  down(nodeId: string, reservedUntil?: number): readonly ClaimEffect[] {
    if (reservedUntil !== undefined) reserve(this.#others, nodeId, reservedUntil);
    for (const name of this.#copies.namesOf(nodeId)) this.#dropCopy(name, nodeId);
    this.#copies.forget(nodeId);
    for (const { claim, awaited } of this.#own.all()) if (awaited.delete(nodeId)) this.#tryToHold(claim.name);
    return this.#taken();
  }

  /** Ends the reservations that end at `now`, ms of the monotonic clock, or earlier. Sends the answers that waited. */
  expire(now: number): readonly ClaimEffect[] {
    for (const name of this.reserved.expire(now)) this.#answerAll(name);
    return this.#taken();
  }

  /** Ends the reservations for a node. The node must have sent all its claims over a new channel: they replace them. */
  synchronized(nodeId: string): readonly ClaimEffect[] {
    for (const name of this.reserved.dropOf(this.#copies.lifeOf(nodeId) ?? '')) this.#answerAll(name);
    return this.#taken();
  }

  /** Makes each pending claim of this node held if all nodes have accepted it and enough nodes confirm it now. */
  confirmed(): readonly ClaimEffect[] {
    for (const name of this.#own.names()) this.#tryToHold(name);
    return this.#taken();
  }

  /** The names of a node's claims that this node does not confirm. */
  withheldFrom(nodeId: string): readonly string[] {
    return withheldFrom(this.#others, nodeId);
  }

  /** A process that owns or claims the name, or for which the name is reserved. `undefined`: the name is free here. */
  claimant(name: string): ClaimHolder | undefined {
    return claimantOf(this.own(name), this.#others, name);
  }

  /** The owner of the name, as far as this node knows; `undefined` if there is none. */
  owner(name: string): ClaimHolder | undefined {
    return ownerOf(this.own(name), this.#others, name, this.#goesFirst);
  }

  /** The owners of the name, as far as this node knows. The owner with the winning claim comes first. */
  owners(name: string): readonly NameOwner[] {
    return ownersOf(this.own(name), this.#copies.of(name), this.#goesFirst);
  }

  /** The names that have an owner, as far as this node knows. */
  names(): readonly string[] {
    const claimed = new Set([...this.#own.names(), ...this.#copies.names()]);
    return [...claimed].filter((name) => this.owner(name) !== undefined);
  }

  /** The claim of this node for a name; `undefined` if there is none. */
  own(name: string): Claim | undefined {
    return this.#own.get(name)?.claim;
  }

  /** The ids of the nodes that have not accepted this node's claim for a name yet; empty without a claim. */
  awaitedFor(name: string): readonly string[] {
    return [...(this.#own.get(name)?.awaited ?? [])];
  }

  /** Claims a name that is free according to {@link claimant}. Returns the new claim. @param at ms since the epoch */
  claim(name: string, processId: string, at: number, child?: string): NewClaim {
    this.#sequence += 1;
    const stamp = { at, sequence: this.#sequence, life: this.#life };
    const claim: Claim = { name, processId, stamp, state: 'pending', child };
    this.#own.set({ claim, awaited: new Set(this.#copies.nodes()) });
    this.#send(claimItem(claim));
    this.#tryToHold(name);
    return { claim, effects: this.#taken() };
  }

  /** Releases the claim of this node with this stamp, if it still exists. */
  release(name: string, stamp: Stamp): readonly ClaimEffect[] {
    const own = this.#own.get(name);
    if (own !== undefined && isSame(own.claim.stamp, stamp)) this.#releaseOwn(own.claim);
    return this.#taken();
  }

  /** Asks all nodes to compare their copies with this node's claims, if these have changed since the last call. */
  compare(): readonly ClaimEffect[] {
    if (this.#own.digest !== this.#comparedDigest) this.#send(['claims_digest', this.#own.size, this.#own.digest]);
    this.#comparedDigest = this.#own.digest;
    return this.#taken();
  }

  receive(nodeId: string, item: ClaimItem): readonly ClaimEffect[] {
    const life = this.#copies.lifeOf(nodeId);
    if (life !== undefined) this.#receive(nodeId, life, item);
    return this.#taken();
  }

  #receive(nodeId: string, life: string, item: ClaimItem): void {
    switch (item[0]) {
      case 'claim': {
        const [, name, processId, at, sequence, isHeld, child] = item;
        const stamp = { at, sequence, life };
        this.#putCopy(nodeId, { name, processId, stamp, state: isHeld === 1 ? 'held' : 'pending', child });
        break;
      }
      case 'unclaim': {
        const claim = this.#copies.get(item[1], nodeId)?.claim;
        if (claim !== undefined && isOf(claim, item[2], item[3])) this.#dropCopy(item[1], nodeId);
        break;
      }
      case 'claim_ok':
      case 'claim_taken': {
        const own = this.#own.get(item[1]);
        if (own?.claim.state === 'pending' && isOf(own.claim, item[2], item[3])) this.#answered(own, nodeId, item[0]);
        break;
      }
      default:
        this.#receiveCheck(nodeId, item);
    }
  }

  /** Handles the items that compare copies with claims. Copies differ only if a node has a defect. */
  #receiveCheck(nodeId: string, item: Extract<ClaimItem, readonly [`claims_${string}`, ...unknown[]]>): void {
    switch (item[0]) {
      case 'claims_digest':
        if (this.#copies.equal(nodeId, item[1], item[2])) break;
        this.#copies.awaitAll(nodeId);
        this.#send(['claims_wanted'], nodeId);
        this.#effects.push({ type: 'differed', nodeId });
        break;
      case 'claims_wanted':
        for (const { claim } of this.#own.all()) this.#send(claimItem(claim), nodeId);
        this.#send(['claims_whole'], nodeId);
        break;
      case 'claims_whole':
        for (const name of this.#copies.takeUnconfirmed(nodeId)) this.#dropCopy(name, nodeId);
    }
  }

  #answered({ claim, awaited }: OwnClaim, nodeId: string, answer: 'claim_ok' | 'claim_taken'): void {
    if (answer === 'claim_ok') {
      awaited.delete(nodeId);
      this.#tryToHold(claim.name);
      return;
    }
    const other = this.#copies.get(claim.name, nodeId)?.claim;
    this.#refuse(claim, other && holderOf(other, nodeId));
  }

  #putCopy(nodeId: string, claim: Claim): void {
    const { name } = claim;
    const before = this.#copies.get(name, nodeId)?.claim;
    const gone = this.#copies.put(nodeId, claim);
    if (claim.state === 'held' || before?.state === 'held') this.#changed(name);
    this.#answer(name, nodeId);
    if (gone !== undefined) this.#answerAll(name);
  }

  #dropCopy(name: string, nodeId: string): void {
    const gone = this.#copies.drop(name, nodeId);
    if (gone?.state === 'held') this.#changed(name);
    if (gone !== undefined) this.#answerAll(name);
  }

  /** Sends the answers that waited for a claim or reservation of this name, which has gone now. */
  #answerAll(name: string): void {
    for (const [nodeId] of this.#copies.of(name)) this.#answer(name, nodeId);
  }

  /** Handles the claim of another node: settles a conflict with this node's claim, or answers it if it is pending. */
  #answer(name: string, nodeId: string): void {
    const copy = this.#copies.get(name, nodeId);
    if (copy === undefined) return;
    const own = this.#own.get(name)?.claim;
    const { claim } = copy;
    if (claim.state === 'held') {
      if (own?.state === 'pending') this.#refuse(own, holderOf(claim, nodeId));
      else if (own !== undefined) this.#settleConflict(own, claim, nodeId);
      return;
    }
    if (copy.isAccepted || copy.isRejected) return;
    if (own !== undefined && (own.state === 'held' || this.#goesFirst(own.stamp, claim.stamp))) {
      copy.isRejected = true;
      this.#send(['claim_taken', name, claim.stamp.at, claim.stamp.sequence], nodeId);
      return;
    }
    if (own !== undefined) this.#refuse(own, holderOf(claim, nodeId));
    // `#refuse` removes this node's claim, and may already have sent this answer.
    if (copy.isAccepted || mustWait(this.#others, name, nodeId, claim.stamp)) return;
    copy.isAccepted = true;
    this.#send(['claim_ok', name, claim.stamp.at, claim.stamp.sequence], nodeId);
  }

  /**
   * Handles two owners that meet after a partition. Both nodes compare the same two claims, so exactly one of them
   * gives up. Neither gives up if both claims are for the same child: its supervisor decides.
   */
  #settleConflict(own: Claim, other: Claim, nodeId: string): void {
    if (own.child !== undefined && own.child === other.child) return;
    const holder = holderOf(other, nodeId);
    if (this.#goesFirst(own.stamp, other.stamp)) {
      this.#effects.push({ type: 'won', claim: own, loser: holder });
      return;
    }
    this.#effects.push({ type: 'lost', claim: own, holder });
    this.#releaseOwn(own);
  }

  #tryToHold(name: string): void {
    const own = this.#own.get(name);
    if (own?.claim.state !== 'pending' || own.awaited.size > 0 || !this.#isConfirmed(name)) return;
    const claim: Claim = { ...own.claim, state: 'held' };
    this.#own.set({ claim, awaited: own.awaited });
    this.#send(claimItem(claim));
    this.#effects.push({ type: 'held', claim });
    this.#changed(name);
  }

  #refuse(claim: Claim, holder: ClaimHolder | undefined): void {
    this.#effects.push({ type: 'refused', claim, holder });
    this.#releaseOwn(claim);
  }

  #releaseOwn({ name, stamp, state }: Claim): void {
    if (!this.#own.delete(name)) return;
    this.#send(['unclaim', name, stamp.at, stamp.sequence]);
    if (state === 'held') this.#changed(name);
    this.#answerAll(name);
  }

  #send(item: ClaimItem, to?: string): void {
    this.#effects.push(to === undefined ? { type: 'send', item } : { type: 'send', to, item });
  }

  #changed(name: string): void {
    this.#effects.push({ type: 'changed', name });
  }

  #taken(): readonly ClaimEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
