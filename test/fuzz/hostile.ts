import { fc } from '@fast-check/vitest';

/** JSON nested so deep. */
function nested(depth: number, innermost: unknown = 1): unknown {
  let value = innermost;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** An object with an own property of that name, whatever the name is. */
function having(name: string, value: unknown): object {
  return Object.fromEntries([[name, value]]);
}

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'] as const;

/** Values that are not expected at any place of a message. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -0, -1, 1.5, 2 ** 53, -(2 ** 53), 1e308, 5e-324),
  fc.constantFrom<unknown>('', 'NaN', '-Infinity', '\u0000', '\ud800', '\udc00x', '\u202e', 'a.b\\.c', ...FORBIDDEN),
  fc.constantFrom<unknown>([], {}, [[]], [null], { json: 1 }, { json: 1, meta: { v: 1, values: ['regexp'] } }),
  fc.constantFrom<unknown>('x'.repeat(201), 'x'.repeat(2001), '9'.repeat(2000), '\u20ac'.repeat(5000)),
  fc.constantFrom<unknown>(nested(63), nested(66), nested(300)),
  fc.constantFrom<unknown>(
    Array.from({ length: 5000 }, (_, at) => at),
    Array.from({ length: 3000 }, () => ({})),
    Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`k${at}`, at])),
  ),
  fc.constantFrom(...FORBIDDEN).map((name) => having(name, { polluted: true })),
  fc.constant(having('constructor', having('prototype', { polluted: true }))),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 3 }),
);

const oddName = fc.oneof(
  fc.constantFrom(...FORBIDDEN, '', 'length', 'toJSON', 'then', '0'),
  fc.string({ maxLength: 5 }),
);

type Mutation = (value: unknown) => unknown;

interface Place {
  get(): unknown;
  set(value: unknown): void;
  remove(): void;
  rename(name: string): void;
}

/** All places of a value that can be changed. */
function placesIn(value: unknown): readonly Place[] {
  const places: Place[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Object.keys(node)) {
      const get = (): unknown => (Object.hasOwn(node, key) ? Reflect.get(node, key) : undefined);
      const set = (next: unknown): void => {
        Object.defineProperty(node, key, { value: next, configurable: true, enumerable: true, writable: true });
      };
      const remove = (): void => {
        if (Array.isArray(node)) node.splice(Number(key), 1);
        else Reflect.deleteProperty(node, key);
      };
      const rename = (name: string): void => {
        const moved = get();
        remove();
        if (Array.isArray(node)) return;
        Object.defineProperty(node, name, { value: moved, configurable: true, enumerable: true, writable: true });
      };
      places.push({ get, set, remove, rename });
      visit(get());
    }
  };
  visit(value);
  return places;
}

const at =
  (pick: number, change: (place: Place) => void): Mutation =>
  (value) => {
    const copy: unknown = structuredClone(value);
    const places = placesIn(copy);
    const place = places[pick % Math.max(1, places.length)];
    if (place !== undefined) change(place);
    return copy;
  };

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.nat(), oddValue).map(([pick, value]) => at(pick, (place) => place.set(value))) },
  { weight: 2, arbitrary: fc.nat().map((pick) => at(pick, (place) => place.remove())) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(), oddName).map(([pick, name]) => at(pick, (place) => place.rename(name))) },
  fc.nat().map((pick) => at(pick, (place) => place.set([place.get()]))),
  fc.nat().map((pick) => at(pick, (place) => place.set([place.get(), place.get()]))),
  fc.nat().map((pick) => at(pick, (place) => place.set({ json: place.get() }))),
);

/** Near to valid: a value, with a few things wrong. With none, in one case of some. */
export function nearly(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(value, fc.array(mutation, { maxLength: 3 }))
    .map(([valid, mutations]) => mutations.reduce((before, mutate) => mutate(before), valid));
}

type TextMutation = (text: string) => string;

const textMutation: fc.Arbitrary<TextMutation> = fc.oneof(
  fc.nat().map((pick) => (text: string) => text.slice(0, pick % (text.length + 1))),
  fc.nat().map((pick) => (text: string) => text.slice(pick % (text.length + 1))),
  fc.tuple(fc.nat(), fc.string({ unit: 'binary', maxLength: 3 })).map(([pick, inserted]) => (text: string) => {
    const place = pick % (text.length + 1);
    return text.slice(0, place) + inserted + text.slice(place);
  }),
  fc.nat().map((pick) => (text: string) => {
    const place = pick % (text.length + 1);
    return text.slice(0, place) + text;
  }),
  fc.constant((text: string) => text.replaceAll(',', ' ,\n\t')),
  fc.constant((text: string) =>
    text.replace('{', '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},'),
  ),
  fc.constant((text: string) => text.replaceAll(/\d+/g, '$&e400')),
  fc.constant((text: string) => text.replaceAll('"type"', '"\\u0074ype"')),
);

/** A value as text; in one case of some with the text itself damaged. */
export function asText(value: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc
    .tuple(value, fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, fc.array(textMutation, { maxLength: 2 })))
    .map(([written, mutations]) => mutations.reduce((text, mutate) => mutate(text), JSON.stringify(written) ?? ''));
}

const BUILT_IN = [Object, Array, Function, String, Number, Map, Set, Date, Error, RegExp, Promise].map(
  ({ prototype }) => [prototype, Reflect.ownKeys(prototype).length] as const,
);

/** @throws Error when a prototype is not as it was at the start */
export function checkPrototypes(): void {
  for (const [prototype, size] of BUILT_IN) {
    if (Reflect.ownKeys(prototype).length !== size) throw new Error('a prototype was polluted');
  }
  if (Reflect.get({}, 'polluted') !== undefined) throw new Error('Object.prototype was polluted');
}

const PLAIN: ReadonlySet<unknown> = new Set([Object, Array, Map, Set, Date, Error].map(({ prototype }) => prototype));

/** @throws Error when there is anything in it but data */
export function checkPlain(value: unknown): void {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'function' || typeof next === 'symbol') throw new Error(`a ${typeof next} was revived`);
    if (typeof next !== 'object' || next === null) continue;
    if (!PLAIN.has(Object.getPrototypeOf(next))) throw new Error('something was revived that is no plain data');
    for (const inner of within(next)) waiting.push(inner);
  }
}

function within(value: object): Iterable<unknown> {
  if (value instanceof Map) return [...value].flat();
  if (value instanceof Set) return value;
  if (value instanceof Error) return [value.cause];
  return Object.values(value);
}
