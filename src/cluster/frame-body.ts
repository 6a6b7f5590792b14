import { SuperJSON, type SuperJSONResult } from 'superjson';
import { asError, InvalidArgumentError, ProtocolError } from '../errors.js';

/** The greatest depth of the JSON of a body. An object, array, Set or Error adds one level, a Map adds two. */
export const MAX_BODY_DEPTH = 64;

/** The most values in one body that JSON cannot represent. Reviving an Error, the slowest kind, takes about 5 µs. */
export const MAX_ANNOTATIONS = 2000;

/** The most entries of all Maps and Sets of one body. Reviving an entry takes a lookup and an insertion. */
const MAX_ENTRIES = 20_000;

/** The longest path of an annotation, in characters. */
const MAX_PATH = 1000;

/**
 * The most path segments in all annotations of one body. Each path is walked twice: to check the annotation, and to
 * revive the value.
 */
const MAX_STEPS = 20_000;

// A separate instance: a peer must not be able to make this process construct the classes and transformers that an
// application registers with superjson's default instance.
const superjson = new SuperJSON();

const DATE = /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const BIGINT = /^-?\d{1,1024}$/;
const INDEX = /^(0|[1-9]\d*)$/;

/** For each kind of value that JSON cannot represent: checks the JSON that stands for such a value. */
const JSON_FORMS: ReadonlyMap<unknown, (json: unknown) => boolean> = new Map<unknown, (json: unknown) => boolean>([
  ['undefined', (json) => json === null],
  ['bigint', (json) => typeof json === 'string' && BIGINT.test(json)],
  ['number', (json) => json === 'NaN' || json === 'Infinity' || json === '-Infinity' || json === '-0'],
  ['Date', (json) => typeof json === 'string' && DATE.test(json) && !Number.isNaN(Date.parse(json))],
  ['set', Array.isArray],
  ['map', (json) => Array.isArray(json) && json.every((entry) => Array.isArray(entry) && entry.length === 2)],
  ['Error', isErrorJson],
]);

/**
 * JSON text that is the whole of a body or of a channel item. It is sent unchanged, to avoid serializing data again.
 */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Encodes data as text: JSON, plus annotations for what JSON cannot represent (`undefined`, bigint, NaN, Date, Map,
 * Set, Error without its stack). Functions and symbols inside the data are omitted, or become `null` in an array.
 *
 * @throws InvalidArgumentError (`body`) for a value that the receiver would reject: with cycles, RegExp, deep nesting
 * ...; also for a function or symbol that is the whole value
 */
export function encodeBody(value: unknown): string {
  if (value instanceof JsonText) return `{"json":${value.text}}`;
  try {
    return encodeValue(value);
  } catch (thrown) {
    throw new InvalidArgumentError('body', `serializable data, without ${bodyProblemOf(thrown)}`, typeof value);
  }
}

/** As {@link encodeBody}, but takes no {@link JsonText}, and throws errors for {@link bodyProblemOf}. */
export function encodeValue(value: unknown): string {
  const { json, meta } = superjson.serialize(value);
  if (meta?.referentialEqualities !== undefined && hasCycle(meta.referentialEqualities))
    throw new BodyProblem('a cycle');
  const text: string | undefined = JSON.stringify(json);
  if (text === undefined) throw new BodyProblem('a value that is not data');
  checkPlain(json);
  if (meta?.values === undefined) return `{"json":${text}}`;
  checkAnnotations(json, meta.values);
  return `{"json":${text},"meta":${JSON.stringify({ values: meta.values, v: meta.v })}}`;
}

/**
 * Decodes a body from its parsed JSON. The whole body is checked before any value is revived. The result is built in
 * place: `body` must not be used afterwards.
 *
 * @throws ProtocolError (`malformed`)
 */
export function decodeBody(body: unknown): unknown {
  try {
    if (!isRecord(body) || !Object.hasOwn(body, 'json')) throw new BodyProblem('no json in it');
    const { json, meta } = body;
    checkPlain(json);
    if (meta === undefined) return json;
    if (!isRecord(meta) || meta['v'] !== 1 || Object.keys(meta).some((key) => key !== 'v' && key !== 'values')) {
      throw new BodyProblem('annotations of an unknown form');
    }
    checkAnnotations(json, meta['values']);
    return superjson.deserialize({ json, meta } as SuperJSONResult, { inPlace: true });
  } catch (thrown) {
    throw new ProtocolError('malformed', `a body with ${bodyProblemOf(thrown)}`);
  }
}

/** What is wrong with a body. The message completes "a body with ...". */
class BodyProblem extends Error {}

/**
 * Returns the problem that an error names, as text that completes "a body with ...": `more than 2000 values that are
 * not plain JSON`.
 */
export function bodyProblemOf(thrown: unknown): string {
  // superjson's serializer is recursive: data that is nested too deeply overflows the stack.
  return thrown instanceof RangeError ? `nesting deeper than ${MAX_BODY_DEPTH}` : asError(thrown).message;
}

/**
 * Checks the depth of JSON from a peer, and that it has no property names that lead to a prototype.
 *
 * @throws ProtocolError (`malformed`)
 */
export function checkPlainJson(json: unknown, maxDepth: number): void {
  try {
    checkPlain(json, maxDepth);
  } catch (thrown) {
    throw new ProtocolError('malformed', `a body with ${bodyProblemOf(thrown)}`);
  }
}

/**
 * Does the work of {@link checkPlainJson}. Iterates level by level: a hostile peer chooses the depth of its data, and
 * recursion could overflow the stack.
 */
