import type { CallFrom, GenServerRef, HandlerContext } from './behavior.js';

/** What a context reads its values from: the process. */
interface ContextSource {
  readonly ref: GenServerRef;
  readonly signal: AbortSignal;
  readonly from: CallFrom | undefined;
}

/** One per process; made of getters, so that a signal that is not used costs nothing. */
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
}
