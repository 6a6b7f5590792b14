/** How many messages are measured exactly, without gaps: the first ones of each turn, up to a limit per flush. */
const EXACT_PER_TURN = 32;
const EXACT_PER_FLUSH = 64;
/** After those, the mean number of messages per measured one. A power of two. */
const MIN_MEAN_GAP = 64;
/** The mean gap doubles after this many measured messages, up to the maximum. Each flush resets it. */
const PICKS_PER_GAP = 32;
const MAX_MEAN_GAP = 4096;
const NEVER = 2 ** 30;

/**
 * Decides which messages are measured: all of them under low load, and a smaller share the more there are, because
 * measuring a message costs as much as handling ten. Each measured message stands for those skipped since the previous
 * one. The gaps are pseudo-random, so that they do not synchronize with a pattern of messages, and the same in each
 * run.
 */
export class Sampler {
  readonly enabled: boolean;
  /** The number of messages that the last measured message stands for. */
  weight = 1;
  #countdown = 1;
  /** How many more messages are measured without a gap: in this turn, and until the next flush. */
  #exactLeftInTurn = EXACT_PER_TURN;
  #exactLeftInFlush = EXACT_PER_FLUSH;
  #meanGap = MIN_MEAN_GAP;
  /** How many more messages are measured before the mean gap doubles. */
  #picksLeft = PICKS_PER_GAP;
  #gap = MIN_MEAN_GAP;
  /** The rest of the gap that the end of a turn interrupted; the gap continues after the next exact messages. */
  #interruptedGap = MIN_MEAN_GAP;
  #random = 0x2545f491;

  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  /** Called for each message. Returns whether this message is measured. */
  due(): boolean {
    this.#countdown -= 1;
    return this.#countdown <= 0 && this.#pick();
  }

  endTurn(): void {
    if (!this.enabled) return;
    if (this.#exactLeftInTurn === 0) this.#interruptedGap = this.#countdown;
    this.#exactLeftInTurn = Math.min(EXACT_PER_TURN, this.#exactLeftInFlush);
    this.#countdown = this.#exactLeftInTurn > 0 ? 1 : this.#interruptedGap;
  }

  /** Called when the counts of all processes have been reported: starts again with exact messages and short gaps. */
  flushed(): void {
    this.#exactLeftInFlush = EXACT_PER_FLUSH;
    this.#meanGap = MIN_MEAN_GAP;
    this.#picksLeft = PICKS_PER_GAP;
    this.#interruptedGap = this.#shortened(this.#interruptedGap);
    if (this.#exactLeftInTurn === 0) this.#countdown = this.#shortened(this.#countdown);
  }

  /** Shortens a gap that began under high load, since the load may have dropped. */
  #shortened(rest: number): number {
    const shorter = Math.min(rest, MIN_MEAN_GAP);
    this.#gap -= rest - shorter;
    return shorter;
  }

  #pick(): boolean {
    if (!this.enabled) {
      this.#countdown = NEVER;
      return false;
    }
    if (this.#exactLeftInTurn > 0) {
      this.#exactLeftInTurn -= 1;
      this.#exactLeftInFlush -= 1;
      this.weight = 1;
      this.#countdown = this.#exactLeftInTurn > 0 ? 1 : this.#interruptedGap;
      return true;
    }
    this.weight = this.#gap;
    this.#gap = this.#interruptedGap = this.#countdown = this.#nextGap();
    return true;
  }

  /** A random gap between 0.5 and 1.5 times the mean gap. */
  #nextGap(): number {
    this.#random = xorshift(this.#random);
    this.#picksLeft -= 1;
    if (this.#picksLeft === 0 && this.#meanGap < MAX_MEAN_GAP) {
      this.#meanGap *= 2;
      this.#picksLeft = PICKS_PER_GAP;
    }
    return this.#meanGap / 2 + (this.#random & (this.#meanGap - 1));
  }
}

/** The successor of `x` in a pseudo-random sequence of 32-bit numbers (xorshift32), which is the same in each run. */
function xorshift(x: number): number {
  let next = x;
  next ^= next << 13;
  next ^= next >>> 17;
  next ^= next << 5;
  return next;
}

/** How many samples a process keeps between two reports, at most. A power of two. */
const MAX_SAMPLES = 256;

/** The samples of one process since its last report: wait and handling times with weights. */
export class Samples {
  #values: number[] = [];
  #isThinned = false;
  #longestWait = 0;
  #longestHandle = 0;
  #random = 0x2545f491;

  add(waitMs: number, handleMs: number, weight: number): void {
    if (this.#values.length >= 3 * MAX_SAMPLES) this.#thin();
    this.#values.push(Math.round(waitMs * 1000), Math.round(handleMs * 1000), weight);
  }

  /**
   * Returns the samples and clears them; `undefined` if there are none. Each sample is three numbers, as in the
   * `messages_handled` event: wait in us, handling time in us, weight.
   */
  take(): readonly number[] | undefined {
    if (this.#values.length === 0) return undefined;
    const values = this.#values;
    this.#values = [];
    if (this.#isThinned) {
      // The longest times are always reported. Their weight is 0, because other samples already count them.
      values.push(this.#longestWait, this.#longestHandle, 0);
      this.#isThinned = false;
      this.#longestWait = this.#longestHandle = 0;
    }
    return values;
  }

  /**
   * Halves the number of samples: one of each pair is kept with the weight of both. It is chosen at random in
   * proportion to the weights. Always dropping the second one could drop all messages of one kind, if two kinds
   * alternate.
   */
  #thin(): void {
    const values = this.#values;
    this.#isThinned = true;
    let kept = 0;
    for (let at = 0; at < values.length; at += 6) {
      const [wait = 0, handle = 0, weight = 0, otherWait = 0, otherHandle = 0, otherWeight = 0] = values.slice(
        at,
        at + 6,
      );
      this.#longestWait = Math.max(this.#longestWait, wait, otherWait);
      this.#longestHandle = Math.max(this.#longestHandle, handle, otherHandle);
      this.#random = xorshift(this.#random);
      const isFirst = (this.#random >>> 0) / 2 ** 32 < weight / (weight + otherWeight);
      values[kept] = isFirst ? wait : otherWait;
      values[kept + 1] = isFirst ? handle : otherHandle;
      values[kept + 2] = weight + otherWeight;
      kept += 3;
    }
    values.length = kept;
  }
}
