import { MAX_TIMER_MS } from './clock.js';
import { InvalidArgumentError, UnknownOptionError } from './errors.js';

/** Returns the first field of `options` that is not in `known`; `undefined` if all fields are known. */
export function unknownField(options: object, known: readonly string[]): string | undefined {
  return Object.keys(options).find((field) => !known.includes(field));
}

/**
 * Checks that `options` has only known fields, so that a misspelled option causes an error instead of being ignored.
 *
 * @param place names the options in the error, such as `the options of createRuntime`
 * @throws UnknownOptionError
 */
export function checkKnown(options: object, known: readonly string[], place: string): void {
  const field = unknownField(options, known);
  if (field !== undefined) throw new UnknownOptionError(field, place, known);
}

/** @throws InvalidArgumentError unless `value` is a number above 0 and at most `max` */
export function checkPositive(field: string, value: unknown, max = Number.POSITIVE_INFINITY): asserts value is number {
  if (typeof value === 'number' && value > 0 && value <= max) return;
  const limit = max === Number.POSITIVE_INFINITY ? '' : `, at most ${max}`;
  throw new InvalidArgumentError(field, `a number above 0${limit}`, value);
}

/** @throws InvalidArgumentError unless `value` is a function */
export function checkFunction(field: string, value: unknown): void {
  if (typeof value !== 'function') throw new InvalidArgumentError(field, 'a function', value);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Whether `ms` is a valid delay of a timer: a number from 0 to {@link MAX_TIMER_MS}. */
export function isDelay(ms: unknown): ms is number {
  return typeof ms === 'number' && ms >= 0 && ms <= MAX_TIMER_MS;
}

/**
 * Checks a time limit, ms. Infinity means no limit.
 *
 * @throws InvalidArgumentError
 */
export function checkTimeout(field: string, ms: number): void {
  if (ms !== Number.POSITIVE_INFINITY && !isDelay(ms)) {
    throw new InvalidArgumentError(field, `a number of ms from 0 to ${MAX_TIMER_MS}, or Infinity`, ms);
  }
}

/** The maximum length of a name that is sent to other nodes, in characters. */
export const MAX_SENT_NAME = 200;

/** @throws InvalidArgumentError unless `value` is a string of 1 to {@link MAX_SENT_NAME} characters */
export function checkShortText(field: string, value: unknown): void {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_SENT_NAME) return;
  throw new InvalidArgumentError(field, `a string of 1 to ${MAX_SENT_NAME} characters`, value);
}

/** Global names with this prefix belong to noex itself. */
export const RESERVED_PREFIX = 'noex:';

/** @throws InvalidArgumentError unless `name` may be a global name of a user's process */
export function checkGlobalName(name: unknown): void {
  checkShortText('name', name);
  if (typeof name === 'string' && !name.startsWith(RESERVED_PREFIX)) return;
  throw new InvalidArgumentError('name', `a name that does not start with ${RESERVED_PREFIX}`, name);
}

/** @throws InvalidArgumentError unless `ref` has the form of a ref */
export function checkRef(ref: { readonly id: string; readonly life: string }): void {
  if (typeof ref?.id === 'string' && typeof ref.life === 'string') return;
  throw new InvalidArgumentError('ref', 'the ref of a process: { id, life }', ref);
}
