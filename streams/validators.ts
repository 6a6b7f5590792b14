import { exceededLimit } from './json-limits.js';

/**
 * Says what is wrong with a value, as the path to it from the value that was checked and what it must be: `.id[2] must be text`.
 * `undefined`: nothing is. The path is made only where something is wrong: nearly all reports are right.
 */
export type Check = (value: unknown) => string | undefined;

export function predicate(isRight: (value: unknown) => boolean, expected: string): Check {
  const problem = ` must be ${expected}`;
  return (value) => (isRight(value) ? undefined : problem);
}

export function object(checks: Readonly<Record<string, Check>>): Check {
  const entries = Object.entries(checks);
  return (value) => {
    if (typeof value !== 'object' || value === null) return ' must be an object';
    for (const [field, check] of entries) {
      const problem = check(ownField(value, field));
      if (problem !== undefined) return `.${field}${problem}`;
    }
    return undefined;
  };
}

function ownField(value: object, field: string): unknown {
  return Object.hasOwn(value, field) ? (value as Readonly<Record<string, unknown>>)[field] : undefined;
}

export function list(check: Check, maxLength = Number.POSITIVE_INFINITY): Check {
  return (value) => {
    if (!Array.isArray(value)) return ' must be an array';
    if (value.length > maxLength) return ` must have at most ${maxLength} items`;
    for (let at = 0; at < value.length; at += 1) {
      const problem = check(value[at]);
      if (problem !== undefined) return `[${at}]${problem}`;
    }
    return undefined;
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
  return (value) => {
    const problem = each(value);
    if (problem !== undefined) return problem;
    let length: number | undefined;
    for (const field of fields) {
      const column = ownField(value as object, field) as readonly unknown[] | undefined;
      if (column === undefined) continue;
      if (length !== undefined && column.length !== length) return ' must have columns of one length';
      length = column.length;
    }
    return undefined;
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
  return (value) => (value === null ? undefined : check(value));
}

/** As `check`, of a value that may be absent. */
export function optional(check: Check): Check {
  return (value) => (value === undefined ? undefined : check(value));
}

/**
 * What another node sent: a value that was parsed within the limits of JSON already, or the text of one.
 *
 * @param what names it in the error
 * @throws TypeError that names the part that is not what it should be
 */
export function parse(sent: unknown, check: Check, what: string): unknown {
  const value = typeof sent === 'string' ? parseText(sent, what) : sent;
  const problem = check(value);
  if (problem !== undefined) throw new TypeError(`${what}${problem}`);
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
