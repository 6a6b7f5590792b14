import type { HandlerStop, TerminationReason } from './behavior.js';
import { checkReason } from './termination-reason.js';

/** What {@link stop} returns. */
export class StopResult<State> implements HandlerStop<State> {
  readonly reason: TerminationReason;
  readonly state: State;

  constructor(reason: TerminationReason, state: State) {
    this.reason = reason;
    this.state = state;
  }
}

/**
 * For a handler to return in the place of the new state: the process ends with `reason`, and `terminate` gets `state`.
 * Messages that still wait are not handled. From `handleCall`, `[reply, stop(...)]` also answers the caller.
 *
 * @throws InvalidArgumentError when `reason` is none of the reasons; a handler that throws it crashes with it
 * @example
 * handleCast: (message, state) => (message === 'done' ? stop('normal', state) : state),
 */
export function stop<State>(reason: TerminationReason, state: State): HandlerStop<State> {
  checkReason(reason);
  return new StopResult(reason, state);
}
