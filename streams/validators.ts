import { exceededLimit } from './json-limits.js';

/**
 * Validates a value. Returns `undefined` if it is valid, otherwise the problem: the path of the invalid part, then what
 * that part must be, as in `.id[2] must be text`. The path is built only for an invalid value, because nearly all
 * received values are valid.
 */
export type Check = (value: unknown) => string | undefined;

export function predicate(isRight: (value: unknown) => boolean, expected: string): Check {
  const problem = ` must be ${expected}`;
  return (value) => (isRight(value) ? undefined : problem);
}

/** Checks the own fields of an object. Fields without a check are accepted. */
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

/**
 * Checks an object of arrays that all have the same length, at most `maxLength`. `checks` maps the name of each array
 * to the check for its values. The arrays named in `optionalChecks` may be absent.
 */
export function columns(
  checks: Readonly<Record<string, Check>>,
  maxLength: number,
  optionalChecks: Readonly<Record<string, Check>> = {},
): Check {
  const required = Object.entries(checks).map(([field, check]) => [field, list(check, maxLength)]);
  const optionals = Object.entries(optionalChecks).map(([field, check]) => [field, optional(list(check, maxLength))]);
  const each = object(Object.fromEntries([...required, ...optionals]));
  const fields = [...Object.keys(checks), ...Object.keys(optionalChecks)];
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
export const finiteNumber = predicate(Number.isFinite, 'a number');
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

/** Accepts `undefined`, and each value that `check` accepts. */
export function optional(check: Check): Check {
  return (value) => (value === undefined ? undefined : check(value));
}

/**
 * Validates what another node sent, and returns the value. A string is checked against the JSON limits and parsed
 * first. Any other value has passed those limits already, as part of its frame.
 *
 * @param what the noun for the value in error messages, such as `report`
 * @throws TypeError with the path of the invalid part
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
    // Without the parser's error as cause, because its message quotes what the other node sent.
    throw new TypeError(`a ${what} must be JSON`);
  }
}
