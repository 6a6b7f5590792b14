import { exceededLimit, JSON_LIMITS, type JsonLimits } from '../../streams/json-limits.js';
import { isError, NotSerializableError } from '../errors.js';
import { bodyProblemOf, decodeBody, encodeValue, isForbidden, MAX_BODY_DEPTH } from './frame-body.js';

/** The longest encoded message, in bytes. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** The limits of the JSON of one message. They are lower than those of a frame, because a frame adds more fields. */
const LIMITS: JsonLimits = {
  maxParts: JSON_LIMITS.maxParts - 100,
  maxNames: JSON_LIMITS.maxNames - 100,
  maxDepth: JSON_LIMITS.maxDepth - 10,
};

/** A message between processes in the form in which it is sent. */
export interface EncodedMessage {
  /** The message as JSON. */
  readonly text: string;
  /**
   * Whether `text` has annotations for values that JSON cannot represent. If so, parse it, and pass the result to
   * {@link decodeAnnotated}.
   */
  readonly isAnnotated: boolean;
}

/**
 * Encodes a message between processes. Most messages are plain JSON data, which gets no annotations. Date, Map, Set,
 * bigint, Error, `undefined`, NaN, the infinities and -0 get annotations.
 *
 * @param root the name of the value in errors, such as `message`
 * @throws NotSerializableError with the path of the part that cannot be serialized, or with `root` if the whole message
 * exceeds a limit
 */
export function encodeMessage(value: unknown, root: string): EncodedMessage {
  const size = new SizeCheck(root);
  const isAnnotated = !isPlain(value, 1, size);
  const text = isAnnotated ? encodeAnnotated(value, root) : JSON.stringify(value);
  if (3 * text.length > MAX_MESSAGE_BYTES && Buffer.byteLength(text) > MAX_MESSAGE_BYTES) {
    throw tooLarge(root);
  }
  const excess = exceededLimit(text, LIMITS);
  if (excess !== undefined) throw new NotSerializableError(root, `a value with ${excess}`, PARTS);
  return { text, isAnnotated };
}

/** Decodes the parsed JSON of a message with annotations. @throws ProtocolError */
export function decodeAnnotated(body: unknown): unknown {
  return decodeBody(body);
}

function encodeAnnotated(value: unknown, root: string): string {
  new SerializableCheck(root).check(value, root);
  try {
    return encodeValue(value);
  } catch (thrown) {
    throw new NotSerializableError(root, `a value with ${bodyProblemOf(thrown)}`, PARTS);
  }
}

const PARTS = 'send it in parts';

function tooLarge(root: string): NotSerializableError {
  return new NotSerializableError(root, `larger than ${MAX_MESSAGE_BYTES} bytes once encoded`, PARTS);
}

/**
 * Throws during the walk through a value that is too large to be sent. An object that occurs many times is walked and
 * encoded each time. So a value that takes little memory may have an encoding that does not fit into memory.
 */
class SizeCheck {
  readonly #root: string;
  /** At most one more than the length of the JSON of all values walked so far, characters. */
  #chars = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** Counts one value. @throws NotSerializableError if all values so far are too large together */
  add(value: unknown): void {
    this.#chars += typeof value === 'string' ? value.length + 3 : 2;
    if (this.#chars > MAX_MESSAGE_BYTES) throw tooLarge(this.#root);
  }
}

/** Whether JSON represents the value without annotations. @throws NotSerializableError for a value that is too large */
function isPlain(value: unknown, depth: number, size: SizeCheck): boolean {
  size.add(value);
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value) && (value !== 0 || 1 / value > 0);
  if (typeof value !== 'object' || depth > MAX_BODY_DEPTH) return false;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) if (!isPlain(value[at], depth + 1, size)) return false;
    return true;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) {
    if (isForbidden(key) || !isPlain((value as Readonly<Record<string, unknown>>)[key], depth + 1, size)) return false;
  }
  return true;
}

/** Throws at the first part of a value that cannot be serialized. */
class SerializableCheck {
  /** The objects that contain the current value. */
  readonly #above = new Set<object>();
  readonly #size: SizeCheck;

  constructor(root: string) {
    this.#size = new SizeCheck(root);
  }

  /** Checks a value and all its parts. @throws NotSerializableError with the path of the first invalid part */
  check(value: unknown, path: string): void {
    this.#size.add(value);
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new NotSerializableError(path, `a ${typeof value}`);
    if (typeof value !== 'object' || value === null) return;
    if (this.#above.has(value)) throw new NotSerializableError(path, 'a cycle');
    if (this.#above.size >= MAX_BODY_DEPTH)
      throw new NotSerializableError(path, `nested deeper than ${MAX_BODY_DEPTH}`);
    this.#above.add(value);
    this.#checkParts(value, path);
    this.#above.delete(value);
  }

  #checkParts(value: object, path: string): void {
    if (Array.isArray(value)) for (const [at, item] of value.entries()) this.check(item, `${path}[${at}]`);
    else if (value instanceof Map) this.#checkMap(value, path);
    else if (value instanceof Set) for (const item of value) this.check(item, `an element of ${path}`);
    else if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw new NotSerializableError(path, 'an invalid Date');
    } else if (isError(value)) this.check(value.cause, `${path}.cause`);
    else this.#checkProperties(value, path);
  }

  #checkMap(map: ReadonlyMap<unknown, unknown>, path: string): void {
    for (const [key, value] of map) {
      this.check(key, `a key of ${path}`);
      this.check(value, typeof key === 'string' ? `${path}.get('${key}')` : `a value of ${path}`);
    }
  }

  #checkProperties(value: object, path: string): void {
    const prototype = Object.getPrototypeOf(value);
    // An object is plain if it has no prototype, or if its prototype has none. The latter is the case for
    // `Object.prototype`, also that of another realm (`node:vm`).
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw new NotSerializableError(path, `an instance of ${classOf(value)}`);
    }
    for (const [key, item] of Object.entries(value)) {
      if (isForbidden(key)) throw new NotSerializableError(`${path}.${key}`, 'a property of that name');
      this.check(item, `${path}.${key}`);
    }
  }
}

function classOf(value: object): string {
  const made: unknown = Reflect.get(value, 'constructor');
  return typeof made === 'function' && made.name !== '' ? made.name : 'a class';
}
