import { exceededLimit } from '../../streams/json-limits.js';
import { InvalidArgumentError, ProtocolError } from '../errors.js';
import { decodeBody, encodeBody } from './body.js';
import { type Frame, MAX_FRAME_BYTES, type Peer, PROTOCOL_VERSION, type ReceivedFrame } from './frames.js';
import { NodeId } from './node-id.js';

export interface DecodeLimits {
  /** Bytes of UTF-8. */
  readonly maxBytes: number;
}

/** More members than this in one frame are refused. */
const MAX_MEMBERS = 4096;

/** Method names, topics, codes and reasons are short. */
const MAX_NAME = 200;

/** The longest message of an error that travels, in characters; {@link clip} makes one fit. */
const MAX_MESSAGE = 2000;

/** Of features in a greeting; more are refused. */
const MAX_FEATURES = 100;

/** The most characters kept of the name of an unknown frame. */
const MAX_UNKNOWN = 40;

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
/** Looked at by {@link decodeBody}. */
const isBody: Guard = (value) => value !== undefined;

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
};

/** Every type of frame, and for each of its fields what it must be. The compiler checks that none is missing. */
const FIELDS: { readonly [T in Frame['type']]: { readonly [F in FieldOf<T>]: Guard } } = {
  hello: { ...greeting, role: (value) => value === 'member' || value === 'observer' },
  challenge: greeting,
  proof: { mac: optional(isBytes32) },
  welcome: { mac: optional(isBytes32) },
  open: {},
  refused: { reason: isReason, message: isMessage },
  members: { members: isPeers },
  heartbeat: { processCount: isCount, uptimeMs: isDuration },
  leave: {},
  probe: {},
  probe_ack: {},
  id_conflict: {},
  request: { id: isCount, method: isName, body: isBody },
  reply: { id: isCount, body: isBody },
  failure: { id: isCount, message: isMessage, code: optional(isName) },
  notify: { topic: isName, body: isBody },
  items: { body: isBody },
};

type FieldOf<T extends Frame['type']> = Exclude<keyof Required<Extract<Frame, { type: T }>>, 'type'>;

const TYPES: ReadonlyMap<unknown, Readonly<Record<string, Guard>>> = new Map(Object.entries(FIELDS));

/**
 * A frame as the text that travels. The text of a frame without an id (`notify`) is the same for every peer.
 *
 * @throws InvalidArgumentError when a body cannot travel, or makes the frame larger than the other side reads
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
 * The frame that a text from another node is. Fields that are not known are left out and a type that is not known comes
 * back as `unknown`, so that later versions can add some; everything else that is not exactly as expected is refused.
 *
 * @throws ProtocolError `frame_too_large`, `not_json`, `malformed`, `unsupported_version`
 */
export function decode(text: string, { maxBytes }: DecodeLimits): ReceivedFrame {
  if (isLargerThan(text, maxBytes))
    throw new ProtocolError('frame_too_large', `a frame of more than ${maxBytes} bytes`);
  const raw = parseJson(text);
  if (!isRecord(raw)) throw new ProtocolError('malformed', 'a frame that is not an object');
  const type = own(raw, 'type');
  const fields = TYPES.get(type);
  if (fields === undefined) {
    if (typeof type !== 'string') throw new ProtocolError('malformed', 'a frame without a type');
    return { type: 'unknown', name: type.slice(0, MAX_UNKNOWN) };
  }
  const protocol = own(raw, 'protocol');
  // Before the other fields: in another version they may well be others.
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
  const frame: unknown = Object.fromEntries(known);
  return frame as Frame;
}

/** A value that passed its guard, without what is not known of it. */
function read(field: string, value: unknown): unknown {
  if (field === 'body') return decodeBody(value);
  if (field === 'members') return (value as readonly Peer[]).map(({ id, incarnation }) => ({ id, incarnation }));
  return value;
}

/** Makes a text fit for a `refused` or `failure` frame: not too long, and without control characters. */
export function clip(message: string): string {
  const short = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 3)}...` : message;
  return short.replace(/\p{Cc}/gu, ' ');
}

/** A code or name fit for a frame, or `undefined` where it is not. */
export function nameOrNothing(value: unknown): string | undefined {
  return isName(value) ? value : undefined;
}

function parseJson(text: string): unknown {
  const excess = exceededLimit(text);
  if (excess !== undefined) throw new ProtocolError('malformed', `a frame with ${excess}`);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes what it read.
    throw new ProtocolError('not_json', 'a frame that is not JSON');
  }
}

/** Counts bytes only where the number of characters leaves it open: a character is one to three bytes. */
function isLargerThan(text: string, maxBytes: number): boolean {
  if (text.length > maxBytes) return true;
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

/** Text that is safe to print: other nodes' words end up in logs and terminals. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !/\p{Cc}/u.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(record: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
