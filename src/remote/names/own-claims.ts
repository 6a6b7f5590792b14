import { type Claim, digestWith } from './claim.js';

export interface OwnClaim {
  readonly claim: Claim;
  /** The nodes that have not accepted the claim yet. */
  readonly awaited: Set<string>;
}

/** The claims of this node by name, with their digest. */
export class OwnClaims {
  readonly #byName = new Map<string, OwnClaim>();
  #digest = 0;

  get digest(): number {
    return this.#digest;
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): OwnClaim | undefined {
    return this.#byName.get(name);
  }

  names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  all(): readonly OwnClaim[] {
    return [...this.#byName.values()];
  }

  /** Stores a claim in place of an earlier one for its name. */
  set(own: OwnClaim): void {
    this.delete(own.claim.name);
    this.#digest = digestWith(this.#digest, own.claim);
    this.#byName.set(own.claim.name, own);
  }

  /** Removes a claim. Returns whether it existed. */
  delete(name: string): boolean {
    const own = this.#byName.get(name);
    if (own !== undefined) this.#digest = digestWith(this.#digest, own.claim);
    return this.#byName.delete(name);
  }
}
