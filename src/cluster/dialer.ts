import type { Clock, Timer } from '../clock.js';
import { type BackoffOptions, backoffDelayMs } from './backoff.js';
import type { MembershipChange } from './membership.js';
import type { NodeId } from './node-id.js';

export interface DialerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: BackoffOptions;
  readonly localId: NodeId;
  /** Whether it is for this side to dial at once, when both hear of each other. */
  readonly dialsFirst: (id: NodeId) => boolean;
  readonly seeds: readonly NodeId[];
  /** One attempt. Word of how it went is due: {@link Dialer.reached}, {@link Dialer.failed} ... */
  readonly dial: (target: NodeId) => void;
}

/** To connect takes time: when many are heard of at once, so many are dialled at once, and as many a little later. */
const AT_ONCE = 16;
const NEXT_MS = 10;

interface Attempts {
  failures: number;
  /** `undefined` while an attempt is under way. */
  timer: Timer | undefined;
}

/**
 * Whom to dial, and when: members without a link until they are forgotten, and seeds that are no members for ever; each
 * again and again, ever more rarely.
 */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #attempts = new Map<NodeId, Attempts>();
  /** Seeds as they were given, and the node that answered there: hosts have aliases. Itself, until one answered. */
  readonly #seeds: Map<NodeId, NodeId>;
  #isStopped = false;

  constructor(options: DialerOptions) {
    const { seeds, localId } = options;
    this.#options = options;
    this.#seeds = new Map(seeds.filter((seed) => seed !== localId).map((seed) => [seed, seed]));
  }

  start(): void {
    for (const seed of this.#seeds.keys()) this.#begin(seed, 'now');
  }

  stop(): void {
    this.#isStopped = true;
    for (const target of [...this.#attempts.keys()]) this.#end(target);
  }

  follow({ type, id }: MembershipChange): void {
    const seeds = [...this.#seeds].filter(([, answering]) => answering === id).map(([seed]) => seed);
    switch (type) {
      case 'learned':
        // Both of two nodes hear of each other. One dials at once and the other waits, for two links are one too many.
        this.#begin(id, this.#options.dialsFirst(id) ? 'now' : 'soon');
        break;
      case 'down':
        this.#begin(id, 'soon');
        break;
      case 'up':
        for (const target of [id, ...seeds]) this.#end(target);
        break;
      case 'left':
      case 'forgotten':
        this.#end(id);
        for (const seed of seeds) this.#begin(seed, 'soon');
        break;
    }
  }

  /** The target turned out to be this node, and is linked. */
  reached(target: NodeId, id: NodeId): void {
    if (this.#seeds.has(target)) this.#seeds.set(target, id);
    this.#end(target);
  }

  /**
   * The attempt came to nothing: the next one is due after a longer delay. So it is where the target said that it is this
   * very node, under another name: whoever stands there for a moment can say so.
   */
  failed(target: NodeId): void {
    const attempts = this.#attempts.get(target);
    if (attempts === undefined || attempts.timer !== undefined) return;
    this.#schedule(target, attempts, this.#delay(attempts.failures));
    attempts.failures += 1;
  }

  #begin(target: NodeId, when: 'now' | 'soon'): void {
    if (this.#isStopped || this.#attempts.has(target)) return;
    const attempts: Attempts = { failures: 0, timer: undefined };
    this.#attempts.set(target, attempts);
    const inTurn = Math.floor(this.#attempts.size / AT_ONCE) * NEXT_MS;
    this.#schedule(target, attempts, inTurn + (when === 'now' ? 0 : this.#delay(0)));
  }

  #end(target: NodeId): void {
    const timer = this.#attempts.get(target)?.timer;
    if (timer !== undefined) this.#options.clock.clearTimeout(timer);
    this.#attempts.delete(target);
  }

  #schedule(target: NodeId, attempts: Attempts, delayMs: number): void {
    attempts.timer = this.#options.clock.setTimeout(() => {
      attempts.timer = undefined;
      this.#options.dial(target);
    }, delayMs);
  }

  #delay(failures: number): number {
    return backoffDelayMs(failures, this.#options.backoff, this.#options.random);
  }
}
