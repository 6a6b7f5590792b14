import { BehaviorNotRegisteredError, InvalidArgumentError } from '../errors.js';
import type { GenServerBehavior } from '../process/gen-server-types.js';

// biome-ignore lint/suspicious/noExplicitAny: a behavior of any types is registered, and started by name
type AnyBehavior = GenServerBehavior<any, any, any, any, any>;

/** Makes a behavior of the arguments that `startRemote` was given. */
// biome-ignore lint/suspicious/noExplicitAny: the arguments of each factory are its own
export type BehaviorFactory = (args: any) => AnyBehavior | Promise<AnyBehavior>;

/** The behaviors that other nodes may start here, by name. */
export interface BehaviorRegistryApi {
  /**
   * Makes a behavior known under a name; a factory is called with the `args` of each start.
   *
   * @throws InvalidArgumentError, also when the name has a behavior already
   * @example
   * BehaviorRegistry.register('cart', ({ owner }) => cartOf(owner));
   */
  register(name: string, behavior: AnyBehavior | BehaviorFactory): void;
  /** Whether there was one. Processes that were started from it live on. */
  unregister(name: string): boolean;
  has(name: string): boolean;
  /** In the order in which they were registered. */
  getNames(): readonly string[];
}

export class BehaviorRegistry implements BehaviorRegistryApi {
  readonly #entries = new Map<string, AnyBehavior | BehaviorFactory>();

  register(name: string, behavior: AnyBehavior | BehaviorFactory): void {
    if (typeof name !== 'string' || name === '')
      throw new InvalidArgumentError('name', 'a string that is not empty', name);
    if (typeof behavior !== 'function' && (typeof behavior !== 'object' || behavior === null)) {
      throw new InvalidArgumentError('behavior', 'a behavior, or a function that returns one', behavior);
    }
    if (this.#entries.has(name))
      throw new InvalidArgumentError('name', 'a name without a behavior; unregister it first', name);
    this.#entries.set(name, behavior);
  }

  unregister(name: string): boolean {
    return this.#entries.delete(name);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  getNames(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** The behavior for one start. @throws BehaviorNotRegisteredError, and what the factory throws */
  make(name: string, args: unknown): AnyBehavior | Promise<AnyBehavior> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new BehaviorNotRegisteredError(name);
    return typeof entry === 'function' ? entry(args) : entry;
  }
}
