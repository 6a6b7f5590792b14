import { ConnectionsRefusedError } from '../../errors.js';
import { addressPrefix } from '../address-prefix.js';
import { isCloseReason } from './close-reason.js';

/** How many refusals of one interval are reported in full. */
const FULL_REPORTS = 5;

/** From the first refusal until those that were only counted are reported, ms. */
const INTERVAL_MS = 60_000;

/** How many different addresses are counted. */
const MAX_ADDRESSES = 1000;

/**
 * Refused connections that others made. In each interval the first few are reported in full; the others are counted by
 * reason, and reported together at its end.
 */
export class RefusalCounts {
  readonly #onError: (error: Error) => void;
  /** When the present interval began, ms, monotonic. */
  #since: number;
  #reported = 0;
  readonly #counts = new Map<string, number>();
  readonly #addresses = new Set<string>();

  constructor(onError: (error: Error) => void, now: number) {
    this.#onError = onError;
    this.#since = now;
  }

  /** @returns whether it is to be reported in full; otherwise it has been counted */
  add(address: string, reason: string, now: number): boolean {
    this.beat(now);
    if (this.#reported === 0) this.#since = now;
    if (this.#reported < FULL_REPORTS) {
      this.#reported += 1;
      return true;
    }
    // Not a text of the other side's choice, or there might be any number of them.
    const known = isCloseReason(reason) ? reason : 'other';
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1);
    if (this.#addresses.size < MAX_ADDRESSES) this.#addresses.add(addressPrefix(address));
    return false;
  }

  /** Ends the interval if its time is over. */
  beat(now: number): void {
    if (this.#reported > 0 && now - this.#since >= INTERVAL_MS) this.report(now);
  }

  /** Ends the interval, and reports what was counted in it. */
  report(now: number): void {
    this.#reported = 0;
    if (this.#counts.size === 0) return;
    const seconds = Math.round((now - this.#since) / 1000);
    const error = new ConnectionsRefusedError(Object.fromEntries(this.#counts), this.#origin(), seconds);
    this.#counts.clear();
    this.#addresses.clear();
    this.#onError(error);
  }

  #origin(): string {
    const [first = 'unknown'] = this.#addresses;
    if (this.#addresses.size === 1) return first;
    const number = this.#addresses.size < MAX_ADDRESSES ? `${this.#addresses.size}` : `${MAX_ADDRESSES} or more`;
    return `${number} addresses such as ${first}`;
  }
}
