declare const replies: unique symbol;

/**
 * Types the reply of each message type, when used as the `CallReply` of a ref. The type of a message is its field
 * `type`, or the message itself if it is a string. Exists for the compiler only.
 *
 * @example
 * type CartCall = { type: 'get'; sku: string } | { type: 'size' };
 * type CartRef = GenServerRef<CartState, CartCall, CartCast, Replies<{ get: number | undefined; size: number }>>;
 */
export interface Replies<ByType extends object> {
  readonly [replies]: ByType;
}

/** The type of a message: the key of its handler in a table of call handlers. */
export type MessageType<Message> = Message extends string
  ? Message
  : Message extends { readonly type: infer Type extends string }
    ? Type
    : never;

/**
 * The reply type for a message: if `CallReply` is `Replies<...>`, the one for its message type; otherwise `CallReply`.
 */
export type ReplyTo<CallReply, Message> =
  CallReply extends Replies<infer ByType>
    ? Message extends unknown
      ? MessageType<Message> extends keyof ByType
        ? ByType[MessageType<Message>]
        : never
      : never
    : CallReply;

/** The union of all reply types in `Replies<...>`; `never` for any other `CallReply`. */
export type AnyReply<CallReply> = CallReply extends Replies<infer ByType> ? ByType[keyof ByType] : never;

/** The messages of a union that have the given message type. */
export type MessageOfType<Message, Type> = Message extends unknown
  ? MessageType<Message> extends Type
    ? Message
    : never
  : never;
