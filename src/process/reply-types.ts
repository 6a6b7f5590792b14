declare const replies: unique symbol;

/**
 * For the place of `CallReply`: the type of the reply to each type of message. The type of a message is its field `type`, or
 * the message itself where it is a string. It exists for the compiler only.
 *
 * @example
 * type CartCall = { type: 'get'; sku: string } | { type: 'size' };
 * type CartRef = GenServerRef<CartState, CartCall, CartCast, Replies<{ get: number | undefined; size: number }>>;
 */
export interface Replies<ByType extends object> {
  readonly [replies]: ByType;
}

/** The type of a message, by which its handler is found in a table of handlers. */
export type MessageType<Message> = Message extends string
  ? Message
  : Message extends { readonly type: infer Type extends string }
    ? Type
    : never;

/** The reply to a message: the one of its type where `CallReply` is `Replies<...>`, otherwise `CallReply` itself. */
export type ReplyTo<CallReply, Message> =
  CallReply extends Replies<infer ByType>
    ? Message extends unknown
      ? MessageType<Message> extends keyof ByType
        ? ByType[MessageType<Message>]
        : never
      : never
    : CallReply;

/** The replies to all messages, where `CallReply` is `Replies<...>`. */
export type AnyReply<CallReply> = CallReply extends Replies<infer ByType> ? ByType[keyof ByType] : never;

/** The message of one type. */
export type MessageOfType<Message, Type> = Message extends unknown
  ? MessageType<Message> extends Type
    ? Message
    : never
  : never;
