import { ProtocolError } from '../../errors.js';
import { type Build, PROTOCOL_VERSION } from '../frames.js';
import { metadataProblem, rolesProblem } from '../node-description.js';

/** The largest message of the engine itself, bytes. */
const MAX_MESSAGE_BYTES = 16 * 1024;

/** The longest time between two heartbeats, ms. */
const MAX_INTERVAL_MS = 60 * 60 * 1000;

/** The most characters of a name or text. */
const MAX_TEXT = 200;

/** What a node or observer announces of itself: to all when it joins and from time to time, and as an answer to one peer. */
export interface Hello extends Build, Beat {
  readonly type: 'hello';
  readonly protocol: number;
  /** Whether the receivers answer with their own hello. */
  readonly asks: boolean;
}

/** What every heartbeat has. */
export interface Beat {
  readonly incarnation: number;
  readonly processCount: number;
  readonly uptimeMs: number;
  /** The time to the next heartbeat, ms. */
  readonly intervalMs: number;
}

/** The messages that a peer sends to one other peer, beside frames. `to` is the incarnation of the receiver. */
export type LinkMessage = ResetMessage | CheckMessage;

interface ToPeer {
  readonly incarnation: number;
  readonly to: number;
  readonly epoch: number;
}

/** Proposes an epoch of the link, or confirms it. */
export type ResetMessage = (ToPeer & { readonly type: 'reset' }) | (ToPeer & { readonly type: 'reset_ok' });

/** Compares what was sent with what was received. */
export type CheckMessage =
  /** The number of the last piece that the sender has sent. The receiver answers with `ack`. */
  | (ToPeer & { readonly type: 'mark'; readonly sequence: number })
  /** The number of bytes received in this epoch. `isAnswer`: to a mark. */
  | (ToPeer & { readonly type: 'ack'; readonly received: number; readonly isAnswer: boolean });

/** All messages of the engine itself. Everything else is a frame in an envelope. */
export type Message =
  | Hello
  | (Beat & { readonly type: 'beat' })
  | { readonly type: 'leave'; readonly incarnation: number }
  /** The sender has not heard a node for too long. */
  | { readonly type: 'lost'; readonly name: string; readonly incarnation: number }
  /** The sender wants to use its name, or uses it. */
  | { readonly type: 'claim' | 'taken'; readonly incarnation: number; readonly life: string }
  | {
      readonly type: 'refused';
      readonly incarnation: number;
      readonly to: number;
      readonly reason: string;
      readonly text: string;
    }
  | LinkMessage;

type Guard = (value: unknown) => boolean;

const isCount: Guard = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isDuration: Guard = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isBoolean: Guard = (value) => typeof value === 'boolean';
const isText: Guard = (value) => typeof value === 'string' && value.length <= MAX_TEXT && !/\p{Cc}/u.test(value);
const isFeatures: Guard = (value) => Array.isArray(value) && value.length <= 100 && value.every(isText);
const optional =
  (guard: Guard): Guard =>
  (value) =>
    value === undefined || guard(value);

const isInterval: Guard = (value) => isDuration(value) && (value as number) <= MAX_INTERVAL_MS;
const beat = { incarnation: isCount, processCount: isCount, uptimeMs: isDuration, intervalMs: isInterval };
const link = { incarnation: isCount, to: isCount, epoch: isCount };
const claim = { incarnation: isCount, life: isText };

const FIELDS: Readonly<Record<Message['type'], Readonly<Record<string, Guard>>>> = {
  hello: {
    ...beat,
    protocol: isCount,
    asks: isBoolean,
    version: optional(isText),
    features: optional(isFeatures),
    life: optional(isText),
    roles: optional((value) => rolesProblem(value) === undefined),
    metadata: optional((value) => metadataProblem(value) === undefined),
  },
  beat,
  leave: { incarnation: isCount },
  lost: { name: isText, incarnation: isCount },
  claim,
  taken: claim,
  refused: { incarnation: isCount, to: isCount, reason: isText, text: isText },
  reset: link,
  reset_ok: link,
  mark: { ...link, sequence: isCount },
  ack: { ...link, received: isCount, isAnswer: isBoolean },
};

export function encodeMessage(message: Message): Uint8Array {
  return Buffer.from(JSON.stringify(message));
}

/**
 * Returns `undefined` for a type of message that this version does not know.
 *
 * @throws ProtocolError
 */
export function decodeMessage(payload: Uint8Array): Message | undefined {
  if (payload.length > MAX_MESSAGE_BYTES) throw new ProtocolError('frame_too_large', 'a message that is too large');
  const raw = parse(payload);
  const fields = Object.hasOwn(FIELDS, String(raw['type'])) ? FIELDS[raw['type'] as Message['type']] : undefined;
  if (fields === undefined) return undefined;
  if (raw['type'] === 'hello' && isCount(raw['protocol']) && raw['protocol'] !== PROTOCOL_VERSION)
    throw new ProtocolError(
      'unsupported_version',
      `the other side speaks protocol ${raw['protocol']}, this one ${PROTOCOL_VERSION}; run the same version on both`,
    );
  const known: [string, unknown][] = [['type', raw['type']]];
  for (const [field, guard] of Object.entries(fields)) {
    const value = Object.hasOwn(raw, field) ? raw[field] : undefined;
    if (!guard(value)) throw new ProtocolError('malformed', `a ${raw['type']} message with a bad ${field}`);
    if (value !== undefined) known.push([field, value]);
  }
  return Object.fromEntries(known) as unknown as Message;
}

function parse(payload: Uint8Array): Record<string, unknown> {
  try {
    const raw: unknown = JSON.parse(Buffer.from(payload).toString());
    if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return raw as Record<string, unknown>;
  } catch {
    // The parser's own error message would quote the untrusted input.
  }
  throw new ProtocolError('not_json', 'a message that is no JSON object');
}
