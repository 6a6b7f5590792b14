import { exceededLimit } from '../../streams/json-limits.js';
import { InvalidArgumentError, ProtocolError } from '../errors.js';
import { checkPlainJson, decodeBody, encodeBody, isText, MAX_BODY_DEPTH } from './frame-body.js';
import {
  type Frame,
  type ItemsFrame,
  MAX_FRAME_BYTES,
  type Peer,
  PROTOCOL_VERSION,
  type ReceivedFrame,
} from './frames.js';
import { metadataProblem, rolesProblem } from './node-description.js';
import { NodeId } from './node-id.js';

export interface DecodeLimits {
  /** The largest accepted frame, in bytes of UTF-8. */
  readonly maxBytes: number;
}

/** The most members of one frame; more are rejected. */
const MAX_MEMBERS = 4096;

/** The longest method name, topic, error code, version, feature or life, in characters. */
const MAX_NAME = 200;

/** The longest error message of a frame, in characters; {@link clip} shortens a message to this length. */
const MAX_MESSAGE = 2000;

/** The most features in a greeting; more are rejected. */
const MAX_FEATURES = 100;

/** The most items of one frame; more are rejected. */
const MAX_ITEMS = 10_000;

/** The most characters kept of the name of an unknown frame. */
const MAX_UNKNOWN = 40;

/**
 * The greatest depth of the items of a frame. The array of items, the item, and the object around an annotated body add
 * three levels to the depth of a body.
 */
const MAX_ITEMS_DEPTH = MAX_BODY_DEPTH + 3;

type Guard = (value: unknown) => boolean;

const isCount: Guard = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isDuration: Guard = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isBoolean: Guard = (value) => typeof value === 'boolean';
const isName = (value: unknown): value is string => isText(value) && value.length > 0 && value.length <= MAX_NAME;
const isMessage: Guard = (value) => isText(value) && value.length <= MAX_MESSAGE;
const isReason: Guard = (value) => typeof value === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(value);
/** 32 bytes in base64: nonces and MACs. */
const isBytes32: Guard = (value) => typeof value === 'string' && /^[A-Za-z0-9+/]{43}=$/.test(value);
const isPeer: Guard = (value) =>
  isRecord(value) && NodeId.isValid(own(value, 'id')) && isCount(own(value, 'incarnation'));
const isPeers: Guard = (value) => Array.isArray(value) && value.length <= MAX_MEMBERS && value.every(isPeer);
const isFeatures: Guard = (value) => Array.isArray(value) && value.length <= MAX_FEATURES && value.every(isName);
/** Only checks that there is a body: {@link decodeBody} checks its content. */
const isBody: Guard = (value) => value !== undefined;

const isItems = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length <= MAX_ITEMS;

function optional(guard: Guard): Guard {
  return (value) => value === undefined || guard(value);
}

const greeting = {
  protocol: isCount,
  nodeId: NodeId.isValid,
  incarnation: isCount,
  nonce: isBytes32,
  secured: isBoolean,
  version: optional(isName),
  features: optional(isFeatures),
  life: optional(isName),
  roles: optional((value) => rolesProblem(value) === undefined),
  metadata: optional((value) => metadataProblem(value) === undefined),
};

/** Every frame type but `items`, with a guard for each of its fields. The compiler checks that no guard is missing. */
const FIELDS: { readonly [T in Exclude<Frame['type'], 'items'>]: { readonly [F in FieldOf<T>]: Guard } } = {
  hello: { ...greeting, role: (value) => value === 'member' || value === 'observer' },
  challenge: greeting,
  proof: { mac: optional(isBytes32) },
  welcome: { mac: optional(isBytes32) },
  open: {},
  refused: { reason: isReason, message: isMessage },
  members: { members: isPeers, isWhole: optional(isBoolean) },
  heartbeat: { processCount: isCount, uptimeMs: isDuration },
  leave: {},
  probe: {},
  probe_ack: {},
  id_conflict: {},
  request: { id: isCount, method: isName, body: isBody },
  reply: { id: isCount, body: isBody },
  failure: { id: isCount, message: isMessage, code: optional(isName) },
  notify: { topic: isName, body: isBody },
};

type FieldOf<T extends Frame['type']> = Exclude<keyof Required<Extract<Frame, { type: T }>>, 'type'>;

const TYPES: ReadonlyMap<unknown, Readonly<Record<string, Guard>>> = new Map(Object.entries(FIELDS));

/**
 * Encodes a frame. The same text can be sent to any number of peers.
 *
 * @throws InvalidArgumentError if the frame has a body that cannot be encoded, or that exceeds a limit of the receiver
 */
