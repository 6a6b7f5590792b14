import { AsyncResource } from 'node:async_hooks';

/**
 * Captures the async context (the stores of every AsyncLocalStorage) that is current when this object is created. noex
 * runs scheduled code in this context, and never in the context of the caller that happened to wake the scheduler.
 */
export class AsyncContext {
  readonly #resource = new AsyncResource('noex', { requireManualDestroy: true });

  /** Calls `action` in this context. Returns the result of `action`, and throws what `action` throws. */
  run<Result>(action: () => Result): Result {
    return this.#resource.runInAsyncScope(action);
  }

  /**
   * Returns a copy of `api` in which each function runs in this context. Other members are copied as they are. Only own
   * enumerable members are copied, so `api` must not be an instance of a class with methods.
   */
  bind<Api extends object>(api: Api): Api {
    const bound = Object.entries(api).map(([name, member]: [string, unknown]) => [
      name,
      typeof member === 'function' ? (...args: unknown[]) => this.run(() => Reflect.apply(member, api, args)) : member,
    ]);
    return Object.fromEntries(bound) as Api;
  }
}
