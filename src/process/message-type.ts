/** Names the kind of a message without its content: its field `type`, otherwise its class name or primitive type. */
export function messageType(message: unknown): string {
  if (typeof message !== 'object' || message === null) return message === null ? 'null' : typeof message;
  try {
    if ('type' in message && typeof message.type === 'string') return message.type;
    const className: unknown = message.constructor?.name;
    return typeof className === 'string' ? className : 'Object';
  } catch {
    // The getters of the message throw. The handler may report that error; this function does not.
    return 'object';
  }
}
