import { isolated } from '../errors.js';
import { checkFunction } from '../validate.js';

/** The listeners of one event. A handler that throws, or returns a promise that rejects, does not affect the others. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #handlers = new Set<{ readonly call: (...args: Args) => void }>();
  readonly #onError: (error: Error) => void;

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  /**
   * The same handler added twice is called twice. Returns what ends it.
   *
   * @throws InvalidArgumentError
   */
  add(handler: (...args: Args) => unknown): () => void {
    checkFunction('handler', handler);
    const entry = { call: isolated(handler, this.#onError) };
    this.#handlers.add(entry);
    return () => {
      this.#handlers.delete(entry);
    };
  }

  /** Calls those that were there when it began and still are, in the order in which they came. */
  emit(...args: Args): void {
    for (const entry of [...this.#handlers]) {
      if (this.#handlers.has(entry)) entry.call(...args);
    }
  }
}
