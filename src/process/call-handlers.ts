import type { AnyBehavior, CallContext, CallResult } from './gen-server-types.js';
import { messageType } from './message-type.js';

/** How much of a message that is a string is named in errors. */
const MAX_TYPE_LENGTH = 60;

type AnyCallHandler = (message: unknown, state: unknown, ctx: CallContext) => CallResult<unknown, unknown>;

/** The handler of a message in a table of handlers by type; `undefined` when there is none, whatever the prototype of the table has. */
export function callHandlerFor(table: AnyBehavior['handleCall'], message: unknown): AnyCallHandler | undefined {
  if (typeof table !== 'object') return undefined;
  const type = typeOf(message);
  return Object.hasOwn(table, type) ? (Reflect.get(table, type) as AnyCallHandler) : undefined;
}

/** The type of a message, as an error names it. */
export function unhandledType(message: unknown): string {
  return typeOf(message).slice(0, MAX_TYPE_LENGTH);
}

function typeOf(message: unknown): string {
  return typeof message === 'string' ? message : messageType(message);
}
