import { exceededLimit } from './json-limits.js';

/** Throws a TypeError that names `path` unless `value` is what it should be. */
export type Check = (value: unknown, path: string) => void;

export function predicate(isRight: (value: unknown) => boolean, expected: string): Check {
  return (value, path) => {
    if (!isRight(value)) throw new TypeError(`${path} must be ${expected}`);
  };
}

export function object(checks: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(checks);
  return (value, path) => {
    if (typeof value !== 'object' || value === null) throw new TypeError(`${path} must be an object`);
    for (const [field, check] of entries) {
      check(Object.hasOwn(value, field) ? Reflect.get(value, field) : undefined, `${path}.${field}`);
    }
  };
}

export function list(check: Check, maxLength = Number.POSITIVE_INFINITY): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw new TypeError(`${path} must be an array`);
    if (value.length > maxLength) throw new TypeError(`${path} must have at most ${maxLength} items`);
    for (const item of value) check(item, path);
  };
}

/** Columns of one length, each full of values that pass; those of `absentChecks` may be absent. */
export function columns(
  checks: Readonly<Record<string, Check>>,
  maxLength: number,
  absentChecks: Readonly<Record<string, Check>> = {},
): Check {
  const present = Object.entries(checks).map(([field, check]) => [field, list(check, maxLength)]);
  const absent = Object.entries(absentChecks).map(([field, check]) => [field, optional(list(check, maxLength))]);
  const each = object(Object.fromEntries([...present, ...absent]));
  const fields = [...Object.keys(checks), ...Object.keys(absentChecks)];
  return (value, path) => {
    each(value, path);
    const lengths = fields.flatMap((field) => Reflect.get(value as object, field)?.length ?? []);
    if (new Set(lengths).size > 1) throw new TypeError(`${path} must have columns of one length`);
  };
}

export const isIn = (values: readonly unknown[]): Check =>
  predicate((value) => values.includes(value), `one of ${values.join(', ')}`);

export const count = predicate(
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  'a whole number, at least 0',
);
export const time = predicate(Number.isFinite, 'a number');
export const nonNegative = predicate((value) => Number.isFinite(value) && Number(value) >= 0, 'a number, at least 0');
export function maxLength(limit: number): Check {
  return predicate(
    (value) => typeof value === 'string' && value.length <= limit,
    `text of at most ${limit} characters`,
  );
}

export function orNull(check: Check): Check {
  return (value, path) => value === null || check(value, path);
}

/** As `check`, of a value that may be absent. */
export function optional(check: Check): Check {
  return (value, path) => value === undefined || check(value, path);
}

/**
 * What another node sent: a value that was parsed within the limits of JSON already, or the text of one.
 *
 * @param what names it in the error
 * @throws TypeError that names the part that is not what it should be
 */
export function parse(sent: unknown, check: Check, what: string): unknown {
  const value = typeof sent === 'string' ? parseText(sent, what) : sent;
  check(value, what);
  return value;
}

function parseText(text: string, what: string): unknown {
  const excess = exceededLimit(text);
  if (excess !== undefined) throw new TypeError(`a ${what} must not have ${excess}`);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own error quotes what it read.
    throw new TypeError(`a ${what} must be JSON`);
  }
}
