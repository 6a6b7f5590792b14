import { InvalidArgumentError } from '../errors.js';
import type { PendingCall } from './envelope.js';

/** What `ctx.from` is: the right to answer one call. */
export class ReplyHandle {
  readonly #call: PendingCall;

  constructor(call: PendingCall) {
    this.#call = call;
    Object.freeze(this);
  }

  /**
   * Answers the call, unless it is settled: its caller may have given up.
   *
   * @throws InvalidArgumentError when `from` is none
   */
  static answer(from: unknown, reply: unknown): void {
    if (!(from instanceof ReplyHandle)) throw new InvalidArgumentError('from', 'the ctx.from of a handleCall', from);
    from.#call.reply(reply);
  }
}
