/** The first messages of a turn of the event loop that are all measured, and how many of these there may be in a flush. */
const EXACT_PER_TURN = 32;
const EXACT_PER_FLUSH = 64;
/** Beyond them, about one message in this many is measured at first. A power of two. */
const MIN_MEAN_GAP = 64;
/** After this many with a gap, the gap doubles until the next flush, up to the longest. */
const PICKS_PER_GAP = 32;
const MAX_MEAN_GAP = 4096;
const NEVER = 2 ** 30;

/**
 * Picks the messages that are measured: all while there are few, ever fewer of them the more there are, since measuring one
 * costs as much as handling ten. Each one picked stands for those passed over since the one before: the gaps are irregular, so
 * that they do not fall in step with the messages, but the same in each run.
 */
export class Sampler {
  readonly enabled: boolean;
  /** The number of messages that the last picked one stands for. */
  weight = 1;
  #countdown = 1;
  /** How many more are measured without a gap: in this turn, and in this flush. */
  #exactLeftInTurn = EXACT_PER_TURN;
  #exactLeftInFlush = EXACT_PER_FLUSH;
  #meanGap = MIN_MEAN_GAP;
  /** How many more are measured before the mean gap doubles. */
  #picksLeft = PICKS_PER_GAP;
  #gap = MIN_MEAN_GAP;
  /** What is left of the gap while there is none. */
  #interruptedGap = MIN_MEAN_GAP;
  #random = 0x2545f491;

  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  /** Whether the message that comes now is to be measured. */
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

  /** Called when the counters of all processes have been reported. */
  flushed(): void {
    this.#exactLeftInFlush = EXACT_PER_FLUSH;
    this.#meanGap = MIN_MEAN_GAP;
    this.#picksLeft = PICKS_PER_GAP;
    this.#interruptedGap = this.#shortened(this.#interruptedGap);
    if (this.#exactLeftInTurn === 0) this.#countdown = this.#shortened(this.#countdown);
  }

  /** What is left of a gap that began in a flood, as long as a first gap at most: the flood may be over. */
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

  /** From half the mean gap to one and a half. */
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

/** What comes after `x` in a sequence of 32-bit numbers that looks random, and is the same in each run. */
function xorshift(x: number): number {
  let next = x;
  next ^= next << 13;
  next ^= next >>> 17;
  next ^= next << 5;
  return next;
}

/** The most samples that a process keeps between two reports. A power of two. */
const MAX_SAMPLES = 256;

/** The samples of one process since its last report. */
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

  /** Three numbers per sample, as in the `messages_handled` event; `undefined`: no samples. */
  take(): readonly number[] | undefined {
    if (this.#values.length === 0) return undefined;
    const values = this.#values;
    this.#values = [];
    if (this.#isThinned) {
      // The longest samples are reported in any case, with weight 0: they stand for no other message.
      values.push(this.#longestWait, this.#longestHandle, 0);
      this.#isThinned = false;
      this.#longestWait = this.#longestHandle = 0;
    }
    return values;
  }

  /**
   * Leaves out one of each two; the other stands for both. Which one is left to chance, in proportion to what they stood
   * for: among messages that alternate, leaving out every second one would leave out all of one kind.
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
