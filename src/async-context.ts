import { AsyncResource } from 'node:async_hooks';

/**
 * The async context (the stores of every AsyncLocalStorage) that was current when this object was made. Code that noex
 * schedules runs in such a context, never in that of the caller that happened to wake it.
 */
export class AsyncContext {
  readonly #resource = new AsyncResource('noex', { requireManualDestroy: true });

  /** Calls `action` in this context, and returns or throws what it does. */
  run<Result>(action: () => Result): Result {
    return this.#resource.runInAsyncScope(action);
  }

  /** `api` with each function called in this context; what is no function stays as it is. */
  bind<Api extends object>(api: Api): Api {
    const bound = Object.entries(api).map(([name, member]: [string, unknown]) => [
      name,
      typeof member === 'function' ? (...args: unknown[]) => this.run(() => Reflect.apply(member, api, args)) : member,
    ]);
    return Object.fromEntries(bound) as Api;
  }
}
