/** The minimum interval between two published states after a change of data, ms. */
const DATA_SCREEN_MS = 100;
/** The same after a key press, ms: shorter, because a user waits for the reaction. */
const KEY_SCREEN_MS = 40;

/** A store whose state is changed by events. It limits the rate at which new states are published to subscribers. */
export class Store<State, Event> {
  readonly #reduce: (state: State, event: Event) => State;
  readonly #listeners = new Set<() => void>();
  #state: State;
  /** The state that subscribers see. */
  #published: State;
  #publishedAt = Number.NEGATIVE_INFINITY;
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

  /** Applies events and returns the new state. `urgent`: publishes it sooner, as needed after a key press. */
  dispatch(events: readonly Event[], urgency: 'urgent' | 'whenever' = 'whenever'): State {
    const before = this.#state;
    this.#state = events.reduce(this.#reduce, before);
    if (this.#state !== before) this.#publishIn(urgency === 'urgent' ? KEY_SCREEN_MS : DATA_SCREEN_MS);
    return this.#state;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#due = Number.NEGATIVE_INFINITY;
  }

  /** Publishes the state `gapMs` after the last publication, or earlier if a publication is already due earlier. */
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
