import type { Clock, Timer } from '../../clock.js';

/** The most frames held for one peer. A dialer sends at most two frames before it has to wait for an answer. */
export const MAX_HELD_FRAMES = 8;

/** The frames that a peer sends while its handshake is delayed. */
export class HeldFrames {
  readonly #clock: Clock;
  readonly #frames: string[] = [];
  readonly #timer: Timer | undefined;
  #isHolding = false;

  /** Holds frames for `delayMs`, then passes them to `release`, in order. If `delayMs` is 0, no frames are held. */
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

  /**
   * Holds a frame. Returns `false`, and drops the frame, if there is no room. The number of frames is limited because
   * even an empty text takes memory.
   */
  add(text: string): boolean {
    if (this.#frames.length >= MAX_HELD_FRAMES) return false;
    this.#frames.push(text);
    return true;
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }
}
