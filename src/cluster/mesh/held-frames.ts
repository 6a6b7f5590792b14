import type { Clock, Timer } from '../../clock.js';

/** A dialling side has two frames to send before it has to wait. */
export const MAX_HELD_FRAMES = 8;

/** What a peer sends while its handshake is delayed. */
export class HeldFrames {
  readonly #clock: Clock;
  readonly #frames: string[] = [];
  readonly #timer: Timer | undefined;
  #isHolding = false;

  /** Holds frames for `delayMs`, then gives them to `release`, in order. 0: holds none. */
  constructor(clock: Clock, delayMs: number, release: (text: string) => void) {
    this.#clock = clock;
    if (delayMs === 0) return;
    this.#isHolding = true;
    this.#timer = clock.setTimeout(() => {
      this.#isHolding = false;
      for (const text of this.#frames) release(text);
    }, delayMs);
  }

  get isHolding(): boolean {
    return this.#isHolding;
  }

  /** Whether there was room. An empty text costs memory too: the limit is their number. */
  add(text: string): boolean {
    if (this.#frames.length >= MAX_HELD_FRAMES) return false;
    this.#frames.push(text);
    return true;
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }
}
