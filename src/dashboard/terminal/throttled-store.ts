/** Frames that data makes come no faster than that, ms. */
const DATA_FRAME_MS = 100;
/** Those that keys make. */
const KEY_FRAME_MS = 40;

/** A state that events change; subscribers are notified at a rate that an eye can follow. */
export class Store<State, Event> {
  readonly #reduce: (state: State, event: Event) => State;
  readonly #listeners = new Set<() => void>();
  #state: State;
  /** What is drawn. */
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

  /** Applies events and returns the new state. `urgent`: it is shown at once, as after a key press. */
  dispatch(events: readonly Event[], urgency: 'urgent' | 'whenever' = 'whenever'): State {
    const before = this.#state;
    this.#state = events.reduce(this.#reduce, before);
    if (this.#state !== before) this.#publishIn(urgency === 'urgent' ? KEY_FRAME_MS : DATA_FRAME_MS);
    return this.#state;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#due = Number.NEGATIVE_INFINITY;
  }

  /** So long after the last time, or as soon as already intended. */
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
