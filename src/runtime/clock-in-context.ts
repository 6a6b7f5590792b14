import type { AsyncContext } from '../async-context.js';
import type { Clock } from '../clock.js';

/** `clock`, with every timer firing in `context`, not in that of the code that set it. */
export function clockInContext(context: AsyncContext, clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout: (callback, ms) => clock.setTimeout(() => context.run(callback), ms),
    clearTimeout: (timer) => clock.clearTimeout(timer),
  };
}
