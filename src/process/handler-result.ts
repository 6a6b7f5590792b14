import type { HandlerContinue, HandlerNoReply, HandlerStop, Next, TerminationReason } from './gen-server-types.js';
import { checkReason } from './termination-reason.js';

/**
 * Base class of the handler results other than a state and `[reply, state]`. Only {@link stop}, {@link noReply} and
 * {@link continueWith} create instances, so a state is never an instance.
 */
export abstract class HandlerResult {}

/** The result of {@link stop}. */
export class StopResult extends HandlerResult {
  readonly reason: TerminationReason;
  readonly state: unknown;

  constructor(reason: TerminationReason, state: unknown) {
    super();
    this.reason = reason;
    this.state = state;
  }
}

/** The result of {@link noReply}. */
export class NoReplyResult extends HandlerResult {
  readonly next: unknown;

  constructor(next: unknown) {
    super();
    this.next = next;
  }
}

/** The result of {@link continueWith}. */
export class ContinueResult extends HandlerResult {
  readonly payload: unknown;
  readonly result: unknown;

  constructor(payload: unknown, result: unknown) {
    super();
    this.payload = payload;
    this.result = result;
  }
}

/** Returns the first state from the result of `init`, with or without a continuation. */
export function stateOf(result: unknown): unknown {
  return result instanceof ContinueResult ? result.result : result;
}

// The functions below cast their results, because the brand of the public types exists for the compiler only.

/**
 * Ends the process when a handler returns `stop(reason, state)` in place of the next state. The process ends with
 * `reason`, and `terminate` receives `state`. Waiting messages are not handled. In `handleCall`, `[reply, stop(...)]`
 * also answers the caller.
 *
 * @throws InvalidArgumentError for an invalid `reason`; if the handler does not catch it, the process crashes
 * @example
 * handleCast: (message, state) => (message === 'done' ? stop('normal', state) : state),
 */
export function stop<State>(reason: TerminationReason, state: State): HandlerStop<State> {
  checkReason(reason);
  return new StopResult(reason, state) as unknown as HandlerStop<State>;
}

/**
 * Postpones the reply when `handleCall` returns `noReply(state)` in place of `[reply, state]`. The caller waits, within
 * its time-out, until `GenServer.reply(ctx.from, value)` is called anywhere in this runtime. When the process ends
 * first, the caller is rejected with ServerNotRunningError.
 *
 * @example
 * handleCall: (message, waiting, { from }) => noReply([...waiting, from]),
 */
export function noReply<State>(next: Next<State>): HandlerNoReply<State> {
  return new NoReplyResult(next) as unknown as HandlerNoReply<State>;
}

/**
 * Schedules `handleContinue(payload, state, ctx)` to run next, before any waiting message. `init` or a handler returns
 * `continueWith(payload, result)` in place of `result`. `result` takes effect before `handleContinue` runs: the state
 * is stored, and the reply of `handleCall` is sent.
 *
 * @example
 * init: () => continueWith('load', { rows: [] }),
 * handleContinue: async (_payload, state) => ({ ...state, rows: await load() }),
 */
export function continueWith<Result>(payload: unknown, result: Result): HandlerContinue<Result> {
  return new ContinueResult(payload, result) as unknown as HandlerContinue<Result>;
}
