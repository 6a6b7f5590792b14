import { isolated } from '../errors.js';
import { checkFunction } from '../validate.js';

/**
 * The listeners of one event. A handler that throws, or returns a promise that rejects, does not affect the others: its
 * error goes to `onError`.
 */
export class Listeners<Args extends readonly unknown[]> {
  readonly #handlers = new Set<{ readonly call: (...args: Args) => void }>();
  readonly #onError: (error: Error) => void;

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  /**
   * Adds a handler; a handler added twice is called twice. Returns a function that removes it.
   *
   * @throws InvalidArgumentError if `handler` is not a function
   */
  add(handler: (...args: Args) => unknown): () => void {
    checkFunction('handler', handler);
    const entry = { call: isolated(handler, this.#onError) };
    this.#handlers.add(entry);
    return () => {
      this.#handlers.delete(entry);
    };
  }

  /**
   * Calls the handlers in the order in which they were added; handlers added or removed during the call are skipped.
   */
  emit(...args: Args): void {
    for (const entry of [...this.#handlers]) {
      if (this.#handlers.has(entry)) entry.call(...args);
    }
  }
}
