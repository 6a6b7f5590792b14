import { NoQuorumError } from '../../errors.js';
import { Alarm } from '../alarm.js';
import type { Quorum } from '../quorum.js';

/** What global names need to know of the quorum of this node. */
export type NameQuorum = Pick<
  Quorum,
  | 'hasQuorum'
  | 'isRequired'
  | 'onChange'
  | 'nodesSeen'
  | 'count'
  | 'minNodes'
  | 'lastPing'
  | 'pingSoon'
  | 'until'
  | 'reserveMsFor'
>;

interface ConfirmationsPorts {
  readonly quorum: NameQuorum;
  /** The current time, ms of the monotonic clock. */
  now(): number;
  /** Calls `action` after `ms`. Returns a function that cancels this. */
  after(ms: number, action: () => void): () => void;
  /** Must end the owners of these names: too few nodes confirm their claims now. */
  onExpired(names: readonly string[]): void;
}

interface Confirmed {
  /** Pings up to this time were sent before the claim, so their echoes say nothing about it. */
  readonly after: number;
  /** For each life that has confirmed the claim: the time of the latest ping that it answered with that. */
  readonly byLife: Map<string, number>;
  isHeld: boolean;
}

/**
 * Which nodes have confirmed the claims of this node, and when. A node that confirms a claim knows that claim, and
 * accepts no other claim for its name. All times are in ms of this node's monotonic clock.
 */
export class Confirmations {
  readonly #ports: ConfirmationsPorts;
  readonly #claims = new Map<string, Confirmed>();
  /** Rings at the earliest time at which too few nodes may confirm a held claim. */
  readonly #alarm: Alarm;

  constructor(ports: ConfirmationsPorts) {
    this.#ports = ports;
    this.#alarm = new Alarm(ports, () => this.#checkHeld());
  }

  /**
   * Starts to record the confirmations of a claim that this node is about to send, and pings all nodes soon.
   *
   * @throws NoQuorumError while this node sees too few nodes
   */
  claiming(name: string): void {
    const { quorum } = this.#ports;
    if (!quorum.hasQuorum()) throw this.missing(name);
    this.#claims.set(name, { after: quorum.lastPing, byLife: new Map(), isHeld: false });
    quorum.pingSoon();
  }

  held(name: string): void {
    const claim = this.#claims.get(name);
    if (claim === undefined) return;
    claim.isHeld = true;
    this.#alarm.set(this.#until(claim));
  }

  released(name: string): void {
    this.#claims.delete(name);
    if (this.#claims.size === 0) this.#alarm.cancel();
  }

  /** Records that a life has answered the ping of time `at`: it confirms all claims sent before, except `withheld`. */
  confirmed(life: string, at: number, withheld: readonly string[]): void {
    const names = new Set(withheld);
    for (const [name, { after, byLife }] of this.#claims) if (at > after && !names.has(name)) byLife.set(life, at);
  }

  /**
   * Forgets the confirmations of pending claims by a life whose channel has ended. Its node must confirm them again:
   * over the next channel, it receives them as new claims. Confirmations of held claims stay, because the node keeps
   * the names of these claims reserved.
   */
  lost(life: string): void {
    for (const { byLife, isHeld } of this.#claims.values()) if (!isHeld) byLife.delete(life);
  }

  /** Whether enough nodes confirm the claim for a name now. False without a claim. */
  isEnough(name: string): boolean {
    const claim = this.#claims.get(name);
    return claim !== undefined && this.#until(claim) > this.#ports.now();
  }

  /**
   * Creates the error for a claim that too few nodes confirm. For a name without a claim, the error has the number of
   * nodes that this node sees.
   */
  missing(name: string): NoQuorumError {
    const { quorum } = this.#ports;
    const claim = this.#claims.get(name);
    const nodesSeen = claim === undefined ? quorum.nodesSeen : quorum.count(claim.byLife.values());
    return new NoQuorumError(name, nodesSeen, quorum.minNodes);
  }

  #until({ byLife }: Confirmed): number {
    return this.#ports.quorum.until(byLife.values());
  }

  #checkHeld(): void {
    const held = [...this.#claims].filter(([, { isHeld }]) => isHeld);
    const now = this.#ports.now();
    const expired = held.filter(([, claim]) => this.#until(claim) <= now).map(([name]) => name);
    if (expired.length > 0) this.#ports.onExpired(expired);
    for (const claim of this.#claims.values()) if (claim.isHeld) this.#alarm.set(this.#until(claim));
  }
}
