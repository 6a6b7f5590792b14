import { addressPrefix } from '../address-prefix.js';

/** The delay after the second failure, ms; each further failure doubles it. A single failure may be an accident. */
const BASE_MS = 100;
/**
 * The longest delay of a handshake, ms: shorter than the handshake timeout, so that a valid node at the same address
 * can still connect.
 */
const MAX_MS = 2000;
/** The failures of an address are forgotten when this time has passed without another failure, ms. */
const FORGET_AFTER_MS = 60_000;
/** The most addresses remembered. The address with the oldest last failure is forgotten first. */
const MAX_ADDRESSES = 1000;

interface Failures {
  readonly count: number;
  readonly lastAt: number;
}

/** Counts failed handshakes by address, and delays the next handshake from that address accordingly. */
export class HandshakeThrottle {
  /** The failures at each address, by {@link addressPrefix}. */
  readonly #failures = new Map<string, Failures>();

  /**
   * Records a failed handshake of a peer at this address.
   *
   * @param now ms, monotonic
   */
  recordFailure(address: string, now: number): void {
    const count = this.#countOf(address, now) + 1;
    const prefix = addressPrefix(address);
    this.#failures.delete(prefix);
    this.#failures.set(prefix, { count, lastAt: now });
    if (this.#failures.size <= MAX_ADDRESSES) return;
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      break;
    }
  }

  /** Forgets the failures of this address, because a peer there proved that it belongs to the cluster. */
  reset(address: string): void {
    this.#failures.delete(addressPrefix(address));
  }

  /** Returns how long the next handshake from this address is to be delayed, ms. */
  delayOf(address: string, now: number): number {
    const count = this.#countOf(address, now);
    return count < 2 ? 0 : Math.min(MAX_MS, BASE_MS * 2 ** (count - 2));
  }

  #countOf(address: string, now: number): number {
    const failures = this.#failures.get(addressPrefix(address));
    return failures === undefined || now - failures.lastAt >= FORGET_AFTER_MS ? 0 : failures.count;
  }
}
