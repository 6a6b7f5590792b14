import { ConnectionsRefusedError } from '../../errors.js';
import { addressPrefix } from '../address-prefix.js';
import { isCloseReason } from './close-reason.js';

/** The most refusals that are reported in full in one interval. */
const FULL_REPORTS = 5;

/**
 * The length of an interval, ms. An interval begins with a refusal. At its end, the refusals counted in it are
 * reported.
 */
const INTERVAL_MS = 60_000;

/** The most different addresses that are counted in one interval. See {@link addressPrefix}. */
const MAX_ADDRESSES = 1000;

/**
 * Limits the reports of refused connections that peers dialled. In each interval, the first few are reported in full.
 * The others are counted by reason, and reported together at the end of the interval.
 */
export class RefusalCounts {
  readonly #onError: (error: Error) => void;
  /** When the latest interval began, ms, monotonic. Meaningless while `#reported` is 0. */
  #since: number;
  /** The number of refusals that were reported in full in the current interval. 0: no interval has begun. */
  #reported = 0;
  readonly #counts = new Map<string, number>();
  readonly #addresses = new Set<string>();

  constructor(onError: (error: Error) => void, now: number) {
    this.#onError = onError;
    this.#since = now;
  }

  /**
   * Adds a refusal. Returns `true` if the caller must report the refusal in full, or `false` if the refusal was
   * counted.
   *
   * @param now ms, monotonic, as in all methods
   */
  add(address: string, reason: string, now: number): boolean {
    this.beat(now);
    if (this.#reported === 0) this.#since = now;
    if (this.#reported < FULL_REPORTS) {
      this.#reported += 1;
      return true;
    }
    // The other side chooses the text of its reason. Unknown texts are counted together, because the number of
    // different texts is not limited.
    const known = isCloseReason(reason) ? reason : 'other';
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1);
    if (this.#addresses.size < MAX_ADDRESSES) this.#addresses.add(addressPrefix(address));
    return false;
  }

  /** If `INTERVAL_MS` have passed, ends the interval and reports its counts. Must be called periodically. */
  beat(now: number): void {
    if (this.#reported > 0 && now - this.#since >= INTERVAL_MS) this.report(now);
  }

  /** Ends the interval now. Reports the refusals that were counted in it, if there are any. */
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
