import type { AsyncContext } from '../async-context.js';
import type { Clock } from '../clock.js';

/** Wraps `clock` so that timers fire in `context`, and not in the async context of the code that set the timer. */
export function clockInContext(context: AsyncContext, clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimeout: (callback, ms) => clock.setTimeout(() => context.run(callback), ms),
    clearTimeout: (timer) => clock.clearTimeout(timer),
  };
}
