import type { EventBatch } from '../../streams/local-model.js';
import type { Work } from '../process/pulse.js';

/** The most processes that tell in one portion, and facts that are folded in it: together 1 to 2 ms. */
const PORTION = 500;
/** Of very many facts that wait, this share is folded in one portion even so, lest they pile up. */
const SHARE = 1 / 16;

interface TellingOptions {
  /** How many processes have something to tell. */
  dirtyCount(): number;
  /** Makes at most `most` of them tell, those who have waited longest first. */
  report(most: number): void;
  /** How many facts there have been. */
  factCount(): number;
  /** Has facts folded. */
  fold(portion: EventBatch): void;
}

/**
 * Makes processes tell what they did, and has that folded, with all other facts so far. In portions, what happens between
 * two of them waits for its own turn, and the fold is shown with the last.
 */
export class Telling implements Work {
  readonly #options: TellingOptions;
  /** How many processes have still to tell before this flush is over. */
  #untold = 0;
  /** Facts so far, and how many are to be folded before this flush is over. */
  #folded = 0;
  #target = 0;

  constructor(options: TellingOptions) {
    this.#options = options;
  }

  isPending(): boolean {
    return this.#options.dirtyCount() > 0 || this.#options.factCount() > this.#folded;
  }

  begin(): void {
    this.#untold = this.#options.dirtyCount();
    this.#target = this.#options.factCount();
  }

  portion(): boolean {
    if (this.#untold > 0) this.#report(Math.min(PORTION, this.#untold));
    const waiting = this.#options.factCount() - this.#folded;
    const most = Math.max(PORTION, Math.ceil(waiting * SHARE));
    const events = Math.min(this.#target - this.#folded, most);
    const isLast = this.#untold === 0 && this.#folded + events === this.#target;
    this.#fold({ events, isLast });
    return isLast;
  }

  flush(): void {
    this.begin();
    this.#report(this.#untold);
    this.#fold({ events: this.#target - this.#folded, isLast: true });
  }

  #report(count: number): void {
    // Counted first: whoever hears of it may read, which tells the rest.
    this.#untold -= count;
    this.#options.report(count);
    this.#target = this.#options.factCount();
  }

  #fold(portion: EventBatch): void {
    // What those who are shown it make happen belongs to the next flush.
    this.#folded += portion.events;
    this.#options.fold(portion);
  }
}
