import { BehaviorNotRegisteredError, InvalidArgumentError } from '../errors.js';
import type { GenServerBehavior } from '../process/gen-server-types.js';

// biome-ignore lint/suspicious/noExplicitAny: a behavior of any types is registered, and started by name
type AnyBehavior = GenServerBehavior<any, any, any, any, any>;

/** Creates a behavior from the `args` of a `startRemote`. */
// biome-ignore lint/suspicious/noExplicitAny: each factory has its own type of arguments
export type BehaviorFactory = (args: any) => AnyBehavior | Promise<AnyBehavior>;

/** The behaviors that other nodes may start on this node, by name. */
export interface BehaviorRegistryApi {
  /**
   * Registers a behavior, or a factory, under a name. A factory is called with the `args` of each start.
   *
   * @throws InvalidArgumentError, also when the name is already registered
   * @example
   * BehaviorRegistry.register('cart', ({ owner }) => cartOf(owner));
   */
  register(name: string, behavior: AnyBehavior | BehaviorFactory): void;
  /** Removes a behavior. Returns whether it was registered. Processes started from it keep running. */
  unregister(name: string): boolean;
  /** Whether a behavior is registered under this name. */
  has(name: string): boolean;
  /** The registered names, in the order of registration. */
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
      throw new InvalidArgumentError('name', 'a name that is not registered yet; unregister it first', name);
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

  /**
   * Returns the behavior for one start. Throws, or rejects with, what the factory throws.
   *
   * @throws BehaviorNotRegisteredError
   */
  make(name: string, args: unknown): AnyBehavior | Promise<AnyBehavior> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new BehaviorNotRegisteredError(name);
    return typeof entry === 'function' ? entry(args) : entry;
  }
}
