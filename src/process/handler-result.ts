import type { HandlerContinue, HandlerNoReply, HandlerStop, Next, TerminationReason } from './gen-server-types.js';
import { checkReason } from './termination-reason.js';

/** What a handler may return in the place of a state. No state is ever one of these. */
export abstract class HandlerResult {}

/** What {@link stop} returns. */
export class StopResult extends HandlerResult {
  readonly reason: TerminationReason;
  readonly state: unknown;

  constructor(reason: TerminationReason, state: unknown) {
    super();
    this.reason = reason;
    this.state = state;
  }
}

/** What {@link noReply} returns. */
export class NoReplyResult extends HandlerResult {
  readonly next: unknown;

  constructor(next: unknown) {
    super();
    this.next = next;
  }
}

/** What {@link continueWith} returns. */
export class ContinueResult extends HandlerResult {
  readonly payload: unknown;
  readonly result: unknown;

  constructor(payload: unknown, result: unknown) {
    super();
    this.payload = payload;
    this.result = result;
  }
}

/** The state in what `init` returned. */
export function stateOf(result: unknown): unknown {
  return result instanceof ContinueResult ? result.result : result;
}

// The brand of the public types exists for the compiler only.

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
  return new StopResult(reason, state) as unknown as HandlerStop<State>;
}

/**
 * For `handleCall` to return in the place of `[reply, state]`: the caller gets its reply later, by `GenServer.reply(ctx.from,
 * value)`, from wherever that is called in this runtime. Until then it waits, within its time-out; when the process ends, it is
 * rejected with ServerNotRunningError.
 *
 * @example
 * handleCall: (message, waiting, { from }) => noReply([...waiting, from]),
 */
export function noReply<State>(next: Next<State>): HandlerNoReply<State> {
  return new NoReplyResult(next) as unknown as HandlerNoReply<State>;
}

/**
 * For `init` or a handler to return around its result: `handleContinue(payload, state, ctx)` runs next, before any message that
 * waits. The result takes effect before that: a caller has its reply, a starter its ref.
 *
 * @example
 * init: () => continueWith('load', { rows: [] }),
 * handleContinue: async (_payload, state) => ({ ...state, rows: await load() }),
 */
export function continueWith<Result>(payload: unknown, result: Result): HandlerContinue<Result> {
  return new ContinueResult(payload, result) as unknown as HandlerContinue<Result>;
}
