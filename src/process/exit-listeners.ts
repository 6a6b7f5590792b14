import type { TerminationReason } from './gen-server-types.js';

/** The listeners for the end of one process. */
export class ExitListeners {
  readonly #listeners = new Set<(reason: TerminationReason) => void>();

  /** Adds a listener, which is called once. Returns a function that removes it. */
  add(listener: (reason: TerminationReason) => void): () => void {
    // Each `add` stores a new function: the set would merge two entries of the same listener.
    const own = (reason: TerminationReason): void => listener(reason);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Calls the listeners in the order they were added. A listener removed by an earlier one is not called. */
  emit(reason: TerminationReason): void {
    for (const listener of this.#listeners) {
      this.#listeners.delete(listener);
      listener(reason);
    }
  }
}
