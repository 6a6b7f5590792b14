import type { Clock, Timer } from '../../clock.js';
import { decode, encode } from '../codec.js';
import { MAX_FRAME_BYTES, type RequestFrame } from '../frames.js';
import { TokenBucket } from '../token-bucket.js';
import { FairQueue } from './fair-queue.js';

/**
 * What all observers together may request. A request costs one, and its answer one for each {@link CHARS_PER_TOKEN}:
 * that takes about as long to write, a third of a millisecond, so that this is a third of a core.
 */
export const SHARED_RATE_LIMIT = { burst: 1000, perSecond: 1000 };
const CHARS_PER_TOKEN = 16 * 1024;

/** How many requests of one observer may wait. Readers wait for an answer before they send the next. */
export const MAX_WAITING = 64;

/** How long the texts may be in all of those that wait for one observer, but for the first, in characters. */
const MAX_WAITING_CHARS = 64 * 1024;

/** How often it is checked whether what waits can be served, ms, and how much of it is served at once. */
const CHECK_MS = 10;
const AT_ONCE = 16;

interface ObserverRequestsOptions<Observer> {
  readonly clock: Clock;
  /** Whether it takes what it is sent, and so may be sent an answer. */
  readonly isReady: (observer: Observer) => boolean;
  readonly serve: (observer: Observer, request: RequestFrame) => void;
}

/**
 * The requests of all observers of a node. Within the rate for all together each is served at once; beyond it they
 * wait, and observers have turns: an observer that sends many waits for long, and delays no other. So do those who do
 * not take the answers they have: the next one is written when they do, and is the newest state then.
 */
export class ObserverRequestQueue<Observer> {
  readonly #options: ObserverRequestsOptions<Observer>;
  readonly #rate: TokenBucket;
  /** As text, which takes less memory than what is in it. */
  readonly #waiting = new FairQueue<Observer, string>();
  #timer: Timer | undefined;

  constructor(options: ObserverRequestsOptions<Observer>) {
    this.#options = options;
    this.#rate = new TokenBucket(SHARED_RATE_LIMIT, options.clock.monotonic());
  }

  /** @returns `false`: it is dropped, because too much waits already */
  add(observer: Observer, request: RequestFrame): boolean {
    const { clock, isReady, serve } = this.#options;
    // Those before it have their turns first.
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

  /** An answer of that many characters was sent. */
  charge(chars: number): void {
    this.#rate.charge(chars / CHARS_PER_TOKEN);
  }

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
    for (let served = 0; served < AT_ONCE && this.#rate.hasToken(clock.monotonic()); served += 1) {
      const next = this.#waiting.take(isReady);
      if (next === undefined) return;
      this.#rate.charge(1);
      const request = decode(next.item, { maxBytes: MAX_FRAME_BYTES });
      if (request.type === 'request') serve(next.owner, request);
    }
  }
}
