import { InvalidArgumentError } from '../errors.js';
import type { PendingCall } from './envelope.js';

/** The value of `ctx.from`: answers one call. */
export class ReplyHandle {
  readonly #call: PendingCall;

  constructor(call: PendingCall) {
    this.#call = call;
    Object.freeze(this);
  }

  /**
   * Answers the call that `from` stands for. Does nothing if the call is settled, for example because its caller
   * stopped waiting.
   *
   * @throws InvalidArgumentError when `from` is not a ReplyHandle
   */
  static answer(from: unknown, reply: unknown): void {
    if (!(from instanceof ReplyHandle)) throw new InvalidArgumentError('from', 'the ctx.from of a handleCall', from);
    from.#call.reply(reply);
  }
}
