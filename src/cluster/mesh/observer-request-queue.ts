import type { Clock, Timer } from '../../clock.js';
import { decode, encode } from '../codec.js';
import { MAX_FRAME_BYTES, type RequestFrame } from '../frames.js';
import { TokenBucket } from '../token-bucket.js';
import { FairQueue } from './fair-queue.js';

/**
 * The rate limit for the requests of all observers together. A request costs one token, and its answer one token for
 * each {@link CHARS_PER_TOKEN}. A token stands for about a third of a millisecond of work, so the limit is about a
 * third of a core.
 */
export const SHARED_RATE_LIMIT = { burst: 1000, perSecond: 1000 };
const CHARS_PER_TOKEN = 16 * 1024;

/** The most waiting requests of one observer. An observer of noex normally has only a few at a time. */
export const MAX_WAITING = 64;

/** The most characters in all waiting requests of one observer. A single request may have more. */
const MAX_WAITING_CHARS = 64 * 1024;

/** How often the queue checks whether waiting requests can be served, ms. */
const CHECK_MS = 10;
/** The most waiting requests that are served in one check, or before a new request is added. */
const BATCH_SIZE = 16;

interface ObserverRequestsOptions<Observer> {
  readonly clock: Clock;
  /** Whether the backlog of an observer is small enough to send it an answer. */
  readonly isReady: (observer: Observer) => boolean;
  readonly serve: (observer: Observer, request: RequestFrame) => void;
}

/**
 * Serves the requests of all observers of a node. Within the shared rate limit, a request is served at once. Beyond the
 * limit, requests wait. The observers then take turns, so an observer with many requests does not delay the others.
 * Requests of an observer that does not read its answers wait, too. They are served after the observer has read, so
 * their answers have the newest state.
 */
export class ObserverRequestQueue<Observer> {
  readonly #options: ObserverRequestsOptions<Observer>;
  readonly #rate: TokenBucket;
  /** The waiting requests as JSON, which takes less memory than decoded requests. */
  readonly #waiting = new FairQueue<Observer, string>();
  #timer: Timer | undefined;

  constructor(options: ObserverRequestsOptions<Observer>) {
    this.#options = options;
    this.#rate = new TokenBucket(SHARED_RATE_LIMIT, options.clock.monotonic());
  }

  /**
   * Serves a request, now or later. Returns `false` if the request is dropped, because this observer has too many
   * waiting requests or too many characters in them.
   */
  add(observer: Observer, request: RequestFrame): boolean {
    const { clock, isReady, serve } = this.#options;
    // Requests that are already waiting come first.
    this.#serveWaiting();
    const waiting = this.#waiting.of(observer);
    if (waiting.length === 0 && isReady(observer) && this.#rate.take(clock.monotonic())) {
      serve(observer, request);
      return true;
    }
    const text = encode(request);
    const chars = waiting.reduce((sum, { length }) => sum + length, 0);
    if (waiting.length >= MAX_WAITING || (waiting.length > 0 && chars + text.length > MAX_WAITING_CHARS)) return false;
    this.#waiting.add(observer, text);
    this.#check();
    return true;
  }

  /** Counts an answer of this many characters towards the shared rate limit. */
  charge(chars: number): void {
    this.#rate.charge(chars / CHARS_PER_TOKEN);
  }

  /** Drops all waiting requests of an observer. */
  remove(observer: Observer): void {
    this.#waiting.remove(observer);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#serveWaiting();
      if (!this.#waiting.isEmpty) this.#check();
    }, CHECK_MS);
  }

  #serveWaiting(): void {
    const { clock, isReady, serve } = this.#options;
    for (let served = 0; served < BATCH_SIZE && this.#rate.hasToken(clock.monotonic()); served += 1) {
      const next = this.#waiting.take(isReady);
      if (next === undefined) return;
      this.#rate.charge(1);
      const request = decode(next.item, { maxBytes: MAX_FRAME_BYTES });
      if (request.type === 'request') serve(next.owner, request);
    }
  }
}
