import type { AnyBehavior, CallContext, CallResult } from './gen-server-types.js';
import { messageType } from './message-type.js';

/** The maximum length of a message type in an error message, in characters. */
const MAX_TYPE_LENGTH = 60;

type AnyCallHandler = (message: unknown, state: unknown, ctx: CallContext) => CallResult<unknown, unknown>;

/**
 * Finds the handler of a message in a table of call handlers by message type. Returns `undefined` if `handleCall` is
 * not a table, or if the table has no own entry for the type. Entries of its prototype do not count.
 */
export function callHandlerFor(table: AnyBehavior['handleCall'], message: unknown): AnyCallHandler | undefined {
  if (typeof table !== 'object') return undefined;
  const type = typeOf(message);
  return Object.hasOwn(table, type) ? (Reflect.get(table, type) as AnyCallHandler) : undefined;
}

/** The message type, shortened for an error message. */
export function unhandledType(message: unknown): string {
  return typeOf(message).slice(0, MAX_TYPE_LENGTH);
}

function typeOf(message: unknown): string {
  return typeof message === 'string' ? message : messageType(message);
}