function checkPlain(json: unknown, maxDepth = MAX_BODY_DEPTH): void {
  let level = isNested(json) ? [json] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) throw new BodyProblem(`nesting deeper than ${maxDepth}`);
    const next: object[] = [];
    for (const node of level) collectNested(node, next);
    level = next;
  }
}

function collectNested(node: object, found: object[]): void {
  if (Array.isArray(node)) {
    // A loop over the index is the fastest, and reports have arrays of thousands of numbers.
    for (let at = 0; at < node.length; at += 1) {
      const item: unknown = node[at];
      if (isNested(item)) found.push(item);
    }
    return;
  }
  // `for ... in` does not copy the keys, which may be very many. Parsed JSON has no inherited properties.
  for (const key in node) {
    if (isForbidden(key)) throw new BodyProblem(`a property called ${key}`);
    const value: unknown = (node as Record<string, unknown>)[key];
    if (isNested(value)) found.push(value);
  }
}

/** The paths of the annotations seen so far, as a tree with one node per path segment. */
interface Seen {
  revived: boolean;
  readonly inner: Map<string, Seen>;
}

/**
 * Checks the annotations of a body before any value is revived. The path of each annotation must lead to a value, in
 * the canonical spelling. That value must be JSON of the form that its kind requires. No path occurs twice. Annotations
 * of inner values come before those of the values that contain them. superjson's serializer writes nothing else.
 *
 * Reviving a body that passed this check cannot fail, cannot reach a prototype, and never looks up entries of a large
 * Map by position.
 */
function checkAnnotations(json: unknown, annotations: unknown): void {
  const root: Seen = { revived: false, inner: new Map() };
  let count = 0;
  let steps = 0;
  let entries = 0;

  function visit(annotation: unknown, path: readonly string[]): void {
    if (!Array.isArray(annotation) || annotation.length < 1 || annotation.length > 2) {
      throw new BodyProblem('annotations of an unknown form');
    }
    // The path is looked up before the children are visited, so the recursion is never deeper than the data.
    const [value, seen] = locate(path);
    if (annotation.length === 2) visitAll(annotation[1], path);
    if (++count > MAX_ANNOTATIONS) throw new BodyProblem(`more than ${MAX_ANNOTATIONS} values that are not plain JSON`);
    const fits = JSON_FORMS.get(annotation[0]);
    if (fits === undefined) throw new BodyProblem(`a value of kind ${JSON.stringify(annotation[0])?.slice(0, 40)}`);
    if (seen.revived || !fits(value)) throw new BodyProblem(`a value that is not a valid ${annotation[0]}`);
    seen.revived = true;
    if (annotation[0] !== 'set' && annotation[0] !== 'map') return;
    entries += (value as readonly unknown[]).length;
    if (entries > MAX_ENTRIES) throw new BodyProblem(`Maps and Sets of more than ${MAX_ENTRIES} entries`);
  }

  function visitAll(children: unknown, path: readonly string[]): void {
    if (!isRecord(children)) throw new BodyProblem('annotations of an unknown form');
    for (const key of Object.keys(children)) visit(children[key], [...path, ...splitPath(key)]);
  }

  function locate(path: readonly string[]): [unknown, Seen] {
    let value = json;
    let seen = root;
    steps += path.length;
    if (steps > MAX_STEPS)
      throw new BodyProblem(`values that are not plain JSON at paths of more than ${MAX_STEPS} steps in all`);
    for (const key of path) {
      const isPlace = Array.isArray(value) ? INDEX.test(key) && Number(key) < value.length : isRecord(value);
      if (!isPlace || seen.revived || !Object.hasOwn(value as object, key))
        throw new BodyProblem('an annotation that leads to no value');
      value = (value as Record<string, unknown>)[key];
      const known = seen.inner.get(key);
      const next = known ?? { revived: false, inner: new Map<string, Seen>() };
      if (known === undefined) seen.inner.set(key, next);
      seen = next;
    }
    return [value, seen];
  }

  if (Array.isArray(annotations)) visit(annotations, []);
  else visitAll(annotations, []);
}

/** Splits a path into keys. superjson joins keys with dots, and escapes dots and backslashes in a key. */
function splitPath(text: string): string[] {
  if (text.length > MAX_PATH) throw new BodyProblem('a value that is not plain JSON at too long a path');
  if (!/^(?:[^\\]|\\[\\.])*$/s.test(text)) throw new BodyProblem('annotations of an unknown form');
  if (!text.includes('\\')) return text.split('.');
  const keys = [''];
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '.') keys.push('');
    else keys[keys.length - 1] += char === '\\' ? text.charAt(++at) : char;
  }
  return keys;
}

/**
 * superjson lists the paths of each object that occurs more than once. If one of these paths leads through another, the
 * object contains itself.
 */
function hasCycle(equalities: NonNullable<NonNullable<SuperJSONResult['meta']>['referentialEqualities']>): boolean {
  if (Array.isArray(equalities)) return true; // the root itself occurs again
  return Object.entries(equalities).some(([first, others]) => {
    const paths = new Set([first, ...others]);
    return [...paths].some((path) => {
      for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
        if (paths.has(path.slice(0, dot))) return true;
      }
      return false;
    });
  });
}

function isErrorJson(json: unknown): boolean {
  return (
    isRecord(json) &&
    typeof json['name'] === 'string' &&
    typeof json['message'] === 'string' &&
    Object.keys(json).every((key) => key === 'name' || key === 'message' || key === 'cause')
  );
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Whether a property of this name could reach a prototype. */
export function isForbidden(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

/** Whether a value is a string without control characters. Texts of other nodes are printed to logs and terminals. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && !/\p{Cc}/u.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return isNested(value) && !Array.isArray(value);
}