export function encode(frame: Frame): string {
  if (!('body' in frame)) return JSON.stringify(frame);
  const { body, ...head } = frame;
  const text = `${JSON.stringify(head).slice(0, -1)},"body":${encodeBody(body)}}`;
  if (isLargerThan(text, MAX_FRAME_BYTES)) {
    throw new InvalidArgumentError(
      'body',
      `at most ${MAX_FRAME_BYTES} bytes once encoded; send it in parts`,
      typeof body,
    );
  }
  const excess = exceededLimit(text);
  if (excess !== undefined) throw new InvalidArgumentError('body', `without ${excess}; send it in parts`, typeof body);
  return text;
}

/**
 * Decodes a frame from another node. Unknown fields are dropped, and a frame of an unknown type is returned as
 * `unknown`, so that later versions can add both. Any other deviation is an error.
 *
 * @throws ProtocolError `frame_too_large`, `not_json`, `malformed`, `unsupported_version`
 */
export function decode(text: string, { maxBytes }: DecodeLimits): ReceivedFrame {
  if (isLargerThan(text, maxBytes))
    throw new ProtocolError('frame_too_large', `a frame of more than ${maxBytes} bytes`);
  const raw = parseJson(text);
  if (!isRecord(raw)) throw new ProtocolError('malformed', 'a frame that is not an object');
  const type = own(raw, 'type');
  if (type === 'items') return decodeItems(raw, text);
  const fields = TYPES.get(type);
  if (fields === undefined) {
    if (typeof type !== 'string') throw new ProtocolError('malformed', 'a frame without a type');
    return { type: 'unknown', name: type.slice(0, MAX_UNKNOWN) };
  }
  const protocol = own(raw, 'protocol');
  // Checked before the other fields, which may differ in another version.
  if ('protocol' in fields && isCount(protocol) && protocol !== PROTOCOL_VERSION) {
    throw new ProtocolError(
      'unsupported_version',
      `the other side speaks protocol ${protocol}, this one ${PROTOCOL_VERSION}; run the same version on both`,
    );
  }
  const known: [string, unknown][] = [['type', type]];
  for (const [field, guard] of Object.entries(fields)) {
    const value = own(raw, field);
    if (!guard(value)) throw new ProtocolError('malformed', `a ${type} frame with a bad ${field}`);
    if (value !== undefined) known.push([field, read(field, value)]);
  }
  return Object.fromEntries(known) as unknown as Frame;
}

/** Decodes a frame of messages between processes. Nearly all frames are such frames, so they have a fast path. */
function decodeItems(raw: Readonly<Record<string, unknown>>, text: string): ItemsFrame {
  const items = own(raw, 'items');
  if (!isItems(items)) throw new ProtocolError('malformed', 'an items frame with a bad items');
  // The items are walked only if the text may have a dangerous property name: a walk takes as long as parsing.
  if (mayReachPrototype(text)) checkPlainJson(items, MAX_ITEMS_DEPTH);
  return { type: 'items', items };
}

/** Encodes a frame of items, each of which is JSON already. */
export function encodeItems(items: readonly string[]): string {
  return `{"type":"items","items":[${items.join(',')}]}`;
}

/** Whether JSON text may have a property name that leads to a prototype. An escape may spell such a name. */
function mayReachPrototype(text: string): boolean {
  return ['__proto__', 'constructor', 'prototype', '\\u'].some((part) => text.includes(part));
}

/** Returns the value of a field that passed its guard, without unknown inner fields. Decodes a body. */
function read(field: string, value: unknown): unknown {
  if (field === 'body') return decodeBody(value);
  if (field === 'members') return (value as readonly Peer[]).map(({ id, incarnation }) => ({ id, incarnation }));
  return value;
}

/** Makes a text valid for a `refused` or `failure` frame: shortens it, and replaces control characters with spaces. */
export function clip(message: string): string {
  const short = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 3)}...` : message;
  return short.replace(/\p{Cc}/gu, ' ');
}

/** Returns the value if it is valid as a code or name in a frame, otherwise `undefined`. */
export function validName(value: unknown): string | undefined {
  return isName(value) ? value : undefined;
}

function parseJson(text: string): unknown {
  const excess = exceededLimit(text);
  if (excess !== undefined) throw new ProtocolError('malformed', `a frame with ${excess}`);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error message would quote the untrusted input.
    throw new ProtocolError('not_json', 'a frame that is not JSON');
  }
}

/**
 * Whether a text has more than `maxBytes` bytes of UTF-8. A UTF-16 code unit takes one to three bytes, so the bytes are
 * counted only if the length does not decide.
 */
function isLargerThan(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
