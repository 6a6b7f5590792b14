import { AlreadyRegisteredError } from '../../src/errors.js';
import type { Claim, Stamp } from '../../src/remote/names/claim.js';
import type { ClaimEffect, ClaimItem } from '../../src/remote/names/claim-protocol.js';
import { ClaimTable } from '../../src/remote/names/claim-table.js';
import type { NameOwner } from '../../src/remote/names/name-owners.js';

const CLAIM_TIMEOUT_MS = 3000;

export type Rule = (a: Stamp, b: Stamp) => boolean;

export interface NamePorts {
  /** The order of two claims; `undefined`: the real one. */
  readonly rule: Rule | undefined;
  /** How far the wall clock of this node is ahead, ms. */
  readonly skewMs: number;
  now(): number;
  after(ms: number, action: () => void): () => void;
  send(to: string | undefined, item: ClaimItem): void;
  /** Called when this node was one of two owners, and gave up. */
  onConflict(): void;
  onChange(): void;
}

interface OwnClaim {
  readonly stamp: Stamp;
  readonly processId: string;
  resolve(): void;
  reject(error: Error): void;
}

/** One global name, as one node knows it. */
export class SimulatedName {
  readonly #name: string;
  readonly #ports: NamePorts;
  readonly #claims: ClaimTable;
  #own: OwnClaim | undefined;

  constructor(name: string, life: string, ports: NamePorts) {
    this.#name = name;
    this.#ports = ports;
    this.#claims = new ClaimTable(life, ports.rule);
  }

  get owners(): readonly NameOwner[] {
    return this.#claims.owners(this.#name);
  }

  /** The claim of this node. */
  get claimed(): Claim | undefined {
    return this.#claims.own(this.#name);
  }

  claim(processId: string): Promise<void> {
    const { now, skewMs, after } = this.#ports;
    const claimant = this.#claims.claimant(this.#name);
    if (claimant !== undefined) return Promise.reject(new AlreadyRegisteredError(this.#name, claimant.processId));
    return new Promise((resolve, reject) => {
      const { claim, effects } = this.#claims.claim(this.#name, processId, now() + skewMs);
      const { stamp } = claim;
      this.#own = { stamp, processId, resolve, reject };
      after(CLAIM_TIMEOUT_MS, () => {
        if (this.#own?.stamp === stamp && this.claimed?.state === 'pending') this.#release('the claim took too long');
      });
      this.#apply(effects);
    });
  }

  release(): void {
    if (this.claimed?.state === 'held') this.#release('the name was released');
  }

  /** Called when a process of this node has ended. */
  end(processId: string): void {
    if (this.#own?.processId === processId) this.#release('the process has ended');
  }

  up(peer: string, life: string): void {
    this.#apply(this.#claims.up(peer, life));
  }

  down(peer: string): void {
    this.#apply(this.#claims.down(peer));
  }

  receive(peer: string, item: ClaimItem): void {
    this.#apply(this.#claims.receive(peer, item));
  }

  #release(why: string): void {
    const own = this.#own;
    if (own === undefined) return;
    this.#own = undefined;
    own.reject(new Error(why));
    this.#apply(this.#claims.release(this.#name, own.stamp));
  }

  #apply(effects: readonly ClaimEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.#ports.send(effect.to, effect.item);
      else if (effect.type === 'held') this.#own?.resolve();
      else if (effect.type === 'refused' || effect.type === 'lost') {
        if (effect.type === 'lost') this.#ports.onConflict();
        this.#own?.reject(new Error('another node has the name'));
        this.#own = undefined;
      }
    }
    if (effects.some(({ type }) => type === 'changed')) this.#ports.onChange();
  }
}
