import type { TerminationReason } from './gen-server-types.js';

/** Those who want to know when one process ends. */
export class ExitListeners {
  readonly #listeners = new Set<(reason: TerminationReason) => void>();

  /** The listener is called once. Returns a function that removes it. */
  add(listener: (reason: TerminationReason) => void): () => void {
    // Of its own: the same function may be added twice.
    const own = (reason: TerminationReason): void => listener(reason);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** In the order in which they were added; those that are removed by one before them are left out. */
  emit(reason: TerminationReason): void {
    for (const listener of this.#listeners) {
      this.#listeners.delete(listener);
      listener(reason);
    }
  }
}
