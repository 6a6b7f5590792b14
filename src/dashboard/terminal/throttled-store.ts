/** The minimum interval between two published states if only data has changed, ms. */
const DATA_INTERVAL_MS = 100;
/**
 * The minimum interval between two published states after a key press, ms. This interval is shorter, because the user
 * waits for the result of the key.
 */
const KEY_INTERVAL_MS = 40;

/** A store whose state changes by events. The store limits the rate at which it publishes states to subscribers. */
export class Store<State, Event> {
  readonly #reduce: (state: State, event: Event) => State;
  readonly #listeners = new Set<() => void>();
  #state: State;
  /** The state that subscribers see. It may be older than `#state`. */
  #published: State;
  #publishedAt = Number.NEGATIVE_INFINITY;
  /**
   * The time of the next publication, ms, as in `performance.now()`. Infinity: no publication is scheduled. Minus
   * infinity: the store has stopped.
   */
  #due = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(reduce: (state: State, event: Event) => State, state: State) {
    this.#reduce = reduce;
    this.#state = state;
    this.#published = state;
  }

  readonly published = (): State => this.#published;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Applies events and returns the new state. `urgent` publishes the new state sooner, as needed after a key press. */
  dispatch(events: readonly Event[], urgency: 'urgent' | 'whenever' = 'whenever'): State {
    const before = this.#state;
    this.#state = events.reduce(this.#reduce, before);
    if (this.#state !== before) this.#publishIn(urgency === 'urgent' ? KEY_INTERVAL_MS : DATA_INTERVAL_MS);
    return this.#state;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#due = Number.NEGATIVE_INFINITY;
  }

  /** Schedules a publication for `gapMs` after the previous publication, unless an earlier one is scheduled already. */
  #publishIn(gapMs: number): void {
    const due = this.#publishedAt + gapMs;
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    const wait = due - performance.now();
    if (wait <= 0) {
      this.#publish();
      return;
    }
    this.#due = due;
    this.#timer = setTimeout(() => this.#publish(), wait);
  }

  #publish(): void {
    this.#due = Number.POSITIVE_INFINITY;
    this.#publishedAt = performance.now();
    this.#published = this.#state;
    for (const listener of this.#listeners) listener();
  }
}
