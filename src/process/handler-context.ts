import type { CallFrom, CallOptions, HandlerContext, Link, Monitor } from './gen-server-types.js';
import type { GenServerRef, GenServerTarget, ProcessRef } from './process-refs.js';

/** The operations that a handler can call through its context. `self` is the process of the handler. */
export interface ContextActions {
  call(target: GenServerTarget, message: unknown, options?: CallOptions): Promise<unknown>;
  cast(target: GenServerTarget, message: unknown): void;
  monitor(self: ProcessRef, target: ProcessRef): Monitor;
  link(self: ProcessRef, other: ProcessRef): Link;
  sendAfter(self: ProcessRef, message: unknown, ms: number): { readonly processId: string };
  sendInterval(self: ProcessRef, message: unknown, ms: number): { readonly processId: string };
  cancelTimer(timer: { readonly processId: string }): boolean;
}

/** The parts of a process that its handler context uses. */
interface ContextSource {
  readonly ref: GenServerRef;
  readonly signal: AbortSignal;
  readonly from: CallFrom | undefined;
  /** Calls `code` with the operations, with this process as the current process. Returns its result. */
  act<Result>(code: (actions: ContextActions) => Result): Result;
}

/**
 * The context that the handlers of one process receive. Getters create each function on use, so that unused functions
 * cost nothing.
 */
export class ProcessHandlerContext implements HandlerContext {
  readonly #source: ContextSource;

  constructor(source: ContextSource) {
    this.#source = source;
  }

  get self(): GenServerRef {
    return this.#source.ref;
  }

  get from(): CallFrom | undefined {
    return this.#source.from;
  }

  get signal(): AbortSignal {
    return this.#source.signal;
  }

  // These getters return bound functions, because handlers destructure the context: `{ call }`.

  get call(): HandlerContext['call'] {
    return (target: GenServerTarget, message: unknown, options?: CallOptions) =>
      this.#source.act((actions) => actions.call(target, message, options)) as Promise<never>;
  }

  get cast(): HandlerContext['cast'] {
    return (target, message) => this.#source.act((actions) => actions.cast(target, message));
  }

  get monitor(): HandlerContext['monitor'] {
    return (target) => this.#source.act((actions) => actions.monitor(this.self, target));
  }

  get link(): HandlerContext['link'] {
    return (other) => this.#source.act((actions) => actions.link(this.self, other));
  }

  get sendAfter(): HandlerContext['sendAfter'] {
    return (message, ms) => this.#source.act((actions) => actions.sendAfter(this.self, message, ms));
  }

  get sendInterval(): HandlerContext['sendInterval'] {
    return (message, ms) => this.#source.act((actions) => actions.sendInterval(this.self, message, ms));
  }

  get cancelTimer(): HandlerContext['cancelTimer'] {
    return (timer) => this.#source.act((actions) => actions.cancelTimer(timer));
  }
}
