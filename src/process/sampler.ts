/** How many messages are measured without gaps in each turn of the event loop, at most: the first ones of the turn. */
const EXACT_PER_TURN = 32;
/** How many messages are measured without gaps between two flushes, at most. */
const EXACT_PER_FLUSH = 64;
/**
 * The shortest mean gap between measured messages: apart from messages that are measured without gaps, one message in
 * 64 is measured on average. A power of two.
 */
const MIN_MEAN_GAP = 64;
/** After this many messages measured with gaps, the mean gap doubles, up to MAX_MEAN_GAP. Each flush resets it. */
const PICKS_PER_GAP = 32;
const MAX_MEAN_GAP = 4096;
const NEVER = 2 ** 30;

/**
 * Decides which messages are measured: all messages under low load, and a smaller share of them under higher load.
 * Measuring a message costs as much as handling ten. Each measured message also stands for the messages skipped since
 * the previous measured message. The gaps are pseudo-random, so that they do not synchronize with a pattern of
 * messages. Every run has the same sequence of gaps.
 */
export class Sampler {
  readonly enabled: boolean;
  /** The number of messages that the last measured message stands for. */
  weight = 1;
  #countdown = 1;
  /** How many more messages are measured without gaps in this turn. */
  #exactLeftInTurn = EXACT_PER_TURN;
  /** How many more messages are measured without gaps until the next flush. */
  #exactLeftInFlush = EXACT_PER_FLUSH;
  #meanGap = MIN_MEAN_GAP;
  /** How many more messages are measured with gaps before the mean gap doubles. */
  #picksLeft = PICKS_PER_GAP;
  /** The length of the current gap. The message at its end stands for this many messages. */
  #gap = MIN_MEAN_GAP;
  /** The rest of the gap that the end of a turn interrupted. It continues after the messages measured without gaps. */
  #interruptedGap = MIN_MEAN_GAP;
  #random = 0x2545f491;

  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  /** Returns whether this message is measured. Must be called exactly once for each message. */
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

  /** Begins a new period between two flushes: messages may be measured without gaps again, and gaps are short again. */
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

/** How many samples a process keeps between two reports, at most. An even number. */
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
   * Halves the number of samples: one sample of each pair is kept, with the weight of both. The kept sample is chosen
   * at random, in proportion to the weights. If two kinds of messages alternate, always keeping the first sample would
   * drop all messages of one kind.
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
