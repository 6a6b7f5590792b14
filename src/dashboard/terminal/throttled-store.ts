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

  /**
   * Applies events in order and returns the new state. If the state has changed, publishes it as soon as the minimum
   * interval since the previous publication has passed. `urgent`, for key presses, uses the shorter interval.
   */
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

  /**
   * Publishes the state `gapMs` after the previous publication, or at once if that time has passed. Has no effect if an
   * earlier publication is scheduled, or if the store has stopped.
   */
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
