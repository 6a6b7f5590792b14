/** What kind of message this is, without its content: its `type` where it has one, else its class or primitive type. */
export function messageType(message: unknown): string {
  if (typeof message !== 'object' || message === null) return message === null ? 'null' : typeof message;
  try {
    if ('type' in message && typeof message.type === 'string') return message.type;
    const className: unknown = message.constructor?.name;
    return typeof className === 'string' ? className : 'Object';
  } catch {
    // Its getters throw. That is an error of the handler, not of the observer.
    return 'object';
  }
}
