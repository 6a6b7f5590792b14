import type { ErrorFact, ExitFact } from '../../streams/events.js';
import type { TerminationReason } from './behavior.js';

/** An error as plain data, whatever its author put in the place of name, message and stack. */
export function errorFact(error: Error): ErrorFact {
  try {
    const { name, message, stack } = error;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    return {
      name: String(name),
      message: String(message),
      ...(typeof stack === 'string' && { stack }),
      ...(code !== undefined && { code }),
    };
  } catch {
    return { name: 'Error', message: 'an error that throws when it is read' };
  }
}

/** A termination reason as plain data. */
export function exitFact(reason: TerminationReason): ExitFact {
  return typeof reason === 'string' ? reason : { error: errorFact(reason.error) };
}

/** What kind of message this is, without its content: its `type` where it has one, else its class or primitive type. */
export function messageType(message: unknown): string {
  if (typeof message !== 'object' || message === null) return message === null ? 'null' : typeof message;
  try {
    if ('type' in message && typeof message.type === 'string') return message.type;
    const className: unknown = message.constructor?.name;
    return typeof className === 'string' ? className : 'Object';
  } catch {
    // Its getters throw: the handler's affair, not that of whoever looks on.
    return 'object';
  }
}
